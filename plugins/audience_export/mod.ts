/**
 * The job type `audience-export`: what an audience's members are known by, as JSON lines.
 *
 * @module
 */
import { defineExport, definePlugin, type ExportJobDefinition, type PluginDefinition } from "@waybill/waybill";
import { resultPosition, type ResultPositionSchema } from "../bulk/exports/mod.ts";
import { bulk } from "../bulk/mod.ts";
import { localFolder, managedSftp, s3, sftp, sftpPgpPublic } from "../file_service/mod.ts";
import { type AudienceExportConfig, config } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { AudienceExportConfig, AudienceExportOptions } from "./config.ts";

/** Exports the identifiers of an audience's members. */
export const audienceExport: ExportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPublic, typeof managedSftp, typeof localFolder, typeof s3],
  AudienceExportConfig,
  ResultPositionSchema
> = defineExport({
  id: "audience-export",
  title: "Audience export",
  summary: "Exports an identifier of each member of an audience, as JSON lines.",
  provider: bulk,
  direction: "export",
  auths: [sftp, sftpPgpPublic, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint: resultPosition,
  from: ({ audience, identifier_type: identifier }) => ({ audience, identifier }),
  sources: { audience: "audience" },
  resultFile: "output",
  plan,
  run,
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "audience-export",
  version: "0.1.0",
  api: 1,
  jobs: [audienceExport],
});
