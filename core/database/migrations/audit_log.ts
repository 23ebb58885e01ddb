/**
 * The audit log, and the head of each account's chain: how many entries there are, and the hash of the last.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** The sixth migration. */
export const auditLog: Migration = {
  name: "0006_audit_log",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("audit_entries")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("sequence", types.integer, (column) => column.notNull())
      .addColumn("at", types.integer, (column) => column.notNull())
      .addColumn("actor_kind", types.text, (column) => column.notNull())
      .addColumn("actor_id", types.text)
      .addColumn("actor_name", types.text, (column) => column.notNull())
      .addColumn("action", types.text, (column) => column.notNull())
      .addColumn("kind", types.text, (column) => column.notNull())
      .addColumn("object_id", types.text, (column) => column.notNull())
      .addColumn("label", types.text, (column) => column.notNull())
      .addColumn("detail", types.text, (column) => column.notNull())
      .addColumn("hash", types.text, (column) => column.notNull())
      .addPrimaryKeyConstraint("audit_entries_pk", ["account_id", "sequence"])
      .addForeignKeyConstraint("audit_entries_account", ["account_id"], "accounts", ["id"])
      .modifyEnd(types.table).execute();
    // Not in the account's row: imports hold that one while they commit.
    await schema.createTable("audit_heads")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("entries", types.integer, (column) => column.notNull())
      .addColumn("hash", types.text, (column) => column.notNull())
      .addPrimaryKeyConstraint("audit_heads_pk", ["account_id"])
      .addForeignKeyConstraint("audit_heads_account", ["account_id"], "accounts", ["id"])
      .modifyEnd(types.table).execute();
    await sql`insert into audit_heads (account_id, entries, hash) select id, 0, '' from accounts`.execute(transaction);
  },
};
