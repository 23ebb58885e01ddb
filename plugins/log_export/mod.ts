/**
 * The job type `log-export`: an app's raw logs, a file for each hour.
 *
 * @module
 */
import { defineLogExport, definePlugin, type LogExportJobDefinition, type PluginDefinition } from "@waybill/waybill";
import { bulk } from "../bulk/mod.ts";
import { localFolder, managedSftp, s3, sftp, sftpPgpPublic } from "../file_service/mod.ts";
import { checkpoint, type CheckpointSchema } from "./checkpoint.ts";
import { config, type LogExportConfig } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { Checkpoint, CheckpointSchema } from "./checkpoint.ts";
export type { LogExportConfig, LogExportOptions } from "./config.ts";

/** Exports the raw logs of an app. */
export const logExport: LogExportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPublic, typeof managedSftp, typeof localFolder, typeof s3],
  LogExportConfig,
  CheckpointSchema
> = defineLogExport({
  id: "log-export",
  title: "Log export",
  summary: "Exports the raw logs of an app, hour by hour, as they lie in the archive.",
  provider: bulk,
  direction: "export",
  reads: "logs",
  auths: [sftp, sftpPgpPublic, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint,
  from: ({ app }) => ({ app }),
  resultFile: "output",
  plan,
  run,
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "log-export",
  version: "0.1.0",
  api: 1,
  jobs: [logExport],
});
