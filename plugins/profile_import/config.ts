/**
 * What a profile import is configured with.
 *
 * @module
 */
import { type FieldMeta, type ImportFields, importFields } from "@waybill/waybill";
import { parseDelimiter } from "@waybill/waybill/codecs";
import { z } from "zod";
import { type FileFields, fileFields, readableBy } from "../file_service/imports/mod.ts";
import { type SequenceFields, sequenceFields } from "../file_service/sequence/mod.ts";

/** A profile import's configuration, as a zod schema. */
export type ProfileImportConfig = z.ZodObject<
  & Pick<FileFields, "folder" | "members" | "encoding">
  & Pick<SequenceFields, keyof SequenceFields>
  & Pick<ImportFields, "reject_threshold">
  & {
    file: z.ZodOptional<z.ZodString>;
    app: z.ZodOptional<z.ZodString>;
    format: z.ZodDefault<z.ZodEnum<{ json: "json"; csv: "csv" }>>;
    delimiter: z.ZodOptional<z.ZodString>;
  }
>;

/** A profile import's configuration, parsed. */
export type ProfileImportOptions = z.output<ProfileImportConfig>;

const { folder, members, encoding } = fileFields;

/** The configuration. */
export const config: ProfileImportConfig = z.object({
  app: z.string().min(1).max(100).optional().meta(
    {
      title: "App",
      help: "App whose profiles are changed: its name or its id. Left empty, they are those of the account.",
      placeholder: "weather",
    } satisfies FieldMeta,
  ),
  format: z.enum(["json", "csv"]).default("json").meta(
    {
      title: "Format",
      help: "What the file holds: operations in JSON lines, or CSV whose first column is the customer id and whose " +
        "other cells are assigned to the attributes in the header.",
    } satisfies FieldMeta,
  ),
  folder,
  file: z.string().min(1, "must name a file").optional().meta(
    {
      title: "File",
      help: "File to import, by its name in the folder; of a sequence of dated files, the earliest. " +
        "With a prefix it may be left out: all files that the prefix matches are imported then.",
      placeholder: "changes.jsonl",
    } satisfies FieldMeta,
  ),
  reject_threshold: importFields.reject_threshold,
  delimiter: z.string().check(readableBy(parseDelimiter)).optional().meta(
    {
      title: "Delimiter",
      help: "What separates the cells of a CSV file: one character, `t` for a tab. " +
        "Left empty, it is a comma, or what a first line such as `sep=;` says.",
      placeholder: ";",
      advanced: true,
    } satisfies FieldMeta,
  ),
  members,
  encoding,
  ...sequenceFields,
});
