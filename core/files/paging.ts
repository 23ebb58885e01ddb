/**
 * Cuts one page out of a sorted listing.
 *
 * @module
 */
import type { FilePage, ListOptions } from "../contracts/file_store.ts";
import { compareNames } from "./paths.ts";

const DEFAULT_LIMIT = 1_000;
const LARGEST_LIMIT = 10_000;

/** The names of one page. */
export interface NamePage<T> {
  /** What lies on the page. */
  readonly items: readonly T[];
  /** The last name of the page; absent where it is the last page. */
  readonly next?: string;
}

/**
 * The page of `sorted` that starts after the name `options.cursor`. A cursor is a name, so a page is right even where
 * entries came or went in between.
 */
export function pageOf<T extends { readonly name: string }>(sorted: readonly T[], options: ListOptions): NamePage<T> {
  const limit = Math.min(Math.max(Math.trunc(options.limit ?? DEFAULT_LIMIT), 1), LARGEST_LIMIT);
  const start = options.cursor === undefined ? 0 : indexAfter(sorted, options.cursor);
  const items = sorted.slice(start, start + limit);
  const last = items.at(-1);
  return last === undefined || start + items.length >= sorted.length ? { items } : { items, next: last.name };
}

/** The page as the contract gives it, from entries that were described one by one. */
export function filePage(entries: FilePage["entries"], next: string | undefined): FilePage {
  return next === undefined ? { entries } : { entries, next };
}

/** Index of the first item whose name comes after `name`. */
function indexAfter(sorted: readonly { readonly name: string }[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = sorted[middle];
    if (item !== undefined && compareNames(item.name, name) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
