/**
 * Reads an archive file member by member, each with the archive position of its first event.
 *
 * A gzip member does not say how long it is. It ends where the next begins, and the bytes with which every member of
 * ours begins are searched for; should they occur within one, its checksum fails and the search goes on.
 *
 * @module
 */
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { giveBack } from "../contracts/give_back.ts";
import { type Archive, lost } from "./archive.ts";

/** Header of a member up to its position, where `-` may be anything (time, flags of the compressor). */
const HEADER: readonly (number | undefined)[] = [
  0x1f,
  0x8b,
  8,
  4,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  12,
  0,
  0x57,
  0x42,
  8,
  0,
];
const HEADER_BYTES = 24;
/** Least and most bytes that are decompressed at a time. */
const LEAST_CHUNK = 16_384, MOST_CHUNK = 32 << 20;
/** Bytes read at a time. */
const CHUNK = 4 << 20;

/** One member of an archive file. */
export interface Member {
  /** Archive position of its first event; the others follow. */
  readonly position: number;
  /** Its first byte in the file. */
  readonly offset: number;
  /** The byte after its last one. */
  readonly end: number;
  /** Its JSON lines, in memory of their own. */
  readonly lines: Uint8Array;
}

/** The archive position of the first event of the member that starts at `offset`. */
export function firstPosition(archive: Archive, path: string, length: number, offset = 0): number {
  using file = openFile(archive, path, length);
  const header = new Uint8Array(HEADER_BYTES);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let at = 0; at < HEADER_BYTES;) {
    const count = file.readSync(header.subarray(at)) ?? 0;
    if (count === 0) throw lost(path, `the member at byte ${offset} cannot be read`);
    at += count;
  }
  if (nextHeader(header, 0) !== 0) throw lost(path, `the member at byte ${offset} cannot be read`);
  return positionOf(header);
}

/** The members of a file up to its durable length, from the one that starts at `offset` on. */
export function* readMembers(archive: Archive, path: string, length: number, offset = 0): Generator<Member> {
  using file = openFile(archive, path, length);
  let held = new Uint8Array(0);
  let start = offset, read = offset;
  file.seekSync(offset, Deno.SeekMode.Start);
  const more = (): boolean => {
    if (read >= length) return false;
    const chunk = new Uint8Array(Math.min(CHUNK, length - read));
    const count = file.readSync(chunk) ?? 0;
    if (count === 0) throw lost(path, `it has ${read} of ${length} bytes`);
    const longer = new Uint8Array(held.length + count);
    longer.set(held);
    longer.set(chunk.subarray(0, count), held.length);
    giveBack(held, chunk);
    held = longer;
    read += count;
    return true;
  };
  while (start < length) {
    let end = 0;
    for (let from = HEADER_BYTES;; from = end + 1) {
      end = nextHeader(held, from);
      while (end < 0 && more()) end = nextHeader(held, Math.max(from, held.length - CHUNK - HEADER_BYTES));
      const isLast = end < 0;
      if (isLast) end = held.length;
      const lines = inflate(held.subarray(0, end));
      if (lines !== undefined) {
        yield { position: positionOf(held), offset: start, end: start + end, lines };
        break;
      }
      if (isLast) throw lost(path, `the member at byte ${start} cannot be read`);
    }
    const rest = held.slice(end);
    giveBack(held);
    held = rest;
    start += end;
  }
}

/** Opens a file of the archive, which must have its durable length. */
export function openFile(archive: Archive, path: string, length: number): Deno.FsFile {
  try {
    const file = Deno.openSync(join(archive.folder, path), { read: true });
    const { size } = file.statSync();
    if (size >= length) return file;
    file.close();
    throw lost(path, `it has ${size} of ${length} bytes`);
  } catch (error) {
    throw error instanceof Deno.errors.NotFound ? lost(path, "it is gone", error) : error;
  }
}

/** Where a member's header begins, from `from` on; -1 where none does as far as the bytes go. */
function nextHeader(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x1f, from); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (at + HEADER_BYTES > bytes.length) return -1;
    // Every 256th byte looks like a header's first.
    if (bytes[at + 1] === HEADER[1] && isHeader(bytes, at)) return at;
  }
  return -1;
}

/** Whether a member's header begins here. */
export function isHeader(bytes: Uint8Array, at: number): boolean {
  return at + HEADER_BYTES <= bytes.length &&
    HEADER.every((byte, index) => byte === undefined || byte === bytes[at + index]);
}

/** The archive position that a header holds. */
export function positionOf(header: Uint8Array): number {
  return Number(new DataView(header.buffer, header.byteOffset).getBigUint64(HEADER.length, true));
}

/** What the decompressor hands out at a time: all at once, if the member's last bytes say how long it is (RFC 1952). */
function chunkFor(member: Uint8Array): number {
  const said = member.length < 4
    ? 0
    : new DataView(member.buffer, member.byteOffset).getUint32(member.length - 4, true);
  return Math.min(Math.max(said + 1, LEAST_CHUNK), MOST_CHUNK);
}

/** The lines of a member; undefined where the bytes are none. */
export function inflate(member: Uint8Array): Uint8Array | undefined {
  try {
    const { buffer, byteOffset, length } = gunzipSync(member, { chunkSize: chunkFor(member) });
    return new Uint8Array(buffer, byteOffset, length);
  } catch {
    return undefined;
  }
}
