/**
 * The job type `json-import`: files of JSON lines into a stream.
 *
 * @module
 */
import {
  defineJob,
  definePlugin,
  type ImportJobDefinition,
  importTarget,
  type PluginDefinition,
} from "@waybill/waybill";
import { fileService, localFolder, managedSftp, s3, sftp, sftpPgpPrivate } from "../file_service/mod.ts";
import { checkSequence, SERVER_OPTIONS } from "../file_service/sequence/mod.ts";
import { checkpoint, type CheckpointSchema } from "./checkpoint.ts";
import { choices } from "./choices.ts";
import { config, type JsonImportConfig } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { Checkpoint, CheckpointSchema, FilePosition, FilePositionSchema } from "./checkpoint.ts";
export type { JsonImportConfig, JsonImportOptions } from "./config.ts";

/** Imports the records of JSON lines files as events of a stream. */
export const jsonImport: ImportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPrivate, typeof managedSftp, typeof localFolder, typeof s3],
  JsonImportConfig,
  CheckpointSchema
> = defineJob({
  id: "json-import",
  title: "JSON import",
  summary: "Imports the records of a JSON lines file into a stream.",
  provider: fileService,
  direction: "import",
  auths: [sftp, sftpPgpPrivate, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint,
  into: importTarget,
  check: checkSequence,
  upload: {
    format: "json",
    contentTypes: ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"],
    stream: "stream",
    file: "file",
    encoding: "encoding",
    without: SERVER_OPTIONS,
  },
  choices,
  plan,
  run: (context) => run(context),
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "json-import",
  version: "0.1.0",
  api: 1,
  jobs: [jsonImport],
});
