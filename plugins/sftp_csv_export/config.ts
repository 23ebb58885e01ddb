/**
 * What an export of CSV files to a server is configured with.
 *
 * @module
 */
import type { FieldMeta } from "@waybill/waybill";
import { z } from "zod";
import { checkMarks, type ExportFields, exportFields, timestampFormat } from "../file_service/exports/mod.ts";

/** An export's configuration, as a zod schema. */
export type SftpCsvExportConfig = z.ZodObject<
  & Pick<ExportFields, keyof ExportFields>
  & {
    folder: z.ZodDefault<z.ZodString>;
    timestamp_format: typeof timestampFormat;
    manifest: z.ZodDefault<z.ZodBoolean>;
  }
>;

/** An export's configuration, parsed. */
export type SftpCsvExportOptions = z.output<SftpCsvExportConfig>;

const { audience, compress, ...others } = exportFields;

/** The configuration. */
export const config: SftpCsvExportConfig = z.object({
  audience,
  folder: z.string().default("").meta(
    {
      title: "Folder",
      help: "Folder to write to, which has to be there. It starts at the auth's folder, which it is when left empty.",
      placeholder: "exports",
    } satisfies FieldMeta,
  ),
  compress,
  ...others,
  timestamp_format: timestampFormat,
  manifest: z.boolean().default(false).meta(
    {
      title: "Manifest",
      help: "Write a signed manifest beside the file, which `export verify` compares it with.",
      advanced: true,
    } satisfies FieldMeta,
  ),
}).check(checkMarks);
