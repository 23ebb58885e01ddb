/**
 * What a client asks for, read from its packets (draft-ietf-secsh-filexfer-02, sections 4, 6 and 8).
 *
 * @module
 */
import { type Attributes, readAttributes } from "./attributes.ts";
import { MalformedPacket, PacketReader } from "./packet_reader.ts";
import { PacketType } from "./protocol.ts";

/** A path as it came; undefined where it is not UTF-8. */
export type RequestPath = string | undefined;

/** What is asked for about a path. */
export interface PathRequest {
  readonly kind: "stat" | "open_folder" | "remove" | "make_folder" | "remove_folder" | "canonical" | "read_link";
  readonly path: RequestPath;
}

/** What is asked for about something open. */
export interface HandleRequest {
  readonly kind: "close" | "stat_handle" | "read_folder";
  readonly handle: string;
}

/** A request without its id. */
export type Request =
  | PathRequest
  | HandleRequest
  | { readonly kind: "open"; readonly path: RequestPath; readonly flags: number }
  | { readonly kind: "read"; readonly handle: string; readonly position: number; readonly length: number }
  | { readonly kind: "write"; readonly handle: string; readonly position: number; readonly data: Uint8Array }
  | { readonly kind: "set_stat"; readonly path: RequestPath; readonly attributes: Attributes }
  | { readonly kind: "set_stat_handle"; readonly handle: string; readonly attributes: Attributes }
  | { readonly kind: "rename"; readonly from: RequestPath; readonly to: RequestPath; readonly replace: boolean }
  | { readonly kind: "link"; readonly symbolic: boolean }
  | { readonly kind: "sync"; readonly handle: string }
  | { readonly kind: "limits" }
  | { readonly kind: "space"; readonly path: RequestPath }
  | { readonly kind: "space_handle"; readonly handle: string }
  | { readonly kind: "home"; readonly username: RequestPath }
  | { readonly kind: "ignored" }
  | { readonly kind: "unsupported"; readonly what: string }
  | { readonly kind: "malformed"; readonly why: string };

/** The kinds of requests. */
export type RequestKind = Request["kind"];

/** One request, and the id that its answer carries. */
export interface IdentifiedRequest {
  readonly id: number;
  readonly request: Request;
}

/**
 * Reads a packet, from its type on; `data` of a WRITE is a view of it. Throws {@linkcode MalformedPacket} for one that
 * has no id, which nothing could answer; other damage is a request of kind `malformed`.
 */
export function readRequest(packet: Uint8Array): IdentifiedRequest {
  const reader = new PacketReader(packet);
  const type = reader.byte();
  const id = reader.uint32();
  try {
    return { id, request: readFields(type, reader) };
  } catch (error) {
    if (!(error instanceof MalformedPacket)) throw error;
    return { id, request: { kind: "malformed", why: error.message } };
  }
}

function readFields(type: number, reader: PacketReader): Request {
  switch (type) {
    case PacketType.OPEN:
      // The attributes that follow say with which mode to make the file; it has none here.
      return { kind: "open", path: reader.text(), flags: reader.uint32() };
    case PacketType.CLOSE:
      return { kind: "close", handle: readHandle(reader) };
    case PacketType.READ:
      return { kind: "read", handle: readHandle(reader), position: reader.uint64(), length: reader.uint32() };
    case PacketType.WRITE:
      return { kind: "write", handle: readHandle(reader), position: reader.uint64(), data: reader.bytes() };
    // There are no symbolic links that the two could differ about.
    case PacketType.STAT:
    case PacketType.LSTAT:
      return { kind: "stat", path: reader.text() };
    case PacketType.FSTAT:
      return { kind: "stat_handle", handle: readHandle(reader) };
    case PacketType.SETSTAT:
      return { kind: "set_stat", path: reader.text(), attributes: readAttributes(reader) };
    case PacketType.FSETSTAT:
      return { kind: "set_stat_handle", handle: readHandle(reader), attributes: readAttributes(reader) };
    case PacketType.OPENDIR:
      return { kind: "open_folder", path: reader.text() };
    case PacketType.READDIR:
      return { kind: "read_folder", handle: readHandle(reader) };
    case PacketType.REMOVE:
      return { kind: "remove", path: reader.text() };
    case PacketType.MKDIR:
      return { kind: "make_folder", path: reader.text() };
    case PacketType.RMDIR:
      return { kind: "remove_folder", path: reader.text() };
    case PacketType.REALPATH:
      return { kind: "canonical", path: reader.text() };
    case PacketType.RENAME:
      return { kind: "rename", from: reader.text(), to: reader.text(), replace: false };
    case PacketType.READLINK:
      return { kind: "read_link", path: reader.text() };
    case PacketType.SYMLINK:
      return { kind: "link", symbolic: true };
    case PacketType.EXTENDED:
      return readExtended(reader);
    default:
      return { kind: "unsupported", what: `Packets of type ${type}` };
  }
}

/** The extensions of OpenSSH's PROTOCOL, section 4. */
function readExtended(reader: PacketReader): Request {
  const name = reader.text() ?? "";
  switch (name) {
    case "posix-rename@openssh.com":
      return { kind: "rename", from: reader.text(), to: reader.text(), replace: true };
    case "fsync@openssh.com":
      return { kind: "sync", handle: readHandle(reader) };
    case "limits@openssh.com":
      return { kind: "limits" };
    case "statvfs@openssh.com":
      return { kind: "space", path: reader.text() };
    case "fstatvfs@openssh.com":
      return { kind: "space_handle", handle: readHandle(reader) };
    case "lsetstat@openssh.com":
      return { kind: "ignored" };
    case "home-directory":
      return { kind: "home", username: reader.text() };
    case "hardlink@openssh.com":
      return { kind: "link", symbolic: false };
    default:
      return { kind: "unsupported", what: `Extension ${JSON.stringify(name.slice(0, 100))}` };
  }
}

const LATIN1 = new TextDecoder("latin1");

/** Handles are compared as they came; those given out are ASCII. */
function readHandle(reader: PacketReader): string {
  const bytes = reader.bytes();
  // Section 6.3: longer ones are never given out.
  if (bytes.length > 256) throw new MalformedPacket(`A handle of ${bytes.length} bytes`);
  return LATIN1.decode(bytes);
}
