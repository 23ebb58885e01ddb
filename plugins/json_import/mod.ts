/**
 * The job type `json-import`: one file of JSON lines into a stream.
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
import { fileService, localFolder, sftp, sftpPgpPrivate } from "../file_service/mod.ts";
import { checkpoint, type CheckpointSchema } from "./checkpoint.ts";
import { config, type JsonImportConfig } from "./config.ts";
import { run } from "./run.ts";

export type { Checkpoint, CheckpointSchema } from "./checkpoint.ts";
export type { JsonImportConfig, JsonImportOptions } from "./config.ts";

/** Imports the records of a JSON lines file as events of a stream. */
export const jsonImport: ImportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPrivate, typeof localFolder],
  JsonImportConfig,
  CheckpointSchema
> = defineJob({
  id: "json-import",
  title: "JSON import",
  summary: "Imports the records of a JSON lines file into a stream.",
  provider: fileService,
  direction: "import",
  auths: [sftp, sftpPgpPrivate, localFolder],
  config,
  schedule: "optional",
  checkpoint,
  into: importTarget,
  upload: {
    format: "json",
    contentTypes: ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"],
    stream: "stream",
    file: "file",
    without: ["folder"],
  },
  run: (context) => run(context),
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "json-import",
  version: "0.1.0",
  api: 1,
  jobs: [jsonImport],
});
