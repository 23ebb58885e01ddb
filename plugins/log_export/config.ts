/**
 * What a log export is configured with.
 *
 * @module
 */
import type { FieldMeta } from "@waybill/waybill";
import { z } from "zod";
import { hourNamed } from "./hour_names.ts";

/** A log export's configuration, as a zod schema. */
export type LogExportConfig = z.ZodObject<{
  app: z.ZodString;
  hour: z.ZodOptional<z.ZodString>;
  output: z.ZodOptional<z.ZodString>;
}>;

/** A log export's configuration, parsed. */
export type LogExportOptions = z.output<LogExportConfig>;

/** The configuration. */
export const config: LogExportConfig = z.object({
  app: z.string().min(1).max(100).meta(
    {
      title: "App",
      help: "App whose raw logs are exported: its name or its id.",
      placeholder: "weather",
    } satisfies FieldMeta,
  ),
  hour: z.string().refine((text) => hourNamed(text) !== undefined, 'must be an hour such as "2017-04-01T14"').optional()
    .meta(
      {
        title: "Hour",
        help:
          "Hour in UTC, such as 2017-04-01T14. Left out, the last that is complete; a saved job goes on from the last " +
          "that it has exported, with a file for each hour since.",
        placeholder: "2017-04-01T14",
      } satisfies FieldMeta,
    ),
  output: z.string().min(1).max(1000).optional().meta(
    {
      title: "Output",
      help:
        "File to write: without an auth one of this machine, `-` for standard output, or left out for a link to the " +
        "file; with an auth a path there, in which `{hour}` stands for the hour, or left out for `{hour}.log.gz`.",
      placeholder: "logs/{hour}.log.gz",
    } satisfies FieldMeta,
  ),
});
