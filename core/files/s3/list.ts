/**
 * Lists the folders of a bucket: what keys have in common up to a `/`.
 *
 * @module
 */
import { throwIfAborted } from "../../contracts/failure.ts";
import type { FileEntry, FilePage, ListOptions } from "../../contracts/file_store.ts";
import { notFolder, notFound } from "../failures.ts";
import { ListingBound } from "../listing_bound.ts";
import { filePage, pageOf } from "../paging.ts";
import { childPath, compareNames, formatPath, type ParsedPath } from "../paths.ts";
import type { S3Client } from "./client.ts";
import { elements, textOf } from "./xml.ts";

/** How long a listing serves its further pages, in milliseconds. */
const KEEP = 30_000;

/** What one object is. */
export interface S3Object {
  readonly size: number;
  readonly modified: number;
  readonly version: string;
}

interface Named {
  readonly name: string;
  /** Absent for a folder. */
  readonly object?: S3Object;
}

/**
 * Lists the folders of one bucket. Keys come in their own order, in which `a.csv` stands before `a/`, and names in
 * another: so a folder is read to its end, and what was read serves the pages that follow.
 */
export class S3Lister {
  readonly #client: S3Client;
  #last: { readonly prefix: string; readonly taken: number; readonly names: readonly Named[] } | undefined;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** One page of the folder whose keys start with `prefix`, which ends in `/` or is empty. */
  async list(folder: ParsedPath, prefix: string, isRoot: boolean, options: ListOptions): Promise<FilePage> {
    const { cursor, signal } = options;
    const last = this.#last;
    const kept = cursor !== undefined && last?.prefix === prefix && performance.now() - last.taken < KEEP
      ? last.names
      : undefined;
    const names = kept ?? await this.#readAll(prefix, isRoot, folder, signal);
    const { items, next } = pageOf(names, options);
    return filePage(items.map((item) => entryOf(childPath(folder, item.name), item)), next);
  }

  /** Whether there is anything below `prefix`. */
  async isFolder(prefix: string, signal: AbortSignal | undefined): Promise<boolean> {
    const query = { "list-type": "2", "prefix": prefix, "max-keys": "1" };
    const xml = await this.#client.text({ method: "GET", query, what: "the bucket", signal });
    return elements(xml, "Contents").length > 0;
  }

  async #readAll(
    prefix: string,
    isRoot: boolean,
    folder: ParsedPath,
    signal: AbortSignal | undefined,
  ): Promise<readonly Named[]> {
    const names = new Map<string, Named>();
    const bound = new ListingBound(formatPath(folder));
    let isThere = isRoot;
    let token: string | undefined;
    do {
      throwIfAborted(signal);
      const query = { "list-type": "2", "delimiter": "/", prefix, ...(token && { "continuation-token": token }) };
      const xml = await this.#client.text({ method: "GET", query, what: `folder "${formatPath(folder)}"`, signal });
      const folders = elements(xml, "CommonPrefixes");
      const files = elements(xml, "Contents");
      bound.add([...folders.map((part) => textOf(part, "Prefix")), ...files.map((part) => textOf(part, "Key"))]);
      for (const part of folders) {
        const name = textOf(part, "Prefix").slice(prefix.length, -1);
        isThere = true;
        if (isName(name) && !names.has(name)) names.set(name, { name });
      }
      for (const part of files) {
        const name = textOf(part, "Key").slice(prefix.length);
        isThere = true;
        // A key may be the folder itself, as some programs make them.
        if (isName(name)) names.set(name, { name, object: objectOf(part) });
      }
      token = textOf(xml, "IsTruncated") === "true" ? textOf(xml, "NextContinuationToken") : undefined;
    } while (token);
    if (!isThere) {
      const path = formatPath(folder);
      const file = await this.#client.find({ method: "HEAD", key: prefix.slice(0, -1), what: `"${path}"`, signal });
      file?.body.resume();
      throw file === undefined ? notFound(path) : notFolder(path);
    }
    const sorted = [...names.values()].sort((a, b) => compareNames(a.name, b.name));
    this.#last = { prefix, taken: performance.now(), names: sorted };
    return sorted;
  }
}

/** What is told of a file or folder. */
export function entryOf(path: string, { name, object }: Named): FileEntry {
  if (object === undefined) return { path, name, kind: "folder", size: 0, modified: 0, version: "folder" };
  return { path, name, kind: "file", ...object };
}

/** The version of an object: its ETag, and its size. */
export function versionOf(etag: string, size: number): string {
  return `${size}-${etag.replaceAll('"', "")}`;
}

function objectOf(xml: string): S3Object {
  const size = Number(textOf(xml, "Size"));
  const modified = Date.parse(textOf(xml, "LastModified"));
  // In whole seconds, as the header of an object tells it.
  return { size, modified: Math.floor(modified / 1000) * 1000, version: versionOf(textOf(xml, "ETag"), size) };
}

/** Keys are any text: a path is none that could lead elsewhere. */
function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0");
}
