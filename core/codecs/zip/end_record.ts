/**
 * Finds the directory of a zip archive by the records at its end (APPNOTE 4.3.14 to 4.3.16).
 *
 * @module
 */
import type { RandomAccess } from "../random_access.ts";
import { damagedZip, refusedZip } from "./failures.ts";

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;

const END_BYTES = 22;
const END_64_BYTES = 56;
const LOCATOR_BYTES = 20;
const LONGEST_COMMENT = 0xffff;

/** Where the directory lies. */
export interface DirectoryPlace {
  /** Offset in the file. */
  readonly start: number;
  /** Offset past its last byte. */
  readonly end: number;
  /** How many entries it says to have. */
  readonly entries: number;
  /** Bytes before the archive, such as a program that unpacks it: offsets in the archive do not count them. */
  readonly before: number;
}

/**
 * Finds it. Throws a `Failure` of kind `data` for what is no zip archive, is cut off, spread over several files, or can
 * be read in two ways: programs would find different files in it.
 */
export async function findDirectory(file: RandomAccess, name: string): Promise<DirectoryPlace> {
  const start = Math.max(0, file.size - LONGEST_COMMENT - END_BYTES - LOCATOR_BYTES - END_64_BYTES);
  const tail = await file.read(start, file.size - start);
  const ends = endsIn(tail);
  const [end] = ends;
  if (end === undefined) throw damagedZip(name, "its end is missing, or something follows after it");
  if (ends.length > 1) throw damagedZip(name, "it has two ends");
  const view = viewOf(tail);
  const claims = {
    disk: view.getUint16(end + 4, true),
    directoryDisk: view.getUint16(end + 6, true),
    entriesHere: view.getUint16(end + 8, true),
    entries: view.getUint16(end + 10, true),
    size: view.getUint32(end + 12, true),
    offset: view.getUint32(end + 16, true),
  };
  const large = await readEnd64(file, start + end - LOCATOR_BYTES, name);
  const { disk, directoryDisk, entriesHere, entries, size, offset } = large === undefined
    ? claims
    : merged(claims, large, name);
  if (disk !== 0 || directoryDisk !== 0 || entriesHere !== entries) throw severalFiles(name);
  const directoryEnd = large?.start ?? start + end;
  const directoryStart = directoryEnd - size;
  const before = directoryStart - offset;
  if (directoryStart < 0 || before < 0) throw damagedZip(name, "its directory is not where it should be");
  return { start: directoryStart, end: directoryEnd, entries, before };
}

/** Offsets of the records whose comment ends where the file does. */
function endsIn(tail: Uint8Array): number[] {
  const view = viewOf(tail);
  const found: number[] = [];
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail[at] !== 0x50 || view.getUint32(at, true) !== END) continue;
    if (at + END_BYTES + view.getUint16(at + 20, true) === tail.length) found.push(at);
  }
  return found;
}

interface EndClaims {
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesHere: number;
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
}

/** The record of a zip64 archive, if the locator that leads to it stands at `at`. */
async function readEnd64(
  file: RandomAccess,
  at: number,
  name: string,
): Promise<EndClaims & { readonly start: number } | undefined> {
  if (at < 0) return undefined;
  const locator = viewOf(await file.read(at, LOCATOR_BYTES));
  if (locator.getUint32(0, true) !== LOCATOR_64) return undefined;
  if (locator.getUint32(4, true) !== 0 || locator.getUint32(16, true) > 1) throw severalFiles(name);
  const told = Number(locator.getBigUint64(8, true));
  // With something before the archive, what the locator tells is short by that much, and the record lies right before.
  for (const start of new Set([told, at - END_64_BYTES])) {
    if (start < 0 || start + END_64_BYTES > at) continue;
    const record = viewOf(await file.read(start, END_64_BYTES));
    if (record.getUint32(0, true) !== END_64) continue;
    if (start + 12 + Number(record.getBigUint64(4, true)) !== at) continue;
    return {
      start,
      disk: record.getUint32(16, true),
      directoryDisk: record.getUint32(20, true),
      entriesHere: Number(record.getBigUint64(24, true)),
      entries: Number(record.getBigUint64(32, true)),
      size: Number(record.getBigUint64(40, true)),
      offset: Number(record.getBigUint64(48, true)),
    };
  }
  throw damagedZip(name, "its zip64 record is not where it should be");
}

/** What the large record says; the small one must say the same, or that there is no room for it. */
function merged<Large extends EndClaims>(small: EndClaims, large: Large, name: string): Large {
  for (const key of ["disk", "directoryDisk", "entriesHere", "entries", "size", "offset"] as const) {
    const full = key === "size" || key === "offset" ? 0xffffffff : 0xffff;
    if (small[key] !== full && small[key] !== large[key]) throw damagedZip(name, "its two end records disagree");
  }
  return large;
}

function severalFiles(name: string) {
  return refusedZip(name, "is spread over several files", "Have it packed into one");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
