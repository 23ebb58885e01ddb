/**
 * Reads archive files from their end: the last events, without inflating what comes before them.
 *
 * @module
 */
import { type Archive, lost } from "./archive.ts";
import { inflate, isHeader, type Member, openFile, positionOf } from "./archive_members.ts";

/** Bytes read at first; as many again as are held, when they do not do. */
const CHUNK = 262_144;
const LF = 10;

/** The members of a file up to its durable length, the last one first. What is not asked for is not read. */
export function* readMembersBackward(archive: Archive, path: string, length: number): Generator<Member> {
  using file = openFile(archive, path, length);
  /** Bytes of the file from `from` to `end`. */
  let held = new Uint8Array(0);
  let from = length;
  for (let end = length; end > 0;) {
    let at = held.length - 1;
    let lines: Uint8Array | undefined;
    while (lines === undefined) {
      // A header that begins before what is held may reach into it.
      while (at >= 0 && !isHeader(held, at)) at--;
      if (at >= 0) {
        lines = inflate(held.subarray(at));
        if (lines === undefined) at--;
      } else if (from === 0) throw lost(path, `the member that ends at byte ${end} cannot be read`);
      else {
        const size = Math.min(from, Math.max(CHUNK, held.length));
        const longer = new Uint8Array(size + held.length);
        readAt(file, path, from - size, longer.subarray(0, size));
        longer.set(held, size);
        held = longer;
        from -= size;
        at = size - 1;
      }
    }
    yield { position: positionOf(held.subarray(at)), offset: from + at, end, lines };
    end = from + at;
    held = held.slice(0, at);
  }
}

function readAt(file: Deno.FsFile, path: string, offset: number, into: Uint8Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let at = 0; at < into.length;) {
    const count = file.readSync(into.subarray(at)) ?? 0;
    if (count === 0) throw lost(path, `it has fewer than ${offset + into.length} bytes`);
    at += count;
  }
}

/** Some events, as JSON lines. */
export interface LastEvents {
  /** Archive position of the first of them; the others follow. */
  readonly position: number;
  readonly count: number;
  readonly lines: Uint8Array;
}

/**
 * The last events of a series of files, at most `wanted`, in the order of their positions. `files` come newest first;
 * of files that were written at the same time, those of the first are taken.
 */
export function lastEvents(
  archive: Archive,
  files: Iterable<{ readonly path: string; readonly length: number }>,
  wanted: number,
): LastEvents[] {
  const found: LastEvents[] = [];
  let left = wanted;
  for (const { path, length } of files) {
    if (left <= 0) break;
    for (const { position, lines } of readMembersBackward(archive, path, length)) {
      const all = countLines(lines), count = Math.min(all, left);
      found.push({ position: position + all - count, count, lines: lines.subarray(startOfLast(lines, count)) });
      left -= count;
      if (left <= 0) break;
    }
  }
  return found.sort((a, b) => a.position - b.position);
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}

/** Where the last `count` lines begin. */
function startOfLast(bytes: Uint8Array, count: number): number {
  let at = bytes.length - 1;
  for (let line = 0; line < count; line++) at = bytes.lastIndexOf(LF, at - 1);
  return at + 1;
}
