/**
 * The job type `profile-export`: the profiles of a table, or what changed in them, as JSON lines.
 *
 * @module
 */
import { defineExport, definePlugin, type ExportJobDefinition, type PluginDefinition } from "@waybill/waybill";
import { resultPosition, type ResultPositionSchema } from "../bulk/exports/mod.ts";
import { bulk } from "../bulk/mod.ts";
import { localFolder, managedSftp, s3, sftp, sftpPgpPublic } from "../file_service/mod.ts";
import { config, type ProfileExportConfig } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { ProfileExportConfig, ProfileExportOptions } from "./config.ts";

/** Exports the profiles of a table, or their changes. */
export const profileExport: ExportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPublic, typeof managedSftp, typeof localFolder, typeof s3],
  ProfileExportConfig,
  ResultPositionSchema
> = defineExport({
  id: "profile-export",
  title: "Profile export",
  summary: "Exports every profile of a table, or what changed in them, as JSON lines.",
  provider: bulk,
  direction: "export",
  auths: [sftp, sftpPgpPublic, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint: resultPosition,
  from: ({ table, job_type }) => ({
    audience: "all",
    table,
    rows: job_type === "profile" ? "profiles" : "changes",
  }),
  resultFile: "output",
  plan,
  run,
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "profile-export",
  version: "0.1.0",
  api: 1,
  jobs: [profileExport],
});
