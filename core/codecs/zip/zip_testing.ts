/**
 * Makes zip archives by hand, right or wrong, for tests.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";

/** One entry; what is given beside name and content is written in place of what would be right. */
export interface MadeEntry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** Compressed, unless told. */
  readonly stored?: boolean;
  /** Of the directory's record and the entry's own header. */
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly compressedSize?: number;
  /** Where the directory says that it starts. */
  readonly start?: number;
  /** Extra fields of the directory's record. */
  readonly fields?: Uint8Array;
  /** Sizes and checksum after the content, none in its own header. */
  readonly follows?: boolean;
  /** Of its own header alone. */
  readonly localName?: string;
}

/** What is wrong about the end of the archive. */
export interface MadeEnd {
  readonly disk?: number;
  readonly entries?: number;
  readonly offset?: number;
  readonly size?: number;
  readonly comment?: Uint8Array;
  /** With the records of a zip64 archive, and nothing in those of a small one. */
  readonly large?: boolean;
}

/** The archive. */
export function makeZip(entries: readonly MadeEntry[], end: MadeEnd = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const records: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? "");
    const packed = entry.stored ? content : deflateRawSync(content);
    const name = Buffer.from(entry.name);
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(entry.crc ?? crc32(content), 0);
    sizes.writeUInt32LE(entry.compressedSize ?? packed.length, 4);
    sizes.writeUInt32LE(entry.size ?? content.length, 8);
    const kind = Buffer.alloc(8);
    kind.writeUInt16LE((entry.flags ?? 0) | (entry.follows ? 8 : 0), 0);
    kind.writeUInt16LE(entry.method ?? (entry.stored ? 0 : 8), 2);
    const localName = Buffer.from(entry.localName ?? name);
    const local = Buffer.concat([
      Buffer.from("PK\x03\x04\x14\0", "latin1"),
      kind,
      entry.follows ? Buffer.alloc(12) : sizes,
      uint16(localName.length, 0),
      localName,
    ]);
    const fields = Buffer.from(entry.fields ?? []);
    const start = Buffer.alloc(4);
    start.writeUInt32LE(entry.start ?? offset);
    records.push(
      Buffer.from("PK\x01\x02\x14\0\x14\0", "latin1"),
      kind,
      sizes,
      uint16(name.length, fields.length, 0, 0, 0, 0, 0),
      start,
      name,
      fields,
    );
    const behind = entry.follows ? Buffer.concat([Buffer.from("PK\x07\x08", "latin1"), sizes]) : Buffer.alloc(0);
    parts.push(local, packed, behind);
    offset += local.length + packed.length + behind.length;
  }
  const directory = Buffer.concat(records);
  return Buffer.concat([...parts, directory, endOf(entries.length, directory.length, offset, end)]);
}

function endOf(entries: number, size: number, offset: number, end: MadeEnd): Uint8Array {
  const comment = Buffer.from(end.comment ?? []);
  const small = Buffer.alloc(22);
  small.writeUInt32LE(0x06054b50, 0);
  small.writeUInt16LE(end.disk ?? 0, 4);
  small.writeUInt16LE(end.large ? 0xffff : end.entries ?? entries, 8);
  small.writeUInt16LE(end.large ? 0xffff : end.entries ?? entries, 10);
  small.writeUInt32LE(end.large ? 0xffffffff : end.size ?? size, 12);
  small.writeUInt32LE(end.large ? 0xffffffff : end.offset ?? offset, 16);
  small.writeUInt16LE(comment.length, 20);
  if (!end.large) return Buffer.concat([small, comment]);
  return Buffer.concat([
    largeEnd(end.entries ?? entries, end.size ?? size, end.offset ?? offset, offset + size),
    small,
    comment,
  ]);
}

/** The two records that a zip64 archive has before its last (APPNOTE 4.3.14, 4.3.15); the first lies at `at`. */
export function largeEnd(entries: number, size: number, offset: number, at: number): Uint8Array {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}

function uint16(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => bytes.writeUInt16LE(value, 2 * index));
  return bytes;
}

/**
 * The end of a zip64 archive of `count` stored entries with `each` bytes, which nobody has to write: its directory and the
 * records behind it. `size` is that of the whole archive.
 */
export function endOfLargeZip(count: number, each: number): { readonly tail: Uint8Array; readonly size: number } {
  const records: Buffer[] = [];
  let start = 0;
  for (let index = 0; index < count; index++) {
    const name = Buffer.from(`part-${String(index).padStart(6, "0")}.csv`);
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt32LE(each, 20);
    record.writeUInt32LE(each, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt16LE(12, 30);
    record.writeUInt32LE(0xffffffff, 42);
    const field = Buffer.alloc(12);
    field.writeUInt16LE(1, 0);
    field.writeUInt16LE(8, 2);
    field.writeBigUInt64LE(BigInt(start), 4);
    records.push(record, name, field);
    start += 30 + name.length + each;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.from(makeZip([], { large: true })).subarray(-22);
  const tail = Buffer.concat([directory, largeEnd(count, directory.length, start, start + directory.length), end]);
  return { tail, size: start + tail.length };
}
