/**
 * Notices that a file changes while it is read.
 *
 * Every driver looks at the file in the same places: before it hands out the last bytes, so that no reader takes a torn
 * file for a whole one, and every 16 MiB on the way, so that a large one is not read to its end in vain. It compares
 * the file that is open, and the one that the path leads to by then: a partner may write into the old or rename a new
 * one over it.
 *
 * @module
 */
import { changed } from "./failures.ts";

/** Bytes between two looks. */
const EVERY = 16 << 20;

/** What is compared. */
export interface Seen {
  /** Size in bytes. */
  readonly size: number;
  /** Modification time in milliseconds since the Unix epoch. */
  readonly modified: number;
  /** The driver's own version, which covers both and may cover more. */
  readonly version: string;
}

/** Whether the file is to be looked at before the bytes from `start` to `end` of its `size` are handed out. */
export function isLookDue(start: number, end: number, size: number): boolean {
  return end >= size || Math.floor(start / EVERY) < Math.floor(end / EVERY);
}

/** Throws a `Failure` of kind `data` where `now`, undefined for a file that is gone, is not as it was `before`. */
export function requireUnchanged(path: string, before: Seen, now: Seen | undefined): void {
  if (now?.version !== before.version) throw changed(path, difference(before, now));
}

function difference(before: Seen, now: Seen | undefined): string {
  if (now === undefined) return "it was removed or renamed";
  if (now.size !== before.size) return `it had ${before.size} bytes and has ${now.size}`;
  if (now.modified !== before.modified) return "its modification time is another one";
  return "another file is in its place";
}
