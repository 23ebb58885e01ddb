/**
 * The change feed: which profile tables are followed, and what profiles were before they changed (ADR 0028).
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds both. */
export const changeFeeds: Migration = {
  name: "0026_change_feeds",
  async up({ transaction: { schema }, types }) {
    await schema.createTable("change_feeds")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("active", types.integer, (column) => column.notNull())
      .addColumn("epoch", types.integer, (column) => column.notNull())
      .addColumn("position", types.integer, (column) => column.notNull())
      .addColumn("cursor_epoch", types.integer, (column) => column.notNull())
      .addColumn("cursor_position", types.integer, (column) => column.notNull())
      .addColumn("results_epoch", types.integer)
      .addColumn("results_position", types.integer)
      .addPrimaryKeyConstraint("change_feeds_pk", ["account_id", "table_id"])
      .addForeignKeyConstraint("change_feeds_table", ["account_id", "table_id"], "profile_tables", [
        "account_id",
        "id",
      ])
      .modifyEnd(types.table).execute();
    await schema.createTable("profile_changes")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.integer, (column) => column.notNull())
      .addColumn("epoch", types.integer, (column) => column.notNull())
      .addColumn("existed", types.integer, (column) => column.notNull())
      .addColumn("before", types.text)
      .addPrimaryKeyConstraint("profile_changes_pk", ["account_id", "table_id", "id", "epoch"])
      .modifyEnd(types.clusteredTable).execute();
  },
};
