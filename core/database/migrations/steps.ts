/**
 * The steps that make the tables.
 *
 * @module
 */
import type { Migration } from "../migration.ts";
import { artifacts } from "./artifacts.ts";
import { audienceLists } from "./audience_lists.ts";
import { audiences } from "./audiences.ts";
import { auditLog } from "./audit_log.ts";
import { authOperators } from "./auth_operators.ts";
import { authUsers } from "./auth_users.ts";
import { blocksApart } from "./blocks_apart.ts";
import { bulkKeys } from "./bulk_keys.ts";
import { changeFeeds } from "./change_feeds.ts";
import { crowdedProfiles } from "./crowded_profiles.ts";
import { diffCounts } from "./diff_counts.ts";
import { erasedRejects } from "./erased_rejects.ts";
import { erasureDefinitions } from "./erasure_definitions.ts";
import { erasures } from "./erasures.ts";
import { exports } from "./exports.ts";
import { fetchedExports } from "./fetched_exports.ts";
import { firstTables } from "./first_tables.ts";
import { generations } from "./generations.ts";
import { heldRuns } from "./held_runs.ts";
import { identityRuns } from "./identity_runs.ts";
import { importedFiles } from "./imported_files.ts";
import { managedContents } from "./managed_contents.ts";
import { managedServer } from "./managed_server.ts";
import { misfits } from "./misfits.ts";
import { notedStates } from "./noted_states.ts";
import { pastSums } from "./past_sums.ts";
import { rawLogs } from "./raw_logs.ts";
import { runRetries } from "./run_retries.ts";
import { schedules } from "./schedules.ts";
import { tenants } from "./tenants.ts";
import { uploads } from "./uploads.ts";
import { waitingReplays } from "./waiting_replays.ts";

/** Every step, in order. */
export const MIGRATIONS: readonly Migration[] = [
  firstTables,
  authUsers,
  runRetries,
  identityRuns,
  tenants,
  auditLog,
  generations,
  audiences,
  crowdedProfiles,
  erasures,
  uploads,
  blocksApart,
  erasedRejects,
  schedules,
  importedFiles,
  heldRuns,
  authOperators,
  artifacts,
  managedServer,
  diffCounts,
  bulkKeys,
  exports,
  misfits,
  audienceLists,
  rawLogs,
  changeFeeds,
  fetchedExports,
  managedContents,
  notedStates,
  pastSums,
  erasureDefinitions,
  waitingReplays,
];
