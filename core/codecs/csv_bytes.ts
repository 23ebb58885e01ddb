/**
 * What each byte means to the CSV scanner, and how it is written in JSON.
 *
 * @module
 */

/** Copied as it stands. */
export const PLAIN = 0;
/** Needs a look at the bytes that follow: the first byte of a code point beyond ASCII. */
export const WIDE = 1;
/** Written as a JSON escape. */
export const ESCAPE = 2;
/** A NUL, which also guards the end of the window. */
export const NUL = 3;
/** Ends a quoted cell, or starts an escaped quote. */
export const QUOTE_END = 4;
/** The delimiter, or its first byte where it is beyond ASCII. */
export const DELIMITER = 5;
/** A line feed outside quotes. */
export const LINE_FEED = 6;
/** A carriage return outside quotes. */
export const CARRIAGE_RETURN = 7;

export const LF = 0x0a;
export const CR = 0x0d;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;

/** The table for bytes inside quotes. */
export function quotedClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  classes.fill(ESCAPE, 0, 0x20);
  classes.fill(WIDE, 0x80);
  classes[0] = NUL;
  classes[QUOTE] = QUOTE_END;
  classes[BACKSLASH] = ESCAPE;
  return classes;
}

/** The table for bytes outside quotes, where a quote is an ordinary character. */
export function unquotedClasses(delimiter: Uint8Array): Uint8Array {
  const classes = quotedClasses();
  classes[QUOTE] = ESCAPE;
  classes[LF] = LINE_FEED;
  classes[CR] = CARRIAGE_RETURN;
  classes[delimiter[0] ?? 0x2c] = DELIMITER;
  return classes;
}

/** How `JSON.stringify` writes every ASCII byte that it escapes: at most six bytes each. */
export const JSON_ESCAPES: readonly Uint8Array[] = Array.from(
  { length: 128 },
  (_, code) => new TextEncoder().encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
);

/**
 * Length of the well-formed UTF-8 sequence beyond ASCII that starts at `i`, or 0 where there is none (Unicode 16,
 * table 3-7: no overlong forms, no surrogates, nothing past U+10FFFF). Bytes at and past `end` do not count.
 */
export function utf8Length(bytes: Uint8Array, i: number, end: number): number {
  const lead = bytes[i] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const second = i + 1 < end ? bytes[i + 1] ?? 0 : 0;
  if (lead < 0xe0) return (second & 0xc0) === 0x80 ? 2 : 0;
  if (second < (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80)) return 0;
  if (second > (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf)) return 0;
  const third = i + 2 < end ? bytes[i + 2] ?? 0 : 0;
  if ((third & 0xc0) !== 0x80) return 0;
  if (lead < 0xf0) return 3;
  const fourth = i + 3 < end ? bytes[i + 3] ?? 0 : 0;
  return (fourth & 0xc0) === 0x80 ? 4 : 0;
}

/**
 * Offset of the first line end at or after `from`, or -1. A carriage return as the last byte counts only when
 * `final`, since a line feed may follow.
 */
export function findLineEnd(bytes: Uint8Array, from: number, end: number, final: boolean): number {
  for (let i = from; i < end; i++) {
    const byte = bytes[i];
    if (byte === LF) return i;
    if (byte === CR) return i + 1 < end || final ? i : -1;
  }
  return -1;
}

/** Offset past the line end that starts at `i`. */
export function skipLineEnd(bytes: Uint8Array, i: number, end: number): number {
  return bytes[i] === CR && i + 1 < end && bytes[i + 1] === LF ? i + 2 : i + 1;
}

/** Whether `prefix` stands at `at`. */
export function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

/** Bytes past the last one that {@linkcode copyWords} may read and write. */
export const WORD_SLACK = 3;

/**
 * Copies bytes by words of four, so up to {@linkcode WORD_SLACK} more than `length`: whatever follows is to be written
 * over these. Copies nothing where they have no room, which whoever goes on from there has to notice by the length.
 */
export function copyWords(from: DataView, start: number, to: DataView, at: number, length: number): void {
  if (at + length + WORD_SLACK > to.byteLength) return;
  for (let i = 0; i < length; i += 4) to.setInt32(at + i, from.getInt32(start + i, true), true);
}
