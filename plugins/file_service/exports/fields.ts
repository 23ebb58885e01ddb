/**
 * Configuration fields of every job type that exports members as a CSV file; a plugin picks those that it has.
 *
 * @module
 */
import { type FieldMeta, nameList } from "@waybill/waybill";
import { parseDelimiter, parseJoin } from "@waybill/waybill/codecs";
import { z } from "zod";
import { readableBy } from "../imports/mod.ts";

/** Ways to compress a file. */
export const COMPRESSIONS = ["none", "gzip", "zip"] as const;

/** A way to compress a file. */
export type Compression = typeof COMPRESSIONS[number];

/** The shape of {@linkcode exportFields}. */
export interface ExportFields {
  /** Whose members are exported. */
  audience: z.ZodString;
  /** How the file is compressed. */
  compress: z.ZodDefault<z.ZodEnum<{ [Key in Compression]: Key }>>;
  /** Whether the names of the columns are its first row. */
  include_headers: z.ZodDefault<z.ZodBoolean>;
  /** Whether there is a column with the audience's name. */
  audience_name: z.ZodDefault<z.ZodBoolean>;
  /** Whether there is a column with the audience's slug. */
  audience_slug: z.ZodDefault<z.ZodBoolean>;
  /** Whether there is a column with each member's audiences. */
  additional_audiences: z.ZodDefault<z.ZodBoolean>;
  /** The fields that are exported. */
  fields: z.ZodDefault<z.ZodArray<z.ZodString>>;
  /** Most members. */
  user_limit: z.ZodOptional<z.ZodInt>;
  /** Stands between cells. */
  delimiter: z.ZodDefault<z.ZodString>;
  /** Stands between the values of a cell. */
  join: z.ZodDefault<z.ZodString>;
  /** Ends each row. */
  line_ending: z.ZodDefault<z.ZodEnum<{ crlf: "crlf"; lf: "lf" }>>;
  /** Whether no cell may start a formula. */
  spreadsheet_safe: z.ZodDefault<z.ZodBoolean>;
  /** How much an export may differ in size from the one before, in percent. */
  hold_change: z.ZodOptional<z.ZodNumber>;
}

/** The fields, in the order in which they are shown. */
export const exportFields: ExportFields = {
  audience: z.string().min(1, "must name an audience").meta(
    {
      title: "Audience",
      help: "Slug or id of the audience whose members are exported; `all` is everybody.",
      placeholder: "newsletter",
    } satisfies FieldMeta,
  ),
  compress: z.enum(COMPRESSIONS).default("none").meta(
    { title: "Compress", help: "How the file is compressed." } satisfies FieldMeta,
  ),
  include_headers: z.boolean().default(true).meta(
    { title: "Include headers", help: "Write the names of the columns as the first row." } satisfies FieldMeta,
  ),
  audience_name: z.boolean().default(false).meta(
    { title: "Audience name", help: "Add a column `audience_name` with the name of the audience." } satisfies FieldMeta,
  ),
  audience_slug: z.boolean().default(false).meta(
    { title: "Audience slug", help: "Add a column `audience_slug` with the slug of the audience." } satisfies FieldMeta,
  ),
  additional_audiences: z.boolean().default(false).meta(
    {
      title: "Additional audiences",
      help: "Add a column `audiences` with the slugs of all audiences that the member is in.",
    } satisfies FieldMeta,
  ),
  fields: nameList().meta(
    {
      title: "Fields to export",
      help: "Fields to export, in the order of the columns. Left empty, every field is, sorted by name.",
      placeholder: "email,first_name,tags",
    } satisfies FieldMeta,
  ),
  user_limit: z.int().min(1, "must be 1 or more; leave it out to export everybody").optional().meta(
    {
      title: "User limit",
      help: "Most members to export. Left empty, all of them are.",
      placeholder: "1000",
    } satisfies FieldMeta,
  ),
  delimiter: z.string().check(readableBy(parseDelimiter)).default(",").meta(
    {
      title: "Custom delimiter",
      help: "Character that separates cells, such as `|`; for a tab give `t` or `\\t`.",
      placeholder: "|",
    } satisfies FieldMeta,
  ),
  join: z.string().check(readableBy((text) => parseJoin(text, ""))).default("&").meta(
    {
      title: "Custom join",
      help: "Character between the values of a cell. Within a value, a backslash before it takes its meaning away.",
    } satisfies FieldMeta,
  ),
  line_ending: z.enum(["crlf", "lf"]).default("crlf").meta(
    {
      title: "Line ending",
      help: "What ends each row: `crlf` as RFC 4180 has it, or `lf`.",
      advanced: true,
    } satisfies FieldMeta,
  ),
  spreadsheet_safe: spreadsheetSafe(false),
  hold_change: z.number().positive("must be more than 0").max(1_000_000).optional().meta(
    {
      title: "Hold change",
      help: "Percentage by which an export may be larger or smaller than the one before; beyond it, the run is held " +
        "until somebody approves it.",
      placeholder: "20",
      advanced: true,
    } satisfies FieldMeta,
  ),
};

/** The field `spreadsheet_safe`, by what it is unless told. */
export function spreadsheetSafe(standing: boolean): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(standing).meta(
    {
      title: "Spreadsheet safe",
      help: "Put an apostrophe before texts that a spreadsheet would take for a formula.",
      advanced: true,
    } satisfies FieldMeta,
  );
}

/** What an export has of its configuration, read. A plugin that has no such field gives what stands for it. */
export type ExportOptions = z.output<z.ZodObject<Pick<ExportFields, keyof ExportFields>>>;

/** Refuses one character for both: it would be read as either. Give it to `check` of the configuration. */
export const checkMarks: z.core.CheckFn<Pick<ExportOptions, "delimiter" | "join">> = ({ value, issues }) => {
  const { delimiter, join } = value;
  if (parseDelimiter(delimiter) !== join) return;
  issues.push({ code: "custom", input: join, path: ["join"], message: "must be another character than the delimiter" });
};
