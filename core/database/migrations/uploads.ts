/**
 * Files that came over HTTP, one for each run that imports one.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds uploads. */
export const uploads: Migration = {
  name: "0011_uploads",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("uploads")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("run_id", types.text, (column) => column.notNull())
      .addColumn("key_hash", types.text)
      .addColumn("digest", types.text, (column) => column.notNull())
      .addColumn("bytes", types.integer, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addColumn("removed_at", types.integer)
      .addPrimaryKeyConstraint("uploads_pk", ["account_id", "run_id"])
      .modifyEnd(types.table).execute();
    await schema.createIndex("uploads_by_key").on("uploads").columns(["account_id", "key_hash"]).unique().execute();
  },
};
