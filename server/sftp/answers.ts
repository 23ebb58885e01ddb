/**
 * What the server answers, as packets (draft-ietf-secsh-filexfer-02, sections 4 and 7).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Attributes, writeAttributes } from "./attributes.ts";
import { PacketWriter } from "./packet_writer.ts";
import { MAX_DATA, MAX_PACKET, PacketType, Status, type StatusCode, VERSION } from "./protocol.ts";

/** One name of an answer. */
export interface NamedFile {
  readonly name: string;
  /** The line that `ls -l` would show. */
  readonly longname: string;
  readonly attributes: Attributes;
}

/** Extensions that clients are told of, each with its version. */
export const EXTENSIONS: readonly (readonly [name: string, version: string])[] = [
  ["posix-rename@openssh.com", "1"],
  ["fsync@openssh.com", "1"],
  ["limits@openssh.com", "1"],
  ["statvfs@openssh.com", "2"],
  ["fstatvfs@openssh.com", "2"],
  ["lsetstat@openssh.com", "1"],
  ["home-directory", "1"],
];

/** SSH_FXP_VERSION: the answer to SSH_FXP_INIT. */
export function versionAnswer(): Buffer {
  const writer = new PacketWriter(PacketType.VERSION, 256).uint32(VERSION);
  for (const [name, version] of EXTENSIONS) writer.text(name).text(version);
  return writer.finish();
}

/** SSH_FXP_STATUS. */
export function statusAnswer(id: number, code: StatusCode, message: string): Buffer {
  return new PacketWriter(PacketType.STATUS, 32 + message.length).uint32(id).uint32(code).text(message).text("en")
    .finish();
}

/** SSH_FXP_STATUS of what was done. */
export function okAnswer(id: number): Buffer {
  return statusAnswer(id, Status.OK, "");
}

/** SSH_FXP_HANDLE. */
export function handleAnswer(id: number, handle: string): Buffer {
  return new PacketWriter(PacketType.HANDLE).uint32(id).text(handle).finish();
}

/** SSH_FXP_DATA. */
export function dataAnswer(id: number, data: Uint8Array): Buffer {
  const packet = Buffer.allocUnsafe(13 + data.length);
  packet.writeUInt32BE(9 + data.length, 0);
  packet[4] = PacketType.DATA;
  packet.writeUInt32BE(id, 5);
  packet.writeUInt32BE(data.length, 9);
  packet.set(data, 13);
  return packet;
}

/** SSH_FXP_NAME. */
export function nameAnswer(id: number, files: readonly NamedFile[]): Buffer {
  const writer = new PacketWriter(PacketType.NAME, 64 + files.length * 160).uint32(id).uint32(files.length);
  for (const { name, longname, attributes } of files) {
    writer.text(name).text(longname);
    writeAttributes(writer, attributes);
  }
  return writer.finish();
}

/** SSH_FXP_ATTRS. */
export function attributesAnswer(id: number, attributes: Attributes): Buffer {
  const writer = new PacketWriter(PacketType.ATTRS).uint32(id);
  writeAttributes(writer, attributes);
  return writer.finish();
}

/** SSH_FXP_EXTENDED_REPLY of `limits@openssh.com`. */
export function limitsAnswer(id: number, handles: number): Buffer {
  return new PacketWriter(PacketType.EXTENDED_REPLY).uint32(id)
    .uint64(MAX_PACKET).uint64(MAX_DATA).uint64(MAX_DATA).uint64(handles).finish();
}

/** How much room there is, in bytes. */
export interface Room {
  readonly total: number;
  readonly free: number;
}

const BLOCK = 4_096;
/** Nobody counts them; programs divide by them. */
const INODES = 1_000_000_000;
/** ST_NOSUID of `statvfs(3)`. */
const NO_SUID = 2;

/** SSH_FXP_EXTENDED_REPLY of `statvfs@openssh.com`. */
export function roomAnswer(id: number, { total, free }: Room): Buffer {
  const blocks = (bytes: number) => Math.floor(bytes / BLOCK);
  return new PacketWriter(PacketType.EXTENDED_REPLY, 128).uint32(id)
    .uint64(BLOCK).uint64(BLOCK)
    .uint64(blocks(total)).uint64(blocks(free)).uint64(blocks(free))
    .uint64(INODES).uint64(INODES).uint64(INODES)
    .uint64(0).uint64(NO_SUID).uint64(255)
    .finish();
}
