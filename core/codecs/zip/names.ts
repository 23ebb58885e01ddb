/**
 * Reads the names that a zip archive gives its entries.
 *
 * @module
 */
import { crc32 } from "node:zlib";

/** What the bytes from 0x80 on stand for in IBM's code page 437, which names are in unless they say otherwise. */
const CP437 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/**
 * A name as text. It is a label and nothing else: no path is ever made of it. Control characters, which could forge
 * lines of a log, become U+FFFD.
 *
 * Info-ZIP's field with the name in UTF-8 counts first, as long as it belongs to this name (APPNOTE 4.6.9); then UTF-8,
 * whatever the entry's flag says, where the bytes are that: macOS forgets the flag. Else it is code page 437.
 */
export function entryName(raw: Uint8Array, unicode: Uint8Array | undefined): string {
  const name = unicodeName(raw, unicode) ?? utf8(raw) ?? fromCp437(raw);
  return name.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

/** The content of Info-ZIP's field 0x7075: a version, the checksum of the other name, then this one. */
function unicodeName(raw: Uint8Array, field: Uint8Array | undefined): string | undefined {
  if (field === undefined || field.length < 5 || field[0] !== 1) return undefined;
  const checksum = new DataView(field.buffer, field.byteOffset).getUint32(1, true);
  return checksum === crc32(raw) ? utf8(field.subarray(5)) : undefined;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function fromCp437(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80]).join("");
}
