/**
 * The job type `profile-import`: files of operations on profiles' attributes.
 *
 * @module
 */
import {
  changesTarget,
  defineJob,
  definePlugin,
  type ImportJobDefinition,
  type PluginDefinition,
  rejectThreshold,
} from "@waybill/waybill";
import { bulk } from "../bulk/mod.ts";
import { localFolder, managedSftp, s3, sftp, sftpPgpPrivate } from "../file_service/mod.ts";
import { checkSequence } from "../file_service/sequence/mod.ts";
import { checkpoint, type CheckpointSchema } from "./checkpoint.ts";
import { choices } from "./choices.ts";
import { config, type ProfileImportConfig } from "./config.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";

export type { Checkpoint, CheckpointSchema, FilePosition, FilePositionSchema } from "./checkpoint.ts";
export type { ProfileImportConfig, ProfileImportOptions } from "./config.ts";

/** Changes profiles by the operations that files hold. */
export const profileImport: ImportJobDefinition<
  readonly [typeof sftp, typeof sftpPgpPrivate, typeof managedSftp, typeof localFolder, typeof s3],
  ProfileImportConfig,
  CheckpointSchema
> = defineJob({
  id: "profile-import",
  title: "Profile import",
  summary: "Assigns, deletes and increments attributes of profiles, and changes their sets, as a file says.",
  provider: bulk,
  direction: "import",
  auths: [sftp, sftpPgpPrivate, managedSftp, localFolder, s3],
  config,
  schedule: "optional",
  checkpoint,
  into: ({ app, reject_threshold }) => ({
    ...changesTarget(app === undefined ? {} : { app }),
    ...rejectThreshold(reject_threshold),
  }),
  check: checkSequence,
  formFile: "file",
  choices,
  plan,
  run: (context) => run(context),
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "profile-import",
  version: "0.1.0",
  api: 1,
  jobs: [profileImport],
});
