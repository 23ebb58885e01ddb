/**
 * The job type `email-csv`: an audience's members as a CSV file, and a mail with the link to it.
 *
 * @module
 */
import { defineExport, definePlugin, type ExportJobDefinition, type PluginDefinition } from "@waybill/waybill";
import { email, fileService } from "../file_service/mod.ts";
import { checkpoint, type CheckpointSchema } from "./checkpoint.ts";
import { config, type EmailCsvConfig } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { Checkpoint, CheckpointSchema } from "./checkpoint.ts";
export type { EmailCsvConfig, EmailCsvOptions } from "./config.ts";

/** Mails a link to a CSV file of an audience's members. */
export const emailCsv: ExportJobDefinition<readonly [typeof email], EmailCsvConfig, CheckpointSchema> = defineExport({
  id: "email-csv",
  title: "Email CSV",
  summary: "Mails a link to a CSV file of an audience's members.",
  provider: fileService,
  direction: "export",
  auths: [email],
  config,
  schedule: "daily",
  checkpoint,
  from: ({ audience, fields, user_limit, additional_audiences }) => ({
    audience,
    fields,
    memberships: additional_audiences,
    ...(user_limit === undefined ? {} : { limit: user_limit }),
  }),
  sources: { audience: "audience", fields: "fields" },
  plan,
  run,
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "email-csv",
  version: "0.1.0",
  api: 1,
  jobs: [emailCsv],
});
