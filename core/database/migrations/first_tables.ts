/**
 * Every table of the first Waybill, account 1 and its profile table `user`.
 *
 * Foreign keys are left out where rows arrive by the million (profiles, identities) and where a row outlives what it
 * names (a run its job).
 *
 * @module
 */
import { type ColumnDefinitionBuilder, type CreateTableBuilder, sql } from "kysely";
import type { Migration, MigrationContext } from "../migration.ts";

/** The first migration. */
export const firstTables: Migration = {
  name: "0001_first_tables",
  async up(context) {
    await makeAccounts(context);
    await makeConfiguration(context);
    await makeRuns(context);
    await makeStreams(context);
    await makeProfiles(context);
    await makeGlobals(context);
    await seed(context);
  },
};

type Kind = "integer" | "text" | "bytes";
/** Column name → type; a trailing `?` allows null. */
type Columns = Readonly<Record<string, Kind | `${Kind}?`>>;

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const optional = (column: ColumnDefinitionBuilder) => column;

function table(
  { transaction, types }: MigrationContext,
  name: string,
  columns: Columns,
  primaryKey: readonly [string, ...string[]],
  layout: "table" | "clusteredTable" = "table",
): CreateTableBuilder<string, string> {
  let builder: CreateTableBuilder<string, string> = transaction.schema.createTable(name);
  for (const [column, kind] of Object.entries(columns)) {
    const [type, nullness] = kind.endsWith("?") ? [kind.slice(0, -1), optional] : [kind, required];
    builder = builder.addColumn(column, types[type as Kind], nullness);
  }
  return builder.addPrimaryKeyConstraint(`${name}_pk`, [...primaryKey]).modifyEnd(types[layout]);
}

async function makeAccounts(context: MigrationContext): Promise<void> {
  await table(context, "accounts", {
    id: "integer",
    name: "text",
    next_position: "integer",
    created_at: "integer",
  }, ["id"]).execute();
  await table(context, "profile_tables", {
    account_id: "integer",
    id: "integer",
    name: "text",
    created_at: "integer",
  }, ["account_id", "id"])
    .addForeignKeyConstraint("profile_tables_account", ["account_id"], "accounts", ["id"])
    .addUniqueConstraint("profile_tables_name", ["account_id", "name"]).execute();
}

async function makeConfiguration(context: MigrationContext): Promise<void> {
  await table(context, "auths", {
    account_id: "integer",
    id: "text",
    provider_id: "text",
    method: "text",
    label: "text",
    description: "text",
    config: "text",
    secrets: "bytes?",
    secret_names: "text",
    peer: "text?",
    created_at: "integer",
    updated_at: "integer",
  }, ["account_id", "id"])
    .addForeignKeyConstraint("auths_account", ["account_id"], "accounts", ["id"])
    .addUniqueConstraint("auths_label", ["account_id", "label"]).execute();
  await table(context, "jobs", {
    account_id: "integer",
    id: "text",
    type: "text",
    label: "text",
    description: "text",
    auth_id: "text?",
    config: "text",
    status: "text",
    created_at: "integer",
    updated_at: "integer",
  }, ["account_id", "id"])
    .addForeignKeyConstraint("jobs_account", ["account_id"], "accounts", ["id"])
    .addForeignKeyConstraint("jobs_auth", ["account_id", "auth_id"], "auths", ["account_id", "id"])
    .addUniqueConstraint("jobs_label", ["account_id", "label"])
    .addCheckConstraint("jobs_status", sql`status in ('active', 'paused')`).execute();
  await context.transaction.schema.createIndex("jobs_by_auth").on("jobs").columns(["account_id", "auth_id"]).execute();
}

async function makeRuns(context: MigrationContext): Promise<void> {
  await table(context, "runs", {
    account_id: "integer",
    id: "text",
    job_id: "text?",
    job_type: "text",
    auth_id: "text?",
    config: "text",
    status: "text",
    failure: "text?",
    notes: "text",
    progress: "text?",
    checkpoint: "text?",
    rows_read: "integer",
    accepted: "integer",
    rejected: "integer",
    unchanged: "integer",
    refused: "integer",
    bytes: "integer",
    profiles_created: "integer",
    profiles_updated: "integer",
    attempts: "integer",
    fence: "integer",
    lease_owner: "text?",
    lease_until: "integer?",
    not_before: "integer",
    stop_requested: "integer",
    created_at: "integer",
    started_at: "integer?",
    finished_at: "integer?",
    duration_ms: "integer",
  }, ["account_id", "id"])
    .addForeignKeyConstraint("runs_account", ["account_id"], "accounts", ["id"])
    .addCheckConstraint("runs_status", sql`status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')`)
    .execute();
  const { schema } = context.transaction;
  // The queue looks at runs of every account; finished ones, soon all but a few, are not in its index.
  await schema.createIndex("runs_queue").on("runs").columns(["not_before", "created_at"])
    .where(sql<boolean>`status in ('queued', 'running')`).execute();
  await schema.createIndex("runs_by_age").on("runs").columns(["account_id", "created_at", "id"]).execute();
  await schema.createIndex("runs_by_job").on("runs").columns(["account_id", "job_id", "created_at", "id"]).execute();
  await table(context, "processes", {
    id: "text",
    kind: "text",
    machine: "text",
    pid: "integer",
    address: "text?",
    started_at: "integer",
    seen_at: "integer",
  }, ["id"]).execute();
}

async function makeStreams(context: MigrationContext): Promise<void> {
  await table(context, "streams", {
    account_id: "integer",
    id: "integer",
    name: "text",
    events: "integer",
    created_at: "integer",
  }, ["account_id", "id"])
    .addForeignKeyConstraint("streams_account", ["account_id"], "accounts", ["id"])
    .addUniqueConstraint("streams_name", ["account_id", "name"]).execute();
  await table(
    context,
    "stream_fields",
    {
      account_id: "integer",
      stream_id: "integer",
      name: "text",
      filled: "integer",
      examples: "text",
    },
    ["account_id", "stream_id", "name"],
    "clusteredTable",
  )
    .addForeignKeyConstraint("stream_fields_stream", ["account_id", "stream_id"], "streams", ["account_id", "id"])
    .execute();
  await table(context, "mappings", {
    account_id: "integer",
    id: "text",
    stream_id: "integer",
    table_id: "integer",
    definition: "text",
    created_at: "integer",
    updated_at: "integer",
  }, ["account_id", "id"])
    .addForeignKeyConstraint("mappings_stream", ["account_id", "stream_id"], "streams", ["account_id", "id"])
    .addForeignKeyConstraint("mappings_table", ["account_id", "table_id"], "profile_tables", ["account_id", "id"])
    .execute();
  const { schema } = context.transaction;
  await schema.createIndex("mappings_by_stream").on("mappings").columns(["account_id", "stream_id"]).execute();
  await table(context, "segments", {
    account_id: "integer",
    id: "integer",
    kind: "text",
    owner: "text",
    hour: "integer",
    writer: "text",
    path: "text",
    length: "integer",
    events: "integer",
  }, ["account_id", "id"]).execute();
  await schema.createIndex("segments_by_owner").on("segments").columns(["account_id", "kind", "owner"]).execute();
}

async function makeProfiles(context: MigrationContext): Promise<void> {
  const key = { account_id: "integer", table_id: "integer", id: "integer" } as const;
  await table(context, "profiles", { ...key, at: "integer", attributes: "text" }, [
    "account_id",
    "table_id",
    "id",
  ], "clusteredTable").execute();
  await table(
    context,
    "profile_stamps",
    {
      ...key,
      at: "integer",
      position: "integer",
      fields: "text?",
      identities: "text?",
    },
    ["account_id", "table_id", "id"],
    "clusteredTable",
  ).execute();
  await table(context, "profile_merges", { ...key, into_id: "integer" }, [
    "account_id",
    "table_id",
    "id",
  ], "clusteredTable").execute();
  await context.transaction.schema.createIndex("profile_merges_by_target").on("profile_merges")
    .columns(["account_id", "table_id", "into_id"]).execute();
  await table(
    context,
    "identities",
    { account_id: "integer", hash: "integer", profile_id: "integer" },
    ["account_id", "hash"],
    "clusteredTable",
  ).execute();
}

/** Tables that are looked up before an account is known. */
async function makeGlobals(context: MigrationContext): Promise<void> {
  await table(context, "tokens", {
    id: "text",
    account_id: "integer",
    name: "text",
    hash: "text",
    scopes: "text",
    created_at: "integer",
  }, ["id"])
    .addForeignKeyConstraint("tokens_account", ["account_id"], "accounts", ["id"])
    .addUniqueConstraint("tokens_hash", ["hash"]).execute();
  await table(context, "settings", { name: "text", value: "bytes" }, ["name"]).execute();
}

async function seed({ transaction, now }: MigrationContext): Promise<void> {
  await sql`insert into accounts (id, name, next_position, created_at) values (1, 'default', 1, ${now})`
    .execute(transaction);
  await sql`insert into profile_tables (account_id, id, name, created_at) values (1, 1, 'user', ${now})`
    .execute(transaction);
}
