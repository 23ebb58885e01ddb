/**
 * Tells files that are no CSV text by their first bytes.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { isBinaryPgp } from "./decode/pgp_start.ts";

/** How many bytes from the start of a file {@linkcode refuseBinary} looks at. */
export const SNIFF_BYTES = 8_192;

interface Signature {
  readonly magic: readonly number[] | string;
  /** Where `magic` stands, with a NUL somewhere before it, as no text has it; at the start unless told. */
  readonly at?: number;
  readonly what: string;
  readonly hint: string;
}

const DECRYPT_HINT = "Decrypt it first";
const UNPACK_HINT = "Unpack it first";
const CSV_HINT = "Choose a CSV text file";

/**
 * Share of {@linkcode controlPlaces} from which a file with a NUL in it is binary data. Of 22,152 such files of a Linux
 * system without a signature below, 99 % have 4 % and more; a text with a NUL in each of its rows stays below, unless
 * these are shorter than 25 bytes.
 */
const BINARY_SHARE = 0.04;

/** In a short file, a few bad rows are more than {@linkcode BINARY_SHARE}: so many places it takes at least. */
const BINARY_PLACES = 11;

const PGP = { what: "a PGP message", hint: DECRYPT_HINT };

const SIGNATURES: readonly Signature[] = [
  {
    magic: "PK\x03\x04",
    what: "a zip archive or an Excel workbook",
    hint: "Unpack it first, or save the sheet as CSV",
  },
  { magic: "PK\x05\x06", what: "an empty zip archive", hint: CSV_HINT },
  { magic: [0x1f, 0x8b], what: "gzip data", hint: UNPACK_HINT },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: "Zstandard data", hint: UNPACK_HINT },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], what: "xz data", hint: UNPACK_HINT },
  { magic: "BZh", what: "bzip2 data", hint: UNPACK_HINT },
  { magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], what: "a 7-Zip archive", hint: UNPACK_HINT },
  { magic: "Rar!\x1a\x07", what: "a RAR archive", hint: UNPACK_HINT },
  { magic: "-----BEGIN PGP ", ...PGP },
  { magic: "%PDF-", what: "a PDF document", hint: CSV_HINT },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], what: "an old Excel workbook", hint: "Save the sheet as CSV" },
  { magic: "ustar", at: 257, what: "a tar archive", hint: UNPACK_HINT },
  { magic: "PAR1", what: "a Parquet file", hint: "Convert it to CSV first" },
  { magic: "SQLite format 3\0", what: "a SQLite database", hint: "Export a table as CSV" },
  { magic: [0x89, 0x50, 0x4e, 0x47], what: "a PNG image", hint: CSV_HINT },
  { magic: [0xff, 0xd8, 0xff], what: "a JPEG image", hint: CSV_HINT },
  { magic: "GIF8", what: "a GIF image", hint: CSV_HINT },
  { magic: [0xff, 0xfe], what: "UTF-16 text", hint: "Set the encoding to utf-16le" },
  { magic: [0xfe, 0xff], what: "UTF-16 text", hint: "Set the encoding to utf-16be" },
];

/**
 * Throws a `Failure` of kind `data` that says what the file looks like, when its first bytes (up to
 * {@linkcode SNIFF_BYTES}) cannot start a text file. A NUL alone does not make it binary: the row that holds it is
 * rejected, and the others are read. `delimiter` may be a control character, which then is none.
 */
export function refuseBinary(head: Uint8Array, name: string, delimiter: string): void {
  const bytes = head.subarray(0, SNIFF_BYTES);
  const signature = signatureOf(bytes) ?? nulText(bytes, delimiter);
  if (signature === undefined) return;
  throw new Failure("data", `File "${name}" is ${signature.what}, not CSV text`, { hint: signature.hint });
}

/** Whether text starts like another kind of file, which {@linkcode refuseBinary} takes it for. */
export function looksLikeAnother(text: Uint8Array): boolean {
  return signatureOf(text.subarray(0, SNIFF_BYTES)) !== undefined;
}

function signatureOf(bytes: Uint8Array): Pick<Signature, "what" | "hint"> | undefined {
  return SIGNATURES.find(({ magic, at }) => holds(bytes, magic, at)) ?? (isBinaryPgp(bytes) ? PGP : undefined);
}

function holds(bytes: Uint8Array, magic: readonly number[] | string, at = 0): boolean {
  if (bytes.length < at + magic.length || (at > 0 && !bytes.subarray(0, at).includes(0))) return false;
  for (let i = 0; i < magic.length; i++) {
    if (bytes[at + i] !== (typeof magic === "string" ? magic.charCodeAt(i) : magic[i])) return false;
  }
  return true;
}

/** UTF-16 without a byte order mark, where every other byte is a NUL, or binary data: NULs among many control bytes. */
function nulText(bytes: Uint8Array, delimiter: string): Pick<Signature, "what" | "hint"> | undefined {
  let even = 0;
  let odd = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) i % 2 === 0 ? even++ : odd++;
  if (even + odd === 0) return undefined;
  const half = bytes.length / 2;
  if (odd > half * 0.7 && even < half * 0.1) return { what: "UTF-16 text", hint: "Set the encoding to utf-16le" };
  if (even > half * 0.7 && odd < half * 0.1) return { what: "UTF-16 text", hint: "Set the encoding to utf-16be" };
  const places = controlPlaces(bytes, delimiter.charCodeAt(0));
  if (places < BINARY_PLACES || places < BINARY_SHARE * bytes.length) return undefined;
  return { what: "binary data", hint: CSV_HINT };
}

/** Where control bytes stand that no text needs. Equal ones side by side count once: a hole of NULs is one bad row. */
function controlPlaces(bytes: Uint8Array, delimiter: number): number {
  let places = 0;
  let before = -1;
  for (const byte of bytes) {
    const control = byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d;
    if (control && byte !== before && byte !== delimiter) places++;
    before = byte;
  }
  return places;
}
