/**
 * ATTRS, what SFTP says of a file (draft-ietf-secsh-filexfer-02, section 5).
 *
 * @module
 */
import type { PacketReader } from "./packet_reader.ts";
import type { PacketWriter } from "./packet_writer.ts";
import { AttributeFlag } from "./protocol.ts";

/** What a packet says of a file; what it leaves out is undefined. */
export interface Attributes {
  /** In bytes. */
  readonly size?: number;
  readonly owner?: { readonly user: number; readonly group: number };
  /** POSIX mode, its type bits included. */
  readonly mode?: number;
  /** In seconds since the Unix epoch. */
  readonly times?: { readonly accessed: number; readonly modified: number };
}

/** Reads ATTRS; extended pairs are passed over. */
export function readAttributes(reader: PacketReader): Attributes {
  const flags = reader.uint32();
  const has = (flag: number) => (flags & flag) !== 0;
  const attributes: Attributes = {
    ...has(AttributeFlag.SIZE) ? { size: reader.uint64() } : {},
    ...has(AttributeFlag.OWNER) ? { owner: { user: reader.uint32(), group: reader.uint32() } } : {},
    ...has(AttributeFlag.PERMISSIONS) ? { mode: reader.uint32() } : {},
    ...has(AttributeFlag.TIMES) ? { times: { accessed: reader.uint32(), modified: reader.uint32() } } : {},
  };
  if (has(AttributeFlag.EXTENDED)) {
    for (let pairs = reader.uint32(); pairs > 0; pairs--) {
      reader.bytes();
      reader.bytes();
    }
  }
  return attributes;
}

/** Writes ATTRS. */
export function writeAttributes(writer: PacketWriter, { size, owner, mode, times }: Attributes): void {
  const flag = (value: unknown, bit: number) => value === undefined ? 0 : bit;
  writer.uint32(
    flag(size, AttributeFlag.SIZE) | flag(owner, AttributeFlag.OWNER) | flag(mode, AttributeFlag.PERMISSIONS) |
      flag(times, AttributeFlag.TIMES),
  );
  if (size !== undefined) writer.uint64(size);
  if (owner !== undefined) writer.uint32(owner.user).uint32(owner.group);
  if (mode !== undefined) writer.uint32(mode);
  if (times !== undefined) writer.uint32(times.accessed).uint32(times.modified);
}
