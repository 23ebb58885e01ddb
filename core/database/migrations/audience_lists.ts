/**
 * Lists that the bulk APIs import: each is the members of an audience of an app.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds them. */
export const audienceLists: Migration = {
  name: "0024_audience_lists",
  async up({ transaction, types }) {
    await transaction.schema.createTable("audience_lists")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.integer, (column) => column.notNull())
      .addColumn("app_id", types.text, (column) => column.notNull())
      .addColumn("name", types.text, (column) => column.notNull())
      .addColumn("audience_id", types.integer)
      .addColumn("run_id", types.text, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("audience_lists_pk", ["account_id", "id"])
      .addForeignKeyConstraint("audience_lists_app", ["account_id", "app_id"], "apps", ["account_id", "id"])
      .addUniqueConstraint("audience_lists_audience", ["account_id", "audience_id"])
      .modifyEnd(types.table).execute();
  },
};
