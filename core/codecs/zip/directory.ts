/**
 * Reads the directory of a zip archive, and nothing else of it (APPNOTE 4.3.12).
 *
 * @module
 */
import type { Failure } from "../../contracts/failure.ts";
import { ByteReader } from "../byte_reader.ts";
import type { SeekableSource } from "../byte_source.ts";
import type { DecodeLimits } from "../decode/limits.ts";
import { RandomAccess } from "../random_access.ts";
import { findDirectory } from "./end_record.ts";
import { damagedZip, refusedZip } from "./failures.ts";
import { entryName } from "./names.ts";

const RECORD = 0x02014b50;
const RECORD_BYTES = 46;
/** What stands before an entry's content: this much, its name, and fields that only its own header tells. */
export const LOCAL_HEADER_BYTES = 30;

const ZIP64_FIELD = 0x0001;
const UNICODE_NAME_FIELD = 0x7075;
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;

/** Longest name of an entry, in bytes. */
const LONGEST_NAME = 1_024;

/** One entry, as the directory describes it. */
export interface ZipEntry {
  /** A label; may hold anything but control characters: `../`, a drive letter, a leading `/`. */
  readonly name: string;
  /** The name's own bytes. */
  readonly rawName: Uint8Array;
  /** How it is compressed (APPNOTE 4.4.5). */
  readonly method: number;
  /** General purpose bits (APPNOTE 4.4.4). */
  readonly flags: number;
  /** CRC-32 of the content. */
  readonly crc: number;
  /** Bytes in the archive. */
  readonly compressedSize: number;
  /** Bytes of the content. */
  readonly size: number;
  /** Where its own header starts in the file. */
  readonly start: number;
  /** Where the next entry, or the directory, starts: nothing of this one lies beyond. */
  readonly end: number;
}

/**
 * The entries, in the order of the directory.
 *
 * Reads the last 64 KiB of the file and the directory. Throws a `Failure` of kind `data` for a directory that is
 * damaged, is larger than the limits, names an entry twice, or describes entries that overlap.
 */
export async function readDirectory(file: SeekableSource, limits: DecodeLimits): Promise<ZipEntry[]> {
  const access = new RandomAccess(file);
  const place = await findDirectory(access, file.name);
  refuseTooMany(file.name, place.entries, limits.entries, "entries");
  refuseTooMany(file.name, place.end - place.start, limits.directoryBytes, "bytes of directory");
  const entries: RawEntry[] = [];
  const reader = new ByteReader(directoryBytes(file, access, place.start, place.end));
  try {
    for (let count = 0; count < place.entries; count++) entries.push(await readRecord(reader, file.name, place.before));
    if ((await reader.read(1)).length > 0) throw damagedZip(file.name, "its directory goes on after its last entry");
  } finally {
    await reader.cancel();
  }
  refuseNamedTwice(entries, file.name);
  return bounded(entries, place.start, file.name);
}

type RawEntry = Omit<ZipEntry, "end">;

/** From what was read at the end of the file, where it holds all of the directory. */
async function* directoryBytes(
  file: SeekableSource,
  access: RandomAccess,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  if (access.holds(start, end)) return yield await access.read(start, end - start);
  let left = end - start;
  for await (const piece of await file.open(start)) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}

async function readRecord(reader: ByteReader, archive: string, before: number): Promise<RawEntry> {
  const fixed = await reader.read(RECORD_BYTES);
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
  if (fixed.length < RECORD_BYTES || view.getUint32(0, true) !== RECORD) {
    throw damagedZip(archive, "its directory breaks off");
  }
  const nameBytes = view.getUint16(28, true);
  const fieldBytes = view.getUint16(30, true);
  const commentBytes = view.getUint16(32, true);
  const rest = await reader.read(nameBytes + fieldBytes + commentBytes);
  if (rest.length < nameBytes + fieldBytes + commentBytes) throw damagedZip(archive, "its directory breaks off");
  if (nameBytes > LONGEST_NAME) {
    throw refusedZip(archive, `has a name of more than ${LONGEST_NAME} bytes`, "Have its files renamed");
  }
  const rawName = rest.slice(0, nameBytes);
  const fields = fieldsIn(rest.subarray(nameBytes, nameBytes + fieldBytes));
  const name = entryName(rawName, fields.get(UNICODE_NAME_FIELD));
  const large = largeNumbers(fields.get(ZIP64_FIELD), () => damagedZip(archive, `entry "${name}" lacks its sizes`));
  // They stand in this order, and only those for which there is no room elsewhere (APPNOTE 4.5.3).
  const size = large.orElse(view.getUint32(24, true));
  const compressedSize = large.orElse(view.getUint32(20, true));
  const start = large.orElse(view.getUint32(42, true));
  const disk = view.getUint16(34, true);
  if (disk !== 0 && disk !== FULL_16) {
    throw refusedZip(archive, "is spread over several files", "Have it packed into one");
  }
  return {
    name,
    rawName,
    method: view.getUint16(10, true),
    flags: view.getUint16(8, true),
    crc: view.getUint32(16, true),
    compressedSize,
    size,
    start: before + start,
  };
}

/** The extra fields by their ids; what does not fit is left out, as some programs fill the space with anything. */
export function fieldsIn(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, Uint8Array>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > bytes.length) break;
    const id = view.getUint16(at, true);
    if (!fields.has(id)) fields.set(id, bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** Numbers of 64 bits, one for each that says that 32 were too few. */
function largeNumbers(field: Uint8Array | undefined, missing: () => Failure): { orElse(small: number): number } {
  let at = 0;
  return {
    orElse: (small) => {
      if (small !== FULL_32) return small;
      if (field === undefined || at + 8 > field.length) throw missing();
      const value = new DataView(field.buffer, field.byteOffset).getBigUint64(at, true);
      at += 8;
      return Number(value);
    },
  };
}

/** Gives each entry its end. Where two overlap, a small archive would unpack to any size, or differently by program. */
function bounded(entries: readonly RawEntry[], directory: number, archive: string): ZipEntry[] {
  const inOrder = [...entries].sort((one, other) => one.start - other.start);
  const ends = new Map<RawEntry, number>();
  inOrder.forEach((entry, index) => {
    const end = inOrder[index + 1]?.start ?? directory;
    const least = entry.start + LOCAL_HEADER_BYTES + entry.rawName.length + entry.compressedSize;
    if (least > end) throw damagedZip(archive, `entry "${entry.name}" overlaps with what follows after it`);
    ends.set(entry, end);
  });
  return entries.map((entry) => ({ ...entry, end: ends.get(entry) ?? directory }));
}

function refuseNamedTwice(entries: readonly RawEntry[], archive: string): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) {
      throw refusedZip(archive, `has two entries named "${name}"`, "Have it packed again, with one of each name");
    }
    names.add(name);
  }
}

function refuseTooMany(archive: string, count: number, most: number, what: string): void {
  if (count > most) throw refusedZip(archive, `has ${count} ${what}, more than ${most}`, "Have it packed into several");
}
