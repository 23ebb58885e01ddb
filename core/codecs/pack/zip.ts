/**
 * Packs one file as a zip archive (APPNOTE.TXT 6.3), without knowing its size before.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, createDeflateRaw } from "node:zlib";
import { compressed, LEVEL } from "./deflate.ts";

/** Bytes that come out at a time. */
const CHUNK = 64 * 1024;

const FULL_32 = 0xffffffff;
/** Deflated; the name is UTF-8, and sizes and checksum follow the content (APPNOTE 4.4.4). */
const [METHOD, FLAGS] = [8, 0x0808];
/** What is needed to read it: the first, and the one for more than 4 GiB. */
const [VERSION, VERSION_64] = [20, 45];
/** By Unix, whose file modes stand in the directory. */
const MADE_BY = 3 << 8;
const MODE = 0o100644;

/** The file in the archive. */
export interface ZippedFile {
  /** Its name, without a folder. */
  readonly name: string;
  /** Its modification time, as clocks show it where it is made. Two seconds are the finest that the format has. */
  readonly modified: Temporal.PlainDateTime;
}

/**
 * `content` as a zip archive of one file, of any size. What is read as a stream is told by the bytes behind the content how
 * long it was; archives beyond 4 GiB have the records of zip64. Memory does not grow with it. Throws what `content` throws.
 */
export async function* zip(
  content: AsyncIterable<Uint8Array>,
  file: ZippedFile,
): AsyncGenerator<Uint8Array, void, undefined> {
  const head = localHeader(file);
  const sizes = { crc: 0, size: 0, compressed: 0 };
  yield head;
  const seen = (piece: Uint8Array) => {
    sizes.crc = crc32(piece, sizes.crc);
    sizes.size += piece.length;
  };
  for await (const bytes of compressed(createDeflateRaw({ level: LEVEL, chunkSize: CHUNK }), content, seen)) {
    sizes.compressed += bytes.length;
    yield bytes;
  }
  yield archiveEnd(file, head.length, sizes);
}

/** What is known of a file once it is compressed. */
export interface ZippedSizes {
  readonly crc: number;
  readonly size: number;
  readonly compressed: number;
}

/** What stands before the content. */
function localHeader(file: ZippedFile): Uint8Array {
  const name = Buffer.from(file.name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  writeKind(header, 6, file);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

/** What stands behind the content, which begins at `start`: its sizes, the directory and the end. */
export function archiveEnd(file: ZippedFile, start: number, sizes: ZippedSizes): Uint8Array {
  const { crc, size, compressed } = sizes;
  const isLarge = size >= FULL_32 || compressed >= FULL_32;
  const width = isLarge ? 8 : 4;
  const after = Buffer.alloc(8 + 2 * width);
  after.writeUInt32LE(0x08074b50, 0);
  after.writeUInt32LE(crc, 4);
  writeSize(after, 8, compressed, width);
  writeSize(after, 8 + width, size, width);

  const name = Buffer.from(file.name);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(MADE_BY | (isLarge ? VERSION_64 : VERSION), 4);
  entry.writeUInt16LE(isLarge ? VERSION_64 : VERSION, 6);
  writeKind(entry, 8, file);
  entry.writeUInt32LE(crc, 16);
  entry.writeUInt32LE(isLarge ? FULL_32 : compressed, 20);
  entry.writeUInt32LE(isLarge ? FULL_32 : size, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt32LE(MODE * 0x10000, 38);
  const field = Buffer.alloc(isLarge ? 20 : 0);
  if (isLarge) {
    field.writeUInt16LE(1, 0);
    field.writeUInt16LE(16, 2);
    writeSize(field, 4, size, 8);
    writeSize(field, 12, compressed, 8);
    entry.writeUInt16LE(field.length, 30);
  }
  const directory = Buffer.concat([entry, name, field]);
  const at = start + compressed + after.length;
  return Buffer.concat([after, directory, ...endRecords(at, directory.length)]);
}

/** The end of the archive, whose directory begins at `at` (APPNOTE 4.3.14 to 4.3.16). */
function endRecords(at: number, length: number): Uint8Array[] {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(Math.min(at, FULL_32), 16);
  if (at < FULL_32) return [end];
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  writeSize(record, 4, 44, 8);
  record.writeUInt16LE(MADE_BY | VERSION_64, 12);
  record.writeUInt16LE(VERSION_64, 14);
  writeSize(record, 24, 1, 8);
  writeSize(record, 32, 1, 8);
  writeSize(record, 40, length, 8);
  writeSize(record, 48, at, 8);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  writeSize(locator, 8, at + length, 8);
  locator.writeUInt32LE(1, 16);
  return [record, locator, end];
}

/** Flags, method, time and date, which both headers have one after another. */
function writeKind(header: Buffer, at: number, { modified }: ZippedFile): void {
  const { year, month, day, hour, minute, second } = modified;
  header.writeUInt16LE(FLAGS, at);
  header.writeUInt16LE(METHOD, at + 2);
  header.writeUInt16LE((hour << 11) | (minute << 5) | (second >> 1), at + 4);
  // Its years are from 1980 to 2107.
  const years = Math.min(Math.max(year - 1980, 0), 127);
  header.writeUInt16LE((years << 9) | (month << 5) | day, at + 6);
}

function writeSize(bytes: Buffer, at: number, value: number, width: number): void {
  if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
  else bytes.writeUInt32LE(value, at);
}
