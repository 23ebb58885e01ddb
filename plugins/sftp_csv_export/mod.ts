/**
 * The job type `sftp-csv-export`: an audience as a CSV file on a server.
 *
 * @module
 */
import { defineExport, definePlugin, type ExportJobDefinition, type PluginDefinition } from "@waybill/waybill";
import { fileService, localFolder, managedSftp, s3, sftp, sftpPgpPublic } from "../file_service/mod.ts";
import { checkpoint, type CheckpointSchema } from "./checkpoint.ts";
import { choices } from "./choices.ts";
import { config, type SftpCsvExportConfig } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { Checkpoint, CheckpointSchema } from "./checkpoint.ts";
export type { SftpCsvExportConfig, SftpCsvExportOptions } from "./config.ts";

/** Exports the members of an audience as a CSV file. */
export const sftpCsvExport: ExportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPublic, typeof managedSftp, typeof localFolder, typeof s3],
  SftpCsvExportConfig,
  CheckpointSchema
> = defineExport({
  id: "sftp-csv-export",
  title: "Export CSV via SFTP",
  summary: "Exports the members of an audience as a CSV file.",
  provider: fileService,
  direction: "export",
  auths: [sftp, sftpPgpPublic, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint,
  from: ({ audience, fields, additional_audiences, user_limit }) => ({
    audience,
    fields,
    memberships: additional_audiences,
    ...(user_limit === undefined ? {} : { limit: user_limit }),
  }),
  sources: { audience: "audience", fields: "fields" },
  choices,
  plan,
  run,
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "sftp-csv-export",
  version: "0.1.0",
  api: 1,
  jobs: [sftpCsvExport],
});
