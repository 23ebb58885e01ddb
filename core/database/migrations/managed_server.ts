/**
 * The managed SFTP server: who may log in, their files, their sessions, and what happened.
 *
 * @module
 */
import type { Migration, MigrationContext } from "../migration.ts";

/** Adds them. */
export const managedServer: Migration = {
  name: "0019_managed_server",
  async up(context) {
    await makeAccounts(context);
    await makeNodes(context);
    await makeSessions(context);
    await context.transaction.schema.alterTable("processes").addColumn("sftp_address", context.types.text).execute();
  },
};

async function makeAccounts({ transaction: { schema }, types }: MigrationContext): Promise<void> {
  // A name leads to its account, so this is one of the few tables that are not keyed by account.
  await schema.createTable("managed_users")
    .addColumn("username", types.text, (column) => column.notNull())
    .addColumn("account_id", types.integer, (column) => column.notNull())
    .addColumn("auth_id", types.text, (column) => column.notNull())
    .addColumn("tree_id", types.text, (column) => column.notNull())
    .addColumn("password_hash", types.text)
    .addColumn("public_keys", types.text, (column) => column.notNull())
    .addColumn("require_both", types.integer, (column) => column.notNull())
    .addColumn("quota", types.integer)
    .addColumn("revision", types.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("managed_users_pk", ["username"])
    .modifyEnd(types.table).execute();
  await schema.createIndex("managed_users_by_auth").on("managed_users").columns(["account_id", "auth_id"]).unique()
    .execute();
  await schema.createTable("managed_trees")
    .addColumn("account_id", types.integer, (column) => column.notNull())
    .addColumn("id", types.text, (column) => column.notNull())
    .addColumn("username", types.text, (column) => column.notNull())
    .addColumn("bytes", types.integer, (column) => column.notNull())
    .addColumn("created_at", types.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("managed_trees_pk", ["account_id", "id"])
    .modifyEnd(types.table).execute();
  await schema.createIndex("managed_trees_by_name").on("managed_trees").columns(["account_id", "username"]).unique()
    .execute();
}

async function makeNodes({ transaction: { schema }, types }: MigrationContext): Promise<void> {
  await schema.createTable("managed_nodes")
    .addColumn("account_id", types.integer, (column) => column.notNull())
    .addColumn("tree_id", types.text, (column) => column.notNull())
    .addColumn("parent_id", types.text, (column) => column.notNull())
    .addColumn("name", types.text, (column) => column.notNull())
    .addColumn("id", types.text, (column) => column.notNull())
    .addColumn("kind", types.text, (column) => column.notNull())
    .addColumn("content", types.text)
    .addColumn("size", types.integer, (column) => column.notNull())
    .addColumn("modified", types.integer, (column) => column.notNull())
    .addColumn("partial", types.text)
    .addColumn("partial_size", types.integer, (column) => column.notNull())
    .addColumn("partial_modified", types.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("managed_nodes_pk", ["account_id", "tree_id", "parent_id", "name"])
    .modifyEnd(types.clusteredTable).execute();
  await schema.createIndex("managed_nodes_by_id").on("managed_nodes").columns(["account_id", "tree_id", "id"]).unique()
    .execute();
  await schema.createIndex("managed_nodes_by_content").on("managed_nodes").column("content").execute();
  await schema.createIndex("managed_nodes_by_partial").on("managed_nodes").column("partial").execute();
  await schema.createIndex("managed_nodes_by_age").on("managed_nodes").columns(["account_id", "modified"]).execute();
}

async function makeSessions({ transaction: { schema }, types }: MigrationContext): Promise<void> {
  await schema.createTable("managed_sessions")
    .addColumn("account_id", types.integer, (column) => column.notNull())
    .addColumn("id", types.text, (column) => column.notNull())
    .addColumn("process_id", types.text, (column) => column.notNull())
    .addColumn("username", types.text, (column) => column.notNull())
    .addColumn("address", types.text, (column) => column.notNull())
    .addColumn("client", types.text, (column) => column.notNull())
    .addColumn("started_at", types.integer, (column) => column.notNull())
    .addColumn("seen_at", types.integer, (column) => column.notNull())
    .addColumn("bytes_in", types.integer, (column) => column.notNull())
    .addColumn("bytes_out", types.integer, (column) => column.notNull())
    .addColumn("kicked", types.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("managed_sessions_pk", ["account_id", "id"])
    .modifyEnd(types.table).execute();
  await schema.createTable("managed_log")
    .addColumn("account_id", types.integer, (column) => column.notNull())
    .addColumn("id", types.integer, (column) => column.notNull())
    .addColumn("at", types.integer, (column) => column.notNull())
    .addColumn("username", types.text, (column) => column.notNull())
    .addColumn("address", types.text, (column) => column.notNull())
    .addColumn("session_id", types.text)
    .addColumn("action", types.text, (column) => column.notNull())
    .addColumn("path", types.text)
    .addColumn("target", types.text)
    .addColumn("bytes", types.integer)
    .addColumn("reason", types.text)
    .addPrimaryKeyConstraint("managed_log_pk", ["account_id", "id"])
    .modifyEnd(types.clusteredTable).execute();
}
