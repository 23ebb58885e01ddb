/**
 * Writes the members of an audience as CSV bytes, straight from the JSON bytes of their attributes.
 *
 * @module
 */
import type { MemberBatch } from "../contracts/members.ts";
import { CellText } from "./cell_text.ts";
import { CsvCells, FORMULA_CLASSES } from "./csv_cells.ts";
import { headerLine } from "./csv_header_line.ts";
import { parseDelimiter } from "./csv_options.ts";
import { type CsvExtras, type CsvWriterOptions, parseJoin } from "./csv_write_options.ts";
import { ABSENT, FieldSpans, LITERAL, PLAIN_TEXT } from "./json_field_spans.ts";

const QUOTE = 0x22;

/** Room for what stands around the values of a row, beside its delimiters: quotes and apostrophes, by column. */
const CELL_MARGIN = 4;

/** Bytes that a byte of a row's JSON may become: `=` in a key, where it is the join as well. */
const GROWTH = 4;

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Makes the bytes of a CSV file: the header, then the rows of one batch after the other. */
export interface CsvWriter {
  /** Names of the file's columns, those of `extras` included. */
  readonly names: readonly string[];
  /** The header's row. */
  header(): Uint8Array<ArrayBuffer>;
  /** The rows of a batch, in memory of their own. */
  write(batch: MemberBatch): Uint8Array<ArrayBuffer>;
}

/**
 * Writes members as RFC 4180 has it, so that {@linkcode openCsv} reads every cell as it was.
 *
 * - A cell without a value is nothing at all, the empty text `""`: readers that care can tell them apart. In a file of one
 *   column a missing value is `""`, too: a blank line is no row.
 * - Texts, and with them times, stand as they are. Numbers, `true` and `false` are written as JSON writes them.
 * - The values of a list, and the entries `key=value` of a map, have `join` between them. A backslash takes the meaning of
 *   `join` and of a backslash away, in a key that of `=`, too. An empty list or map is the empty text. A list or map within
 *   another is JSON.
 * - Quotes stand only where they have to: around what holds a delimiter, a quote or a line end, and around the first name of
 *   a header that would make the file look like another one (`sep=…`, `ID…`, a byte order mark, `BZh…`).
 * - `safe` puts an apostrophe before a text that a spreadsheet could take for a formula: one that starts with
 *   `=` `+` `-` `@`, a tab, a line end or a NUL, or a full-width form of these (OWASP ASVS 5.0, 1.2.10). Numbers stay:
 *   `-5` is one, where it is stored as a number, or in a column of numbers, where any other text is none. So does every
 *   cell that starts otherwise.
 *
 * Throws a `Failure` of kind `config` for a delimiter or join that cannot be. `write` throws a `TypeError` for a batch that
 * does not hold what {@linkcode MemberBatch} says.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { csvWriter } from "@waybill/waybill/codecs";
 *
 * const writer = csvWriter({ columns: [{ name: "email", kind: "STRING" }, { name: "tags", kind: "[]STRING" }] });
 * const bytes = new TextEncoder().encode('{"email":"ada@example.com","tags":["a&b","c"]}');
 * const batch = { ids: Float64Array.of(7), bytes, rows: Uint32Array.of(0, bytes.length), share: 1 };
 * const file = [writer.header(), writer.write(batch)].map((part) => new TextDecoder().decode(part)).join("");
 * assert.equal(file, "email,tags\r\nada@example.com,a\\&b&c\r\n");
 * ```
 */
export function csvWriter(options: CsvWriterOptions): CsvWriter {
  const delimiter = parseDelimiter(options.delimiter);
  const join = parseJoin(options.join, delimiter);
  const { extras = {}, safe = false } = options;
  const separator = encoder.encode(delimiter);
  const lineEnd = encoder.encode(options.lineEnd === "lf" ? "\n" : "\r\n");
  const names = [...options.columns.map(({ name }) => name), ...extraNames(extras)];
  const rows = new RowWriter(options, { separator, lineEnd, join });
  return {
    names,
    header: () => headerLine(names, { delimiter, safe, lineEnd }),
    write: (batch) => rows.write(batch),
  };
}

/** Whether a text is the digits of one number: large integers are stored so. */
function isNumber(text: Uint8Array): boolean {
  return /^[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(decoder.decode(text));
}

function extraNames({ audienceName, audienceSlug, audiences }: CsvExtras): string[] {
  return [
    ...(audienceName === undefined ? [] : ["audience_name"]),
    ...(audienceSlug === undefined ? [] : ["audience_slug"]),
    ...(audiences === true ? ["audiences"] : []),
  ];
}

/** What stands between cells, rows and values. */
interface Marks {
  readonly separator: Uint8Array;
  readonly lineEnd: Uint8Array;
  readonly join: string;
}

/** The loop that turns JSON bytes into CSV bytes: no string and no object per row. */
class RowWriter {
  readonly #spans: FieldSpans;
  readonly #cells: CsvCells;
  readonly #text: CellText;
  /** What stands behind the fields in every row, up to the memberships: the line end where there are none. */
  readonly #tail: Uint8Array;
  readonly #memberships: boolean;
  readonly #safe: boolean;
  /** By field: whether texts are numbers, which never start a formula. What came by another way may be any text. */
  readonly #numeric: readonly boolean[];
  /** Whether numbers, `true` and `false` may hold the delimiter. */
  readonly #literalsAreText: boolean;
  /** Whether the file has one column. */
  readonly #single: boolean;

  constructor({ columns, safe = false, extras = {} }: CsvWriterOptions, private readonly marks: Marks) {
    const { separator, lineEnd, join } = marks;
    this.#spans = new FieldSpans(columns.map(({ name }) => name), separator[0]!);
    this.#cells = new CsvCells(separator);
    this.#text = new CellText(join);
    this.#safe = safe;
    this.#memberships = extras.audiences === true;
    this.#numeric = columns.map(({ kind }) => kind === "INT" || kind === "NUMBER");
    this.#literalsAreText = /[-+.\w]/.test(new TextDecoder().decode(separator));
    this.#single = columns.length + extraNames(extras).length === 1;
    const tail = new CsvCells(separator);
    let first = columns.length === 0;
    for (const constant of [extras.audienceName, extras.audienceSlug]) {
      if (constant === undefined) continue;
      if (!first) tail.raw(separator);
      tail.text(encoder.encode(constant), safe);
      first = false;
    }
    if (this.#memberships && !first) tail.raw(separator);
    if (!this.#memberships) tail.raw(lineEnd);
    this.#tail = tail.take();
  }

  write({ ids, bytes, rows, memberships }: MemberBatch): Uint8Array<ArrayBuffer> {
    const { separator } = this.marks;
    const { kinds, starts, ends } = this.#spans;
    const cells = this.#cells;
    const safe = this.#safe, literalsAreText = this.#literalsAreText;
    const margin = kinds.length * (separator.length + CELL_MARGIN) + this.#tail.length;
    const onlyComma = separator.length === 1, comma = separator[0]!;
    for (let row = 0; row < ids.length; row++) {
      const from = rows[row]!, to = rows[row + 1]!;
      this.#spans.find(bytes, from, to);
      cells.reserve(GROWTH * (to - from) + margin);
      let out = cells.bytes, put = cells.length;
      for (let field = 0; field < kinds.length; field++) {
        if (field > 0) {
          if (onlyComma) out[put++] = comma;
          else for (let index = 0; index < separator.length; index++) out[put++] = separator[index]!;
        }
        const kind = kinds[field]!;
        let start = starts[field]!, end = ends[field]!;
        if (kind === PLAIN_TEXT && end - start > 2 && !(safe && FORMULA_CLASSES[bytes[start + 1]!] !== 0)) {
          start++;
          end--;
        } else if (kind === ABSENT) {
          if (!this.#single) continue;
          out[put++] = QUOTE;
          out[put++] = QUOTE;
          continue;
        } else if (kind !== LITERAL || literalsAreText) {
          cells.length = put;
          this.#cell(bytes, start, end, kind, field);
          out = cells.bytes;
          put = cells.length;
          continue;
        }
        while (start < end) out[put++] = bytes[start++]!;
      }
      cells.length = put;
      cells.raw(this.#tail);
      if (this.#memberships) this.#audiences(memberships?.[row]);
    }
    return cells.take();
  }

  /** Writes a cell that is not its JSON's bytes. */
  #cell(bytes: Uint8Array, start: number, end: number, kind: number, field: number): void {
    if (kind === LITERAL) return this.#cells.text(bytes.subarray(start, end), false);
    const text = this.#text;
    text.write(bytes, start, end);
    const written = text.bytes.subarray(0, text.length);
    this.#cells.text(written, this.#safe && !(this.#numeric[field] && isNumber(written)));
  }

  #audiences(slugs: readonly string[] | undefined): void {
    const text = this.#text;
    if (slugs !== undefined) {
      text.writeTexts(slugs);
      this.#cells.text(text.bytes.subarray(0, text.length), this.#safe);
    } else if (this.#single) this.#cells.text(new Uint8Array(0), false);
    this.#cells.raw(this.marks.lineEnd);
  }
}
