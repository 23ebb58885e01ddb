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
import { later } from "../contracts/later.ts";
import type { Database, Executor } from "./database.ts";
import { columnTypes } from "./migration.ts";

/**
 * Names of the steps, in order; never changed once released, only added to. What they do is loaded where one is
 * pending: a command starts 10 ms sooner without.
 */
const STEPS: readonly string[] = [
  "0001_first_tables",
  "0002_auth_users",
  "0003_run_retries",
  "0004_identity_runs",
  "0005_tenants",
  "0006_audit_log",
  "0007_generations",
  "0008_audiences",
  "0009_crowded_profiles",
  "0010_erasures",
  "0011_uploads",
  "0012_blocks_apart",
  "0013_erased_rejects",
  "0014_schedules",
  "0015_imported_files",
  "0016_held_runs",
  "0017_auth_operators",
  "0018_artifacts",
  "0019_managed_server",
  "0020_diff_counts",
  "0021_bulk_keys",
  "0022_exports",
  "0023_misfits",
  "0024_audience_lists",
  "0025_raw_logs",
  "0026_change_feeds",
  "0027_fetched_exports",
  "0028_managed_contents",
  "0029_noted_states",
  "0030_past_sums",
  "0031_erasure_definitions",
  "0032_waiting_replays",
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
  const { MIGRATIONS } = await later<typeof import("./migrations/steps.ts")>(
    import.meta.resolve("./migrations/steps.ts"),
  );
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
  return {
    applied,
    pending: STEPS.filter((name) => !applied.includes(name)),
    newer: applied.filter((name) => !STEPS.includes(name)),
  };
}
