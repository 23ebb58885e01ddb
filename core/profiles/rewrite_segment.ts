/**
 * Writes an archive file anew without some of its lines. The lines that stay keep their archive positions.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { type Archive, diskFailure, gzipMember, placeMember } from "./archive.ts";
import { readMembers } from "./archive_members.ts";

const LF = 10;

/** Stands before the name of the run that wrote a file anew, in the file's. */
const ANEW = "~";

/** Where a run writes a file of the archive anew: never its own path, and for every attempt at it the same. */
export function rewrittenPath(path: string, run: string): string {
  const [, stem = path, writer] = /^([^~]*)(?:~(\w+))?\.jsonl\.gz$/.exec(path) ?? [];
  return `${stem}${ANEW}${run}${writer === run ? "x" : ""}.jsonl.gz`;
}

/** Whether a file was written anew, or is being, by its name. */
export function isRewritten(name: string): boolean {
  return name.includes(ANEW);
}

/** What became of a file. */
export interface Rewritten {
  /** Length of the new file in bytes; 0 where no line is left, and there is no file. */
  readonly length: number;
  /** Lines that are gone. */
  readonly removed: number;
}

/**
 * Writes the lines of `path` up to its durable length to `to`, which must not be there, but for those that `leaves`
 * marks with 1; it is given the lines of one member at a time. Undefined, and no file, where every line stays.
 *
 * A member that loses lines becomes several, one for each stretch that stays, so that each tells its position.
 */
export function rewriteSegment(
  archive: Archive,
  path: string,
  length: number,
  to: string,
  leaves: (lines: Uint8Array) => Uint8Array | undefined,
): Rewritten | undefined {
  let out: Deno.FsFile | undefined;
  let written = 0, removed = 0;
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) at += out!.writeSync(bytes.subarray(at));
    written += bytes.length;
  };
  const source = join(archive.folder, path), target = join(archive.folder, to);
  try {
    using file = Deno.openSync(source, { read: true });
    const copy = (from: number, end: number) => {
      file.seekSync(from, Deno.SeekMode.Start);
      const chunk = new Uint8Array(1 << 20);
      for (let left = end - from; left > 0;) {
        const count = file.readSync(chunk.subarray(0, Math.min(left, chunk.length))) ?? 0;
        if (count === 0) throw new Error(`"${path}" ended while it was copied`);
        write(chunk.subarray(0, count));
        left -= count;
      }
    };
    for (const { position, offset, end, lines } of readMembers(archive, path, length)) {
      const left = leaves(lines);
      if (left === undefined) {
        if (out !== undefined) copy(offset, end);
        continue;
      }
      if (out === undefined) {
        out = Deno.openSync(target, { write: true, createNew: true, mode: 0o600 });
        copy(0, offset);
      }
      removed += left.reduce((count, gone) => count + gone, 0);
      for (const { first, bytes } of stretches(lines, left)) {
        const member = gzipMember(bytes);
        placeMember(member, position + first);
        write(member);
      }
    }
    if (out === undefined) return undefined;
    out.syncDataSync();
  } catch (error) {
    if (out !== undefined) Deno.removeSync(target);
    throw diskFailure(error, to);
  } finally {
    out?.close();
  }
  if (written === 0) Deno.removeSync(target);
  using folder = Deno.openSync(join(archive.folder, dirname(to)), { read: true });
  folder.syncSync();
  return { length: written, removed };
}

/** The lines that stay, neighbours together. */
function* stretches(lines: Uint8Array, left: Uint8Array): Generator<{ first: number; bytes: Uint8Array }> {
  let start = 0, at = 0, first = 0;
  for (let line = 0; line < left.length; line++) {
    const end = lines.indexOf(LF, at) + 1;
    if (left[line] === 1) {
      if (at > start) yield { first, bytes: lines.subarray(start, at) };
      start = end;
      first = line + 1;
    }
    at = end;
  }
  if (at > start) yield { first, bytes: lines.subarray(start, at) };
}
