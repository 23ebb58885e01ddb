/**
 * Raw logs: which exports are enabled, whom log collectors make way for, and which batches came in of late.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds all three. */
export const rawLogs: Migration = {
  name: "0025_raw_logs",
  async up({ transaction: { schema }, types }) {
    await schema.alterTable("apps")
      .addColumn("log_epoch", types.integer, (column) => column.notNull().defaultTo(0)).execute();
    await schema.createTable("enabled_exports")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.integer, (column) => column.notNull())
      .addColumn("type", types.text, (column) => column.notNull())
      .addColumn("source_id", types.text, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("enabled_exports_pk", ["account_id", "id"])
      .addUniqueConstraint("enabled_exports_source", ["account_id", "type", "source_id"])
      .modifyEnd(types.table).execute();
    await schema.createTable("log_batches")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("key_hash", types.text, (column) => column.notNull())
      .addColumn("digest", types.text, (column) => column.notNull())
      .addColumn("accepted", types.integer, (column) => column.notNull())
      .addColumn("late", types.integer, (column) => column.notNull())
      .addColumn("refused", types.integer, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("log_batches_pk", ["account_id", "key_hash"])
      .modifyEnd(types.table).execute();
  },
};
