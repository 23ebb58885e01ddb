/**
 * The first items of a list that comes in pages.
 *
 * @module
 */
import type { Page } from "../core/engine/views.ts";

/** Which page is asked for. */
export interface PageRequest {
  readonly limit: number;
  /** Where the page before ended. */
  readonly cursor?: string;
}

/** The first `wanted` items, or all where there are fewer; no page is asked for more than `most`. */
export async function firstItems<T>(
  { wanted, most }: { readonly wanted: number; readonly most: number },
  list: (request: PageRequest) => Promise<Page<T>>,
): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null && found.length < wanted) {
    const limit = Math.min(most, wanted - found.length);
    const page: Page<T> = await list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items);
    cursor = page.next;
  }
  return found;
}
