/**
 * Reads the content of one entry of a zip archive.
 *
 * @module
 */
import { crc32, createInflateRaw } from "node:zlib";
import { type SeekableSource, sliceSource } from "../byte_source.ts";
import { decompress, ENGINE_CHUNK } from "../decode/engine.ts";
import { RandomAccess } from "../random_access.ts";
import { LOCAL_HEADER_BYTES, type ZipEntry } from "./directory.ts";
import { damagedZip, refusedZip } from "./failures.ts";

const LOCAL_HEADER = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** Bits of the flags: encrypted, sizes and checksum follow after the content, encrypted anew, directory masked. */
const ENCRYPTED = 0x0001 | 0x0040 | 0x2000;
const SIZES_FOLLOW = 0x0008;

/** Names of the methods that exist beside the two that are read (APPNOTE 4.4.5). */
const METHODS: Readonly<Record<number, string>> = {
  1: "Shrink",
  6: "Implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "xz",
  96: "JPEG",
  97: "WavPack",
  98: "PPMd",
  99: "AES encryption",
};

/** Whether an entry is a folder. */
export function isFolder({ name }: ZipEntry): boolean {
  return name.endsWith("/") || name.endsWith("\\");
}

/** Whether the content of an entry stands in the archive as it is. */
export function isStored({ method }: ZipEntry): boolean {
  return method === STORED;
}

/** Throws a `Failure` of kind `data` for an entry that cannot be read whatever its content is. */
export function refuseUnreadable(archive: string, { name, flags, method, size, compressedSize }: ZipEntry): void {
  if ((flags & ENCRYPTED) !== 0 || method === 99) {
    throw refusedZip(archive, `is encrypted: "${name}"`, "Have it sent without a password, or encrypted with PGP");
  }
  if (method !== STORED && method !== DEFLATED) {
    const what = METHODS[method] ?? `method ${method}`;
    throw refusedZip(archive, `is packed with ${what}: "${name}"`, "Have it packed with Deflate, the usual method");
  }
  if (method === STORED && size !== compressedSize) {
    throw damagedZip(archive, `"${name}" has two sizes`);
  }
}

/**
 * Where the content of an entry lies in the file. Throws a `Failure` of kind `data` where the entry's own header is
 * missing, or describes another one than the directory does.
 */
export async function contentOf(file: SeekableSource, entry: ZipEntry, name: string): Promise<SeekableSource> {
  const access = new RandomAccess(file);
  const fixed = await access.read(entry.start, LOCAL_HEADER_BYTES + entry.rawName.length);
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
  const isHeader = fixed.length === LOCAL_HEADER_BYTES + entry.rawName.length &&
    view.getUint32(0, true) === LOCAL_HEADER;
  if (!isHeader) throw damagedZip(file.name, `"${entry.name}" is not where the directory says`);
  const flags = view.getUint16(6, true);
  const claims: readonly (readonly [number, number])[] = [
    [view.getUint32(14, true), entry.crc],
    [view.getUint32(18, true), entry.compressedSize],
    [view.getUint32(22, true), entry.size],
  ];
  const agrees = view.getUint16(8, true) === entry.method &&
    ((flags ^ entry.flags) & (ENCRYPTED | SIZES_FOLLOW)) === 0 &&
    view.getUint16(26, true) === entry.rawName.length &&
    fixed.subarray(LOCAL_HEADER_BYTES).every((byte, at) => byte === entry.rawName[at]) &&
    claims.every(([here, there]) => here === there || here === 0xffffffff || (flags & SIZES_FOLLOW) !== 0);
  if (!agrees) throw damagedZip(file.name, `"${entry.name}" is described in two ways`);
  const start = entry.start + fixed.length + view.getUint16(28, true);
  const end = start + entry.compressedSize;
  if (end > entry.end) throw damagedZip(file.name, `"${entry.name}" overlaps with what follows after it`);
  return sliceSource(file, name, start, end);
}

/**
 * The content, unpacked from its compressed bytes and checked. Throws a `Failure` of kind `data` where its size or its
 * checksum is not what the directory says; this shows only at its end, but no more than that size is ever given.
 */
export async function* unpackEntry(
  packed: AsyncIterable<Uint8Array>,
  entry: ZipEntry,
  archive: string,
): AsyncGenerator<Uint8Array> {
  const damaged = (how: string, cause?: unknown) => damagedZip(archive, `"${entry.name}" ${how}`, cause);
  const unpacked = isStored(entry) ? packed : decompress(
    createInflateRaw({ chunkSize: ENGINE_CHUNK }),
    packed,
    () => {
      throw damaged("ends before its size");
    },
    (error) => damaged("cannot be unpacked", error),
  );
  let size = 0;
  let checksum = 0;
  for await (const piece of unpacked) {
    size += piece.length;
    if (size > entry.size) throw damaged("is larger than the directory says");
    checksum = crc32(piece, checksum);
    yield piece;
  }
  if (size < entry.size) throw damaged("is smaller than the directory says");
  if (checksum !== entry.crc) throw damaged("does not match its checksum");
}
