/**
 * ASCII armor (RFC 9580, section 6), undone while it streams.
 *
 * @module
 */
import type { ByteReader } from "./byte_reader.ts";
import { crc24, CRC24_START } from "./crc24.ts";
import { cutShort, damaged, refused } from "./failures.ts";

/** The longest header or last line. */
const MAX_LINE = 4_096;
const MAX_HEADERS = 64;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const DASH = 0x2d;
const EQUALS = 0x3d;

/** What a byte stands for: its six bits, or one of these. */
const OTHER = 64;
const BLANK = 65;

const VALUES = new Uint8Array(256).fill(OTHER);
for (const [value, letter] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  VALUES[letter.charCodeAt(0)] = value;
}
for (const blank of " \t\r\n") VALUES[blank.charCodeAt(0)] = BLANK;

/** Whether what comes is armored. Blank lines and a byte order mark may stand before. */
export async function isArmored(reader: ByteReader): Promise<boolean> {
  return new TextDecoder("latin1").decode(await reader.peek(64)).replace(/^(?:\u00ef\u00bb\u00bf)?\s*/, "").startsWith(
    "-----",
  );
}

/**
 * The bytes of an armored message.
 *
 * Only blanks may stand around it, and only at the ends of its lines; a checksum may be missing but must be right.
 * (RFC 9580 would have a wrong one ignored; here, a file with any changed byte is refused, as by GnuPG.)
 */
export async function* dearmor(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  await readHead(reader);
  const base64 = new Base64();
  let crc = CRC24_START;
  for (;;) {
    const text = await reader.some();
    if (text === undefined) throw cutShort();
    const { bytes, used } = base64.decode(text);
    crc = crc24(crc, bytes);
    if (bytes.length > 0) yield bytes;
    if (used === text.length) continue;
    return await readTail(reader, base64.finish(), text.subarray(used), crc);
  }
}

/** Reads up to the empty line before the text. */
async function readHead(reader: ByteReader): Promise<void> {
  let line = await readLine(reader);
  while (line?.replace(/^\u00ef\u00bb\u00bf/, "") === "") line = await readLine(reader);
  requireMessage(line?.replace(/^\u00ef\u00bb\u00bf/, "") ?? "");
  for (let count = 0; count <= MAX_HEADERS; count++) {
    const header = await readLine(reader);
    if (header === undefined) throw cutShort();
    if (header === "") return;
    if (!/^[!-9;-~]+:( |$)/.test(header)) throw damaged("its armor has a line that is no header");
  }
  throw damaged("its armor has too many headers");
}

function requireMessage(line: string): void {
  if (line === "-----BEGIN PGP MESSAGE-----") return;
  if (line === "-----BEGIN PGP SIGNED MESSAGE-----") {
    throw refused("The file is signed, but not encrypted", "Have the sender encrypt it to your PGP public key");
  }
  if (/^-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----$/.test(line)) {
    throw refused("The file is a PGP key, not an encrypted file", "Choose another file");
  }
  throw damaged("its armor does not start as that of a message does");
}

/** Reads the padding, the checksum and the last line; `before` was taken from the reader already. */
async function readTail(reader: ByteReader, base64: Base64End, before: Uint8Array, crc: number): Promise<void> {
  const text = await readAll(reader, before);
  const match = /^(=*)[ \t]*\r?\n(?:=([A-Za-z0-9+/]{4})[ \t]*\r?\n)?-----END PGP MESSAGE-----[ \t\r\n]*$/
    .exec(base64.isAtLineStart ? `\n${text}` : text);
  if (match === null) {
    if (!text.includes("-----END")) throw cutShort();
    throw damaged("its armor does not end as that of a message does");
  }
  const [, padding = "", checksum] = match;
  if (padding.length !== base64.padding) throw damaged("its armor has letters too many or too few");
  if (checksum !== undefined && checksum !== Uint8Array.of(crc >> 16, crc >> 8, crc).toBase64()) {
    throw damaged("its armor's checksum is wrong");
  }
}

async function readAll(reader: ByteReader, before: Uint8Array): Promise<string> {
  let text = new TextDecoder("latin1").decode(before);
  for await (const bytes of reader.rest()) {
    text += new TextDecoder("latin1").decode(bytes);
    if (text.length > MAX_LINE) throw damaged("something follows its armor");
  }
  return text;
}

/** The next line without its end and the blanks before that; undefined at the end. */
async function readLine(reader: ByteReader): Promise<string | undefined> {
  let line = "";
  for (;;) {
    const byte = await reader.byte();
    if (byte === undefined) return line === "" ? undefined : line.trimEnd();
    if (byte === LINE_FEED) return line.replace(/[ \t]*\r?$/, "");
    line += String.fromCharCode(byte);
    if (line.length > MAX_LINE) throw damaged("its armor has a line that is too long");
  }
}

/** How the letters ended. */
interface Base64End {
  /** How many `=` must follow. */
  readonly padding: number;
  readonly isAtLineStart: boolean;
}

/** Base64 over lines, up to the first `=` or `-`. */
class Base64 {
  #bits = 0;
  #letters = 0;
  #last = LINE_FEED;

  /** Decodes what it can; `used` is short of the end where the letters end. */
  decode(text: Uint8Array): { readonly bytes: Uint8Array; readonly used: number } {
    const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3 + 3);
    let [bits, letters, last, size, at] = [this.#bits, this.#letters, this.#last, 0, 0];
    for (; at < text.length; at++) {
      const byte = text[at]!;
      const value = VALUES[byte]!;
      if (value < OTHER) {
        if (VALUES[last] === BLANK && last !== LINE_FEED) throw strange();
        bits = (bits << 6) | value;
        if (++letters === 4) {
          bytes[size] = bits >> 16;
          bytes[size + 1] = bits >> 8;
          bytes[size + 2] = bits;
          size += 3;
          letters = bits = 0;
        }
      } else if (value === BLANK) {
        if (last === CARRIAGE_RETURN && byte !== LINE_FEED) throw strange();
      } else if (byte === EQUALS || byte === DASH) {
        break;
      } else throw strange();
      last = byte;
    }
    [this.#bits, this.#letters, this.#last] = [bits, letters, last];
    if (at < text.length) size = this.#end(bytes, size);
    return { bytes: bytes.subarray(0, size), used: at };
  }

  finish(): Base64End {
    return { padding: (4 - this.#letters) % 4, isAtLineStart: this.#last === LINE_FEED };
  }

  /** The bytes of the letters that make no whole four. Bits that stand for nothing must be zero. */
  #end(bytes: Uint8Array, size: number): number {
    const bits = this.#bits << (6 * (4 - this.#letters));
    if (this.#letters === 1) throw damaged("its armor has letters too many or too few");
    if ((this.#letters === 2 && (bits & 0xffff) !== 0) || (this.#letters === 3 && (bits & 0xff) !== 0)) throw strange();
    const count = Math.max(0, this.#letters - 1);
    for (let index = 0; index < count; index++) bytes[size + index] = bits >> (16 - 8 * index);
    return size + count;
  }
}

function strange(): Error {
  return damaged("its armor holds what no armor holds");
}
