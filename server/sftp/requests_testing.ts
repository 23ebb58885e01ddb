/**
 * A client's side of the packets: requests to send, and answers read.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Attributes, readAttributes, writeAttributes } from "./attributes.ts";
import { PacketReader } from "./packet_reader.ts";
import { PacketWriter } from "./packet_writer.ts";
import { PacketType, Status } from "./protocol.ts";
import type { Request } from "./requests.ts";

const PATH_TYPES = {
  stat: PacketType.STAT,
  open_folder: PacketType.OPENDIR,
  remove: PacketType.REMOVE,
  make_folder: PacketType.MKDIR,
  remove_folder: PacketType.RMDIR,
  canonical: PacketType.REALPATH,
  read_link: PacketType.READLINK,
};

const HANDLE_TYPES = {
  close: PacketType.CLOSE,
  stat_handle: PacketType.FSTAT,
  read_folder: PacketType.READDIR,
};

/** SSH_FXP_INIT. */
export function initPacket(version = 3): Buffer {
  return new PacketWriter(PacketType.INIT).uint32(version).finish();
}

/** A request as its packet, the length first. */
export function requestPacket(id: number, request: Request): Buffer {
  const packet = (type: number) => new PacketWriter(type).uint32(id);
  const extended = (name: string) => packet(PacketType.EXTENDED).text(name);
  const withAttributes = (writer: PacketWriter, attributes: Attributes): Buffer => {
    writeAttributes(writer, attributes);
    return writer.finish();
  };
  switch (request.kind) {
    case "stat":
    case "open_folder":
    case "remove":
    case "make_folder":
    case "remove_folder":
    case "canonical":
    case "read_link":
      return packet(PATH_TYPES[request.kind]).bytes(nameBytes(request.path)).finish();
    case "close":
    case "stat_handle":
    case "read_folder":
      return packet(HANDLE_TYPES[request.kind]).text(request.handle).finish();
    case "open":
      return withAttributes(packet(PacketType.OPEN).bytes(nameBytes(request.path)).uint32(request.flags), {});
    case "read":
      return packet(PacketType.READ).text(request.handle).uint64(request.position).uint32(request.length).finish();
    case "write":
      return packet(PacketType.WRITE).text(request.handle).uint64(request.position).bytes(request.data).finish();
    case "set_stat":
      return withAttributes(packet(PacketType.SETSTAT).bytes(nameBytes(request.path)), request.attributes);
    case "set_stat_handle":
      return withAttributes(packet(PacketType.FSETSTAT).text(request.handle), request.attributes);
    case "rename": {
      const writer = request.replace ? extended("posix-rename@openssh.com") : packet(PacketType.RENAME);
      return writer.bytes(nameBytes(request.from)).bytes(nameBytes(request.to)).finish();
    }
    case "link":
      return (request.symbolic ? packet(PacketType.SYMLINK) : extended("hardlink@openssh.com")).text("a").text("b")
        .finish();
    case "sync":
      return extended("fsync@openssh.com").text(request.handle).finish();
    case "limits":
      return extended("limits@openssh.com").finish();
    case "space":
      return extended("statvfs@openssh.com").bytes(nameBytes(request.path)).finish();
    case "space_handle":
      return extended("fstatvfs@openssh.com").text(request.handle).finish();
    case "home":
      return extended("home-directory").bytes(nameBytes(request.username)).finish();
    case "ignored":
      return withAttributes(extended("lsetstat@openssh.com").text("a"), {});
    case "unsupported":
      return extended("nothing@example.com").finish();
    case "malformed":
      return packet(PacketType.OPEN).finish();
  }
}

/** The bytes of a name; those of one that is not UTF-8 where it is undefined. */
function nameBytes(name: string | undefined): Uint8Array {
  return name === undefined ? Buffer.from([0x66, 0xff, 0xfe]) : Buffer.from(name);
}

/** An answer. */
export type Answer =
  | { readonly type: "status"; readonly id: number; readonly code: number; readonly message: string }
  | { readonly type: "handle"; readonly id: number; readonly handle: string }
  | { readonly type: "data"; readonly id: number; readonly data: Uint8Array }
  | {
    readonly type: "names";
    readonly id: number;
    readonly names: readonly string[];
    readonly longnames: readonly string[];
  }
  | { readonly type: "attributes"; readonly id: number; readonly attributes: Attributes }
  | { readonly type: "numbers"; readonly id: number; readonly numbers: readonly number[] };

/** Reads an answer, from its type on; throws where one holds more or less than it should. */
export function readAnswer(packet: Uint8Array): Answer {
  const reader = new PacketReader(packet);
  const type = reader.byte();
  const id = reader.uint32();
  const answer = readFields(type, id, reader);
  if (reader.left > 0) throw new Error(`An answer of type ${type} has ${reader.left} bytes too many`);
  return answer;
}

function readFields(type: number, id: number, reader: PacketReader): Answer {
  const text = () => {
    const value = reader.text();
    if (value === undefined) throw new Error("An answer holds text that is not UTF-8");
    return value;
  };
  switch (type) {
    case PacketType.STATUS: {
      const code = reader.uint32();
      const message = text();
      text();
      return { type: "status", id, code, message };
    }
    case PacketType.HANDLE:
      return { type: "handle", id, handle: text() };
    case PacketType.DATA:
      return { type: "data", id, data: reader.bytes() };
    case PacketType.NAME: {
      const names: string[] = [];
      const longnames: string[] = [];
      for (let count = reader.uint32(); count > 0; count--) {
        names.push(text());
        longnames.push(text());
        readAttributes(reader);
      }
      return { type: "names", id, names, longnames };
    }
    case PacketType.ATTRS:
      return { type: "attributes", id, attributes: readAttributes(reader) };
    case PacketType.EXTENDED_REPLY: {
      const numbers: number[] = [];
      while (reader.left > 0) numbers.push(reader.uint64());
      return { type: "numbers", id, numbers };
    }
    default:
      throw new Error(`An answer of type ${type}`);
  }
}

/** The name of a status code. */
export function statusName(code: number): string {
  return Object.entries(Status).find(([, value]) => value === code)?.[0] ?? String(code);
}
