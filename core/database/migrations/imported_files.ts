/**
 * The files that jobs have imported, and runs that pass over what is known of them.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds both. */
export const importedFiles: Migration = {
  name: "0015_imported_files",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.alterTable("runs").addColumn("force", types.integer, (column) => column.notNull().defaultTo(0))
      .execute();
    await schema.createTable("imported_files")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("owner", types.text, (column) => column.notNull())
      .addColumn("path_key", types.text, (column) => column.notNull())
      .addColumn("path", types.text, (column) => column.notNull())
      .addColumn("size", types.integer, (column) => column.notNull())
      .addColumn("modified", types.integer, (column) => column.notNull())
      .addColumn("hash", types.text, (column) => column.notNull())
      .addColumn("timestamp", types.integer)
      .addColumn("rows_read", types.integer, (column) => column.notNull())
      .addColumn("rejected", types.integer, (column) => column.notNull())
      .addColumn("run_id", types.text, (column) => column.notNull())
      .addColumn("imported_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("imported_files_pk", ["account_id", "owner", "path_key"])
      .modifyEnd(types.clusteredTable).execute();
    await schema.createIndex("imported_files_by_time").on("imported_files")
      .columns(["account_id", "owner", "imported_at", "path_key"]).execute();
    await schema.createIndex("imported_files_by_timestamp").on("imported_files")
      .columns(["account_id", "owner", "timestamp"]).execute();
  },
};
