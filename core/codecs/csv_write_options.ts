/**
 * What the CSV writer takes.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { MemberColumn } from "../contracts/members.ts";
import { parseDelimiter } from "./csv_options.ts";

/** Columns behind those of the fields, in this order. */
export interface CsvExtras {
  /** What each row's `audience_name` is; absent: no such column. */
  readonly audienceName?: string;
  /** What each row's `audience_slug` is; absent: no such column. */
  readonly audienceSlug?: string;
  /** Whether there is a column `audiences`: the memberships of each member, joined. */
  readonly audiences?: boolean;
}

/** How to write a CSV file. */
export interface CsvWriterOptions {
  /** The columns of the file, in order. */
  readonly columns: readonly MemberColumn[];
  /** One code point; `t` and `\t` (a backslash and a t) mean a tab. Default: a comma. */
  readonly delimiter?: string;
  /** What ends each row. Default: CRLF, as RFC 4180 has it. */
  readonly lineEnd?: "crlf" | "lf";
  /** What stands between the values of one cell: one code point. Default: `&`. */
  readonly join?: string;
  /** Whether no cell may start a formula in a spreadsheet. Default: false. */
  readonly safe?: boolean;
  /** Further columns. */
  readonly extras?: CsvExtras;
}

/**
 * What stands between the values of a cell in a file whose cells `delimiter` separates.
 *
 * Throws a `Failure` of kind `config` for anything but one code point that can do so.
 */
export function parseJoin(text = "&", delimiter: string = parseDelimiter()): string {
  const single = [...text].length === 1 && text.isWellFormed();
  const hint = "Give one character such as & ; or |";
  if (!single || "\\\r\n\0\uFEFF".includes(text)) {
    throw new Failure("config", `Join ${JSON.stringify(text)} cannot stand between values`, { hint });
  }
  if (text !== delimiter) return text;
  throw new Failure("config", `Join ${JSON.stringify(text)} is the delimiter, too`, { hint: `${hint}, another one` });
}
