/**
 * Cells of a CSV file as growing bytes: quoted where they have to be.
 *
 * @module
 */
import { CR, LF, QUOTE, startsWith } from "./csv_bytes.ts";

const APOSTROPHE = 0x27;

/** The first bytes of texts that spreadsheets take for a formula, or drop: NUL tab LF CR + - = @. */
const FORMULA_STARTS: readonly number[] = [0x00, 0x09, LF, CR, 0x2b, 0x2d, 0x3d, 0x40];
/** The full-width forms of + - = @ in UTF-8: the first two bytes, then each one's last. */
const [WIDE_FIRST, WIDE_SECOND, WIDE_LASTS] = [0xef, 0xbc, [0x8b, 0x8d, 0x9d, 0xa0]];

/** By the first byte of a text, whether it may start a formula: 1 yes, 2 that is for {@linkcode startsFormula} to say. */
export const FORMULA_CLASSES = Uint8Array.from(
  { length: 256 },
  (_, byte) => FORMULA_STARTS.includes(byte) ? 1 : byte === WIDE_FIRST ? 2 : 0,
);

/** Whether a spreadsheet may take a text for a formula, or drop its start (OWASP ASVS 5.0, 1.2.10). */
export function startsFormula(text: Uint8Array): boolean {
  const known = FORMULA_CLASSES[text[0] ?? 0x20];
  return known === 1 || (known === 2 && text[1] === WIDE_SECOND && WIDE_LASTS.includes(text[2]!));
}

/** Bytes that grow as cells are written to them. */
export class CsvCells {
  /** What is written, and room behind it. Another array after a write that needed more. */
  bytes = new Uint8Array(65_536);
  /** Where the next byte goes. */
  length = 0;

  /** `delimiter` separates the cells. */
  constructor(private readonly delimiter: Uint8Array) {}

  /** Makes room for so many bytes more. */
  reserve(size: number): void {
    const need = this.length + size;
    if (need <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(need, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /**
   * Writes a cell that says `text`: in quotes where it is empty, which tells it from a missing value, or holds a delimiter,
   * a quote or a line end (RFC 4180, 2.6 and 2.7), or where `quoted` wants it. `safe` puts an apostrophe before what may
   * start a formula.
   */
  text(text: Uint8Array, safe: boolean, quoted = false): void {
    const { delimiter } = this;
    this.reserve(2 * text.length + 3);
    const { bytes } = this;
    const first = this.length + 1;
    let put = first;
    let special = quoted || text.length === 0;
    if (safe && startsFormula(text)) {
      bytes[put++] = APOSTROPHE;
      special ||= delimiter[0] === APOSTROPHE;
    }
    for (let at = 0; at < text.length; at++) {
      const byte = text[at]!;
      if (byte === QUOTE) bytes[put++] = QUOTE;
      bytes[put++] = byte;
      if (byte === QUOTE || byte === LF || byte === CR) special = true;
      else if (byte === delimiter[0] && startsWith(text, at, delimiter)) special = true;
    }
    if (special) {
      bytes[first - 1] = QUOTE;
      bytes[put++] = QUOTE;
    } else bytes.copyWithin(first - 1, first, put--);
    this.length = put;
  }

  /** What is written, in memory of its own; the next write starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}
