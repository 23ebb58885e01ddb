/**
 * The job type `audience-import`: the members of an app's list audience, from a file of ids.
 *
 * @module
 */
import { defineJob, definePlugin, type ImportJobDefinition, type PluginDefinition } from "@waybill/waybill";
import { bulk } from "../bulk/mod.ts";
import { localFolder, managedSftp, s3, sftp, sftpPgpPrivate } from "../file_service/mod.ts";
import { checkpoint, type FilePositionSchema } from "./checkpoint.ts";
import { type AudienceImportConfig, config, into } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { FilePosition, FilePositionSchema } from "./checkpoint.ts";
export type { AudienceImportConfig, AudienceImportOptions } from "./config.ts";

/** Replaces the members of a list audience, all of them at once. */
export const audienceImport: ImportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPrivate, typeof managedSftp, typeof localFolder, typeof s3],
  AudienceImportConfig,
  FilePositionSchema
> = defineJob({
  id: "audience-import",
  title: "Audience import",
  summary: "Makes the ids in a file of JSON lines the members of an audience of an app.",
  provider: bulk,
  direction: "import",
  auths: [sftp, sftpPgpPrivate, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint,
  into,
  formFile: "file",
  plan,
  run: (context) => run(context),
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "audience-import",
  version: "0.1.0",
  api: 1,
  jobs: [audienceImport],
});
