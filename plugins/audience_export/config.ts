/**
 * What an audience export is configured with.
 *
 * @module
 */
import { type FieldMeta, type Identifier, IDENTIFIERS } from "@waybill/waybill";
import { z } from "zod";
import { output } from "../bulk/exports/mod.ts";
import { exportFields } from "../file_service/exports/mod.ts";

/** An audience export's configuration, as a zod schema. */
export type AudienceExportConfig = z.ZodObject<{
  audience: typeof exportFields.audience;
  identifier_type: z.ZodEnum<{ [Key in Identifier]: Key }>;
  output: typeof output;
}>;

/** An audience export's configuration, parsed. */
export type AudienceExportOptions = z.output<AudienceExportConfig>;

/** The configuration. */
export const config: AudienceExportConfig = z.object({
  audience: exportFields.audience,
  identifier_type: z.enum(IDENTIFIERS).meta(
    {
      title: "Identifier type",
      help: "What each line names a member by; the account's settings say which field of profiles holds it.",
      placeholder: "email",
    } satisfies FieldMeta,
  ),
  output,
});
