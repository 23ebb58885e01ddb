/**
 * The first record of a CSV file: its cells, and a unique name for every column.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { CR, findLineEnd, LF, QUOTE, skipLineEnd, startsWith } from "./csv_bytes.ts";
import { CSV_MAX_COLUMNS, CSV_MAX_NAME_BYTES, type CsvHeader } from "./csv_options.ts";

/** A first line that is no row but tells the delimiter. */
export interface SeparatorLine {
  /** The line, without its end. */
  readonly text: string;
  /** What it says. */
  readonly delimiter: string;
  /** Offset of the next line. */
  readonly next: number;
}

/** Longest separator line in bytes: quoted, with a delimiter beyond the first plane. */
const SEPARATOR_BYTES = 10;

/**
 * The separator line that `bytes` start with: `sep=;`, as Excel reads and writes it, or `"sep=;"`, as other programs
 * quote it, in any case.
 */
export function readSeparatorLine(bytes: Uint8Array): SeparatorLine | undefined {
  const end = bytes.subarray(0, SEPARATOR_BYTES + 1).findIndex((byte) => byte === LF || byte === CR);
  const text = new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0)));
  const delimiter = /^("?)sep=([^"\0\uFEFF\uFFFD])\1$/iu.exec(text)?.[2];
  return delimiter === undefined ? undefined : { text, delimiter, next: skipLineEnd(bytes, end, bytes.length) };
}

/** The header's cells and where the record after it starts. */
export interface HeaderRecord {
  /** The cells, decoded, as they stand. */
  readonly cells: readonly string[];
  /** Offset of the next record in the window. */
  readonly next: number;
  /** Lines from the window's start to the next record. */
  readonly lines: number;
}

/**
 * Reads the first record that is not a blank line; `undefined` when `bytes` may end before it does.
 *
 * `name` is what a `Failure` of kind `data` calls the file.
 */
export function readHeaderRecord(
  bytes: Uint8Array,
  delimiter: Uint8Array,
  final: boolean,
  name: string,
): HeaderRecord | undefined {
  const end = bytes.length;
  let start = 0;
  let lines = 0;
  while (start < end && (bytes[start] === LF || bytes[start] === CR)) {
    if (findLineEnd(bytes, start, end, final) < 0) return undefined;
    start = skipLineEnd(bytes, start, end);
    lines++;
  }
  if (start >= end) {
    if (!final) return undefined;
    throw new Failure("data", `File "${name}" is empty`, { hint: "Check that the file was written completely" });
  }
  const stop = headerEnd(bytes, start, delimiter, final);
  if (stop === -1) return undefined;
  if (stop === -2) {
    throw new Failure("data", `The header of "${name}" holds a quoted cell that is not closed properly`, {
      hint: "Correct the quotes of the first line",
    });
  }
  const record = bytes.subarray(start, stop);
  if (record.includes(0)) throw new Failure("data", `The header of "${name}" holds a NUL`, { hint: ENCODING_HINT });
  let next = start;
  while (next < stop) {
    const lineEnd = findLineEnd(bytes, next, stop, true);
    if (lineEnd < 0) break;
    lines++;
    next = skipLineEnd(bytes, lineEnd, stop);
  }
  return {
    cells: headerCells(record, delimiter, name),
    next: stop < end ? skipLineEnd(bytes, stop, end) : end,
    lines: lines + 1,
  };
}

const ENCODING_HINT = "Name the file's encoding";

/** Offset of the header's line end; -1: not in the window; -2: its quotes are wrong. */
function headerEnd(bytes: Uint8Array, start: number, delimiter: Uint8Array, final: boolean): number {
  let quoted = false;
  let cellStart = true;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quoted) {
      if (byte !== QUOTE) continue;
      if (i + 1 >= bytes.length) return final ? bytes.length : -1;
      if (bytes[i + 1] === QUOTE) i++;
      else {
        quoted = false;
        const after = bytes[i + 1];
        if (after !== LF && after !== CR && !startsWith(bytes, i + 1, delimiter)) return -2;
      }
    } else if (byte === LF || byte === CR) return byte === CR && i + 1 >= bytes.length && !final ? -1 : i;
    else if (cellStart && byte === QUOTE) {
      quoted = true;
      cellStart = false;
    } else if (startsWith(bytes, i, delimiter)) {
      cellStart = true;
      i += delimiter.length - 1;
    } else cellStart = false;
  }
  if (!final) return -1;
  return quoted ? -2 : bytes.length;
}

/** The cells of a record whose quotes are known to be right. */
function headerCells(record: Uint8Array, delimiter: Uint8Array, name: string): string[] {
  let text: string;
  let separator: string;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    text = decoder.decode(record);
    separator = decoder.decode(delimiter);
  } catch (cause) {
    throw new Failure("data", `The header of "${name}" is not UTF-8`, { hint: ENCODING_HINT, cause });
  }
  const cells: string[] = [];
  for (let i = 0; i <= text.length; i += separator.length) {
    if (text[i] === '"') {
      let close = text.indexOf('"', i + 1);
      while (text[close + 1] === '"') close = text.indexOf('"', close + 2);
      cells.push(text.slice(i + 1, close).replaceAll('""', '"'));
      i = close + 1;
    } else {
      const stop = text.indexOf(separator, i);
      cells.push(text.slice(i, stop < 0 ? text.length : stop));
      i = stop < 0 ? text.length : stop;
    }
  }
  return cells;
}

/**
 * Names every column: cells are trimmed, an empty one becomes `column_3` (its position, from 1), the second `name`
 * becomes `name_2`; a made-up name never takes one that the file itself uses.
 */
export function nameColumns(cells: readonly string[], delimiter: string, name: string): CsvHeader {
  if (cells.length > CSV_MAX_COLUMNS) {
    throw new Failure("data", `The header of "${name}" has ${cells.length} columns, more than ${CSV_MAX_COLUMNS}`, {
      hint: "Check the delimiter, or split the file",
    });
  }
  const trimmed = cells.map((cell) => cell.trim());
  const long = trimmed.findIndex((cell) => new TextEncoder().encode(cell).length > CSV_MAX_NAME_BYTES);
  if (long >= 0) {
    const most = `${CSV_MAX_NAME_BYTES} bytes`;
    throw new Failure("data", `The name of column ${long + 1} in the header of "${name}" is longer than ${most}`, {
      hint: "Check that the first line is the header, its delimiter and its quotes",
    });
  }
  const taken = new Set(trimmed);
  const seen = new Set<string>();
  const copies = new Map<string, number>();
  const notes: string[] = [];
  const names = trimmed.map((cell, index) => {
    const position = index + 1;
    if (cell !== cells[index]) notes.push(`White space around the name of column ${position}, "${cell}", is dropped`);
    if (cell !== "" && !seen.has(cell)) {
      seen.add(cell);
      return cell;
    }
    const stem = cell === "" ? `column_${position}` : cell;
    let unique = stem;
    if (cell !== "" || taken.has(stem)) {
      let copy = copies.get(stem) ?? 1;
      do unique = `${stem}_${++copy}`; while (taken.has(unique));
      copies.set(stem, copy);
    }
    taken.add(unique);
    notes.push(
      cell === ""
        ? `Column ${position} has no name: it is read as "${unique}"`
        : `Column ${position} is another "${cell}": it is read as "${unique}"`,
    );
    return unique;
  });
  const only = cells.length === 1 ? trimmed[0] ?? "" : "";
  const other = [",", ";", "\t", "|"].find((candidate) => candidate !== delimiter && only.includes(candidate));
  return { names, delimiter, notes, ...(other === undefined ? {} : { otherDelimiter: other }) };
}
