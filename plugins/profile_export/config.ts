/**
 * What a profile export is configured with.
 *
 * @module
 */
import type { FieldMeta } from "@waybill/waybill";
import { z } from "zod";
import { output } from "../bulk/exports/mod.ts";

/** A profile export's configuration, as a zod schema. */
export type ProfileExportConfig = z.ZodObject<{
  table: z.ZodDefault<z.ZodString>;
  job_type: z.ZodDefault<z.ZodEnum<{ profile: "profile"; profile_changes: "profile_changes" }>>;
  output: typeof output;
}>;

/** A profile export's configuration, parsed. */
export type ProfileExportOptions = z.output<ProfileExportConfig>;

/** The configuration. */
export const config: ProfileExportConfig = z.object({
  table: z.string().min(1).max(64).default("user").meta(
    {
      title: "Table",
      help: "Profile table that is exported: its name, or its number (`profiledb_id`).",
      placeholder: "weather",
    } satisfies FieldMeta,
  ),
  job_type: z.enum(["profile", "profile_changes"]).default("profile").meta(
    {
      title: "Job type",
      help:
        "`profile`: every profile. `profile_changes`: what changed since the results that the bulk APIs last gave, once " +
        "their export is enabled.",
    } satisfies FieldMeta,
  ),
  output,
});
