/**
 * The steps that make the tables, and how a database gets from where it is to where this Waybill needs it.
 *
 * Kysely's own Migrator runs SQLite's steps outside a transaction; here all pending steps are one transaction, whose
 * lock also keeps two starting processes apart.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import { Failure } from "../contracts/failure.ts";
import type { Database, Executor } from "./database.ts";
import { columnTypes, type Migration } from "./migration.ts";
import { artifacts } from "./migrations/artifacts.ts";
import { audienceLists } from "./migrations/audience_lists.ts";
import { audiences } from "./migrations/audiences.ts";
import { auditLog } from "./migrations/audit_log.ts";
import { authOperators } from "./migrations/auth_operators.ts";
import { authUsers } from "./migrations/auth_users.ts";
import { blocksApart } from "./migrations/blocks_apart.ts";
import { bulkKeys } from "./migrations/bulk_keys.ts";
import { changeFeeds } from "./migrations/change_feeds.ts";
import { crowdedProfiles } from "./migrations/crowded_profiles.ts";
import { diffCounts } from "./migrations/diff_counts.ts";
import { erasedRejects } from "./migrations/erased_rejects.ts";
import { erasures } from "./migrations/erasures.ts";
import { exports } from "./migrations/exports.ts";
import { fetchedExports } from "./migrations/fetched_exports.ts";
import { firstTables } from "./migrations/first_tables.ts";
import { generations } from "./migrations/generations.ts";
import { heldRuns } from "./migrations/held_runs.ts";
import { identityRuns } from "./migrations/identity_runs.ts";
import { importedFiles } from "./migrations/imported_files.ts";
import { managedContents } from "./migrations/managed_contents.ts";
import { managedServer } from "./migrations/managed_server.ts";
import { misfits } from "./migrations/misfits.ts";
import { rawLogs } from "./migrations/raw_logs.ts";
import { runRetries } from "./migrations/run_retries.ts";
import { schedules } from "./migrations/schedules.ts";
import { tenants } from "./migrations/tenants.ts";
import { uploads } from "./migrations/uploads.ts";

/** In order; never changed once released, only added to. */
const MIGRATIONS: readonly Migration[] = [
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
];

/** Finds the table where the steps are noted, among those that a statement would find by its name. */
const NAMED_MIGRATIONS: Readonly<Record<Database["kind"], RawBuilder<unknown>>> = {
  sqlite: sql`from sqlite_master where type = 'table' and name = 'migrations'`,
  postgres: sql`where to_regclass('migrations') is not null`,
};

/** Where a database stands. */
export interface MigrationState {
  /** Names of the steps it has seen, in order. */
  readonly applied: readonly string[];
  /** Names of the steps it lacks. */
  readonly pending: readonly string[];
  /** Names of steps that this Waybill does not know: a newer one made them. */
  readonly newer: readonly string[];
}

/** Brings the tables up to date and gives the names of the steps that were needed. */
export async function migrate(database: Database): Promise<string[]> {
  const { pending, newer } = await migrationState(database);
  refuseNewer(newer);
  if (pending.length === 0) return [];
  const applied = await database.write(async (transaction) => {
    const types = columnTypes(database.kind);
    await transaction.schema.createTable("migrations").ifNotExists()
      .addColumn("name", types.text, (column) => column.primaryKey().notNull())
      .addColumn("applied_at", types.integer, (column) => column.notNull())
      .modifyEnd(types.table).execute();
    // Looked at again under the lock: another process may have been faster.
    const state = stateOf(await appliedNames(transaction));
    refuseNewer(state.newer);
    const now = await database.now();
    for (const migration of MIGRATIONS.filter(({ name }) => state.pending.includes(name))) {
      await migration.up({ transaction, kind: database.kind, types, now });
      await sql`insert into migrations (name, applied_at) values (${migration.name}, ${now})`.execute(transaction);
    }
    return [...state.pending];
  });
  // A SQLite connection that has looked at the tables gives `select *` their old columns until it has looked again.
  await migrationState(database);
  return applied;
}

/** Which steps a database has seen and which it lacks; changes nothing. */
export async function migrationState(database: Database): Promise<MigrationState> {
  const { rows } = await sql`select 1 ${NAMED_MIGRATIONS[database.kind]}`.execute(database.kysely);
  return stateOf(rows.length === 0 ? [] : await appliedNames(database.kysely));
}

/** Throws the Failure `config` of a database that a newer Waybill made. */
export function refuseNewer(newer: readonly string[]): void {
  if (newer.length === 0) return;
  throw new Failure("config", `The database was made by a newer Waybill (it has "${newer.join('", "')}")`, {
    hint: "Install that version or a later one, or restore the backup made before the upgrade",
  });
}

async function appliedNames(executor: Executor): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(executor);
  return rows.map(({ name }) => name);
}

function stateOf(applied: readonly string[]): MigrationState {
  const known = MIGRATIONS.map(({ name }) => name);
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    newer: applied.filter((name) => !known.includes(name)),
  };
}
