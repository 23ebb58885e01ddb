/**
 * Configuration fields of every job type that imports rows from files; spread them into its `config`.
 *
 * @module
 */
import { Failure, type FieldMeta, nearest } from "@waybill/waybill";
import { parseEncoding, type TimestampFormat, timestampParser } from "@waybill/waybill/codecs";
import { z } from "zod";

/** Encodings that files are in, by the names that people know. */
const ENCODINGS = [
  ..."auto utf8 utf-8 utf-16 utf-16le utf-16be windows-1250 windows-1251 windows-1252 windows-1253 windows-1254".split(
    " ",
  ),
  ..."iso-8859-1 iso-8859-2 iso-8859-15 latin1 macintosh koi8-r shift_jis euc-jp gbk gb18030 big5 euc-kr".split(" "),
];

/**
 * Checks a value with a parser of the codecs, so that a wrong one is told when the job is saved. `known` are values
 * that a mistyped one may have been meant to be.
 */
export function readableBy(parse: (text: string) => unknown, known?: () => Iterable<string>): z.core.CheckFn<string> {
  return ({ value, issues }) => {
    try {
      parse(value);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const near = nearest(value, known?.() ?? []);
      const hint = near === undefined ? lowerFirst(error.hint ?? "change it") : `did you mean "${near}"?`;
      issues.push({ code: "custom", input: value, message: `${error.message}: ${hint}` });
    }
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The shape of {@linkcode fileFields}. */
export interface FileFields {
  /** Folder that the files are in. */
  folder: z.ZodDefault<z.ZodString>;
  /** Which files of an archive are meant. */
  members: z.ZodOptional<z.ZodString>;
  /** How timestamps are written. */
  timestamp_format: z.ZodDefault<z.ZodEnum<{ [Format in TimestampFormat]: Format }>>;
  /** Time zone of those that name none. */
  timestamp_zone: z.ZodDefault<z.ZodString>;
  /** Text encoding of the files. */
  encoding: z.ZodDefault<z.ZodString>;
}

/** The keys `folder`, `members`, `timestamp_format`, `timestamp_zone` and `encoding`. */
export const fileFields: FileFields = {
  folder: z.string().default("").meta(
    {
      title: "Folder",
      help: "Folder the file is in. It starts at the auth's folder, which it is when left empty.",
      placeholder: "daily",
    } satisfies FieldMeta,
  ),
  members: z.string().min(1).max(256).optional().meta(
    {
      title: "Members",
      help: "Which files of a zip archive to import, by a pattern: `*` is any characters but `/`, `**` any, `?` one. " +
        "Left empty, all of them are, in the order of their names.",
      placeholder: "orders-*.csv",
      advanced: true,
    } satisfies FieldMeta,
  ),
  timestamp_format: z.enum(["auto", "iso8601", "rfc2822", "date", "mdy", "dmy", "unix", "unix-ms"]).default("auto")
    .meta(
      {
        title: "Timestamp format",
        help: "How timestamps are written. `auto` tells ISO 8601, RFC 2822 and Unix times (9 digits and more) apart; " +
          "dates with slashes are read only as `mdy` or `dmy`.",
        advanced: true,
      } satisfies FieldMeta,
    ),
  timestamp_zone: z.string().check(
    readableBy((zone) => timestampParser({ zone }), () => Intl.supportedValuesOf("timeZone")),
  ).default("UTC").meta(
    {
      title: "Timestamp zone",
      help: "IANA time zone of timestamps that name none.",
      placeholder: "Europe/Zurich",
      advanced: true,
    } satisfies FieldMeta,
  ),
  encoding: z.string().check(readableBy(parseEncoding, () => ENCODINGS)).default("auto").meta(
    {
      title: "Encoding",
      help:
        "Text encoding of the file. `auto` is UTF-8. A byte order mark of UTF-8 or UTF-16 stands above what is given.",
      placeholder: "windows-1252",
      advanced: true,
    } satisfies FieldMeta,
  ),
};

/** Whether the fields that are needed are imported: all are where none is chosen. */
export function areImported(needed: readonly string[], { fields }: { readonly fields: readonly string[] }): boolean {
  return fields.length === 0 || needed.every((field) => fields.includes(field));
}

/** What is said where fields of `key` are not imported; `what` they tell. */
export function notImported(key: string, what: string): { message: string; path: string[] } {
  return { message: `must be among \`fields\`, or \`fields\` be left empty: ${what} has to be imported`, path: [key] };
}
