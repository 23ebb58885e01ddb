/**
 * What small files of managed accounts hold, and indexes of managed files that say nothing of most of them: whoever
 * uploads thousands waits for each page that a commit writes.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Adds the table, and makes the indexes anew. */
export const managedContents: Migration = {
  name: "0028_managed_contents",
  async up({ transaction: { schema }, types }) {
    await schema.createTable("managed_contents")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.text, (column) => column.notNull())
      .addColumn("bytes", types.bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint("managed_contents_pk", ["account_id", "id"])
      .modifyEnd(types.clusteredTable).execute();
    for (const name of ["by_id", "by_content", "by_partial", "by_age"]) {
      await schema.dropIndex(`managed_nodes_${name}`).execute();
    }
    await schema.createIndex("managed_folders").on("managed_nodes").columns(["account_id", "tree_id", "id"]).unique()
      .where(sql`kind`, "=", "folder").execute();
    // Files on the disk: their names are hex digits.
    await schema.createIndex("managed_nodes_by_content").on("managed_nodes").column("content")
      .where(sql`content`, "<", "s").execute();
    await schema.createIndex("managed_nodes_by_partial").on("managed_nodes").column("partial")
      .where(sql`partial`, "is not", null).execute();
  },
};
