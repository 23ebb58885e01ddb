/**
 * What a CSV import is configured with.
 *
 * @module
 */
import { Failure, type FieldMeta, type ImportFields, importFields, nameList, nearest } from "@waybill/waybill";
import { parseDelimiter, parseEncoding, type TimestampFormat, timestampParser } from "@waybill/waybill/codecs";
import { z } from "zod";
import { type DiffFields, diffFields, type SequenceFields, sequenceFields } from "../file_service/sequence/mod.ts";

/** A CSV import's configuration, as a zod schema. */
export type CsvImportConfig = z.ZodObject<
  & Pick<ImportFields, keyof ImportFields>
  & Pick<SequenceFields, keyof SequenceFields>
  & Pick<DiffFields, keyof DiffFields>
  & {
    folder: z.ZodDefault<z.ZodString>;
    file: z.ZodString;
    members: z.ZodOptional<z.ZodString>;
    delimiter: z.ZodOptional<z.ZodString>;
    timestamps: z.ZodDefault<z.ZodArray<z.ZodString>>;
    timestamp_format: z.ZodDefault<z.ZodEnum<{ [Format in TimestampFormat]: Format }>>;
    timestamp_zone: z.ZodDefault<z.ZodString>;
    fields: z.ZodDefault<z.ZodArray<z.ZodString>>;
    multi_value: z.ZodDefault<z.ZodArray<z.ZodString>>;
    join: z.ZodDefault<z.ZodString>;
    encoding: z.ZodDefault<z.ZodString>;
  }
>;

/** A CSV import's configuration, parsed. */
export type CsvImportOptions = z.output<CsvImportConfig>;

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
function readableBy(parse: (text: string) => unknown, known?: () => Iterable<string>): z.core.CheckFn<string> {
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

/** The configuration. */
export const config: CsvImportConfig = z.object({
  ...importFields,
  folder: z.string().default("").meta(
    {
      title: "Folder",
      help: "Folder the file is in. It starts at the auth's folder, which it is when left empty.",
      placeholder: "daily",
    } satisfies FieldMeta,
  ),
  file: z.string().min(1, "must name a file").meta(
    {
      title: "File",
      help: "File to import, by its name in the folder; of a sequence of dated files, the earliest.",
      placeholder: "customers.csv",
    } satisfies FieldMeta,
  ),
  ...sequenceFields,
  ...diffFields,
  members: z.string().min(1).max(256).optional().meta(
    {
      title: "Members",
      help: "Which files of a zip archive to import, by a pattern: `*` is any characters but `/`, `**` any, `?` one. " +
        "Left empty, all of them are, in the order of their names.",
      placeholder: "orders-*.csv",
      advanced: true,
    } satisfies FieldMeta,
  ),
  delimiter: z.string().check(readableBy(parseDelimiter)).optional().meta(
    {
      title: "Delimiter",
      help: "Character that separates cells; for a tab give `t` or `\\t`. " +
        "Left empty, it is what a first line such as `sep=;` says, else a comma.",
      placeholder: ";",
    } satisfies FieldMeta,
  ),
  timestamps: nameList().meta(
    {
      title: "Timestamps",
      help: "Columns that hold the time of the event, most important first: the first that parses counts. " +
        "A row where none does gets the time at which the run first started.",
      placeholder: "updated_at,created_at",
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
  fields: nameList().meta(
    {
      title: "Fields",
      help: "Columns to import. Left empty, all of them are.",
      placeholder: "customer_id,email,name",
    } satisfies FieldMeta,
  ),
  multi_value: nameList().meta(
    {
      title: "Multi-value",
      help: "Columns whose cells hold several values: they are split, and become lists.",
      placeholder: "tags",
      advanced: true,
    } satisfies FieldMeta,
  ),
  join: z.string().regex(/^[^\\\n\r]$/u, "must be one character, and no backslash").default("&").meta(
    {
      title: "Join",
      help: "Character between the values of a cell. Before a backslash or itself, a backslash takes its meaning away.",
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
}).refine(({ fields, identify_by }) => fields.length === 0 || identify_by.every((field) => fields.includes(field)), {
  message: "must be among `fields`, or `fields` be left empty: what identifies a profile has to be imported",
  path: ["identify_by"],
}).refine(({ fields, diff_keys }) => fields.length === 0 || diff_keys.every((field) => fields.includes(field)), {
  message: "must be among `fields`, or `fields` be left empty: what tells which row it is has to be imported",
  path: ["diff_keys"],
});
