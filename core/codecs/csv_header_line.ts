/**
 * The header of a CSV file that is written: one that nobody takes for something else.
 *
 * @module
 */
import { CsvCells } from "./csv_cells.ts";
import { readSeparatorLine } from "./csv_header.ts";
import { looksLikeAnother } from "./csv_sniff.ts";

const encoder = new TextEncoder();

/**
 * First names that are taken for something else: `ID` starts a SYLK file in spreadsheets, and `sep=` tells the delimiter. A
 * byte order mark, and before `-----BEGIN PGP` any white space, is passed over.
 */
const MISTAKEN = /^(?:ID|[Ss][Ee][Pp]=|\s)/;

/** What the header has in common with the rows. */
export interface HeaderMarks {
  /** Separates the cells. */
  readonly delimiter: string;
  /** Whether no name may start a formula. */
  readonly safe: boolean;
  /** Ends the row. */
  readonly lineEnd: Uint8Array;
}

/**
 * The row of the names. The first is in quotes where the file would look like another kind of file; a whole row such as
 * `sep=;`, which quotes do not help, has a line before it that tells the delimiter.
 */
export function headerLine(
  names: readonly string[],
  { delimiter, safe, lineEnd }: HeaderMarks,
): Uint8Array<ArrayBuffer> {
  const separator = encoder.encode(delimiter);
  const write = (quoted: boolean) => {
    const cells = new CsvCells(separator);
    names.forEach((name, index) => {
      if (index > 0) cells.raw(separator);
      cells.text(encoder.encode(name), safe, quoted && index === 0);
    });
    cells.raw(lineEnd);
    return cells.take();
  };
  const plain = write(false);
  const line = MISTAKEN.test(names[0] ?? "") || looksLikeAnother(plain) ? write(true) : plain;
  if (readSeparatorLine(line) === undefined) return line;
  const cells = new CsvCells(separator);
  cells.raw(encoder.encode(`sep=${delimiter}`));
  cells.raw(lineEnd);
  cells.raw(line);
  return cells.take();
}
