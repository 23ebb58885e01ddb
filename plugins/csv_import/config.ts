/**
 * What a CSV import is configured with.
 *
 * @module
 */
import { type FieldMeta, type ImportFields, importFields, nameList } from "@waybill/waybill";
import { parseDelimiter } from "@waybill/waybill/codecs";
import { z } from "zod";
import { areImported, type FileFields, fileFields, notImported, readableBy } from "../file_service/imports/mod.ts";
import {
  checkMarker,
  type DiffFields,
  diffFields,
  type SequenceFields,
  sequenceFields,
} from "../file_service/sequence/mod.ts";

/** A CSV import's configuration, as a zod schema. */
export type CsvImportConfig = z.ZodObject<
  & Pick<ImportFields, keyof ImportFields>
  & Pick<FileFields, keyof FileFields>
  & Pick<SequenceFields, keyof SequenceFields>
  & Pick<DiffFields, keyof DiffFields>
  & {
    file: z.ZodString;
    delimiter: z.ZodOptional<z.ZodString>;
    timestamps: z.ZodDefault<z.ZodArray<z.ZodString>>;
    fields: z.ZodDefault<z.ZodArray<z.ZodString>>;
    multi_value: z.ZodDefault<z.ZodArray<z.ZodString>>;
    join: z.ZodDefault<z.ZodString>;
  }
>;

/** A CSV import's configuration, parsed. */
export type CsvImportOptions = z.output<CsvImportConfig>;

/** The configuration. */
export const config: CsvImportConfig = z.object({
  ...importFields,
  ...fileFields,
  file: z.string().min(1, "must name a file").meta(
    {
      title: "File",
      help: "File to import, by its name in the folder; of a sequence of dated files, the earliest.",
      placeholder: "customers.csv",
    } satisfies FieldMeta,
  ),
  ...sequenceFields,
  ...diffFields,
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
}).refine((config) => areImported(config.identify_by, config), notImported("identify_by", "what identifies a profile"))
  .refine((config) => areImported(config.diff_keys, config), notImported("diff_keys", "what tells which row it is"))
  .check(checkMarker);
