/**
 * What a JSON import is configured with.
 *
 * @module
 */
import { type FieldMeta, type ImportFields, importFields, nameList } from "@waybill/waybill";
import { z } from "zod";
import { areImported, type FileFields, fileFields, notImported } from "../file_service/imports/mod.ts";
import {
  checkMarker,
  type DiffFields,
  diffFields,
  type SequenceFields,
  sequenceFields,
} from "../file_service/sequence/mod.ts";

/** A JSON import's configuration, as a zod schema. */
export type JsonImportConfig = z.ZodObject<
  & Pick<ImportFields, keyof ImportFields>
  & Pick<FileFields, keyof FileFields>
  & Pick<SequenceFields, keyof SequenceFields>
  & Pick<DiffFields, keyof DiffFields>
  & {
    file: z.ZodOptional<z.ZodString>;
    timestamp_field: z.ZodOptional<z.ZodString>;
    fields: z.ZodDefault<z.ZodArray<z.ZodString>>;
  }
>;

/** A JSON import's configuration, parsed. */
export type JsonImportOptions = z.output<JsonImportConfig>;

/** The configuration. */
export const config: JsonImportConfig = z.object({
  ...importFields,
  ...fileFields,
  file: z.string().min(1, "must name a file").optional().meta(
    {
      title: "File",
      help: "File to import, by its name in the folder; of a sequence of dated files, the earliest. " +
        "With a prefix it may be left out: all files that the prefix matches are imported then.",
      placeholder: "customers.jsonl",
    } satisfies FieldMeta,
  ),
  ...sequenceFields,
  ...diffFields,
  timestamp_field: z.string().min(1).optional().meta(
    {
      title: "Timestamp field",
      help: "Field that holds the time of the event. " +
        "A record where it does not parse gets the time at which the run first started.",
      placeholder: "updated_at",
    } satisfies FieldMeta,
  ),
  fields: nameList().meta(
    {
      title: "Fields",
      help: "Fields to import, by their names at the top of each record. Left empty, all of them are.",
      placeholder: "customer_id,email,name",
    } satisfies FieldMeta,
  ),
}).refine((config) => areImported(config.identify_by, config), notImported("identify_by", "what identifies a profile"))
  .refine((config) => areImported(config.diff_keys, config), notImported("diff_keys", "what tells which record it is"))
  .check(checkMarker);
