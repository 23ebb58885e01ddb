/**
 * The job type `csv-import`: CSV files into a stream.
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
import { config, type CsvImportConfig } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { Checkpoint, CheckpointSchema, FilePosition, FilePositionSchema } from "./checkpoint.ts";
export type { CsvImportConfig, CsvImportOptions } from "./config.ts";

/** Imports the rows of CSV files as events of a stream. */
export const csvImport: ImportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPrivate, typeof managedSftp, typeof localFolder, typeof s3],
  CsvImportConfig,
  CheckpointSchema
> = defineJob({
  id: "csv-import",
  title: "CSV import",
  summary: "Imports the rows of a CSV file into a stream.",
  provider: fileService,
  direction: "import",
  auths: [sftp, sftpPgpPrivate, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint,
  into: importTarget,
  check: checkSequence,
  upload: {
    format: "csv",
    contentTypes: ["text/csv"],
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
  name: "csv-import",
  version: "0.1.0",
  api: 1,
  jobs: [csvImport],
});
