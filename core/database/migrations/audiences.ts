/**
 * Audiences: their filters as text, and the members of lists as blocks of hashes.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Adds audiences. */
export const audiences: Migration = {
  name: "0008_audiences",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("audience_heads")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("last_id", types.integer, (column) => column.notNull())
      .addColumn("revision", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("audience_heads_pk", ["account_id"])
      .addForeignKeyConstraint("audience_heads_account", ["account_id"], "accounts", ["id"])
      .modifyEnd(types.table).execute();
    await schema.createTable("audiences")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.integer, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("kind", types.text, (column) => column.notNull())
      .addColumn("slug", types.text, (column) => column.notNull())
      .addColumn("name", types.text, (column) => column.notNull())
      .addColumn("description", types.text, (column) => column.notNull())
      .addColumn("filter", types.text)
      .addColumn("field", types.text)
      .addColumn("members", types.integer, (column) => column.notNull())
      .addColumn("version", types.integer, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addColumn("updated_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("audiences_pk", ["account_id", "id"])
      .addUniqueConstraint("audiences_slug", ["account_id", "slug"])
      .addForeignKeyConstraint("audiences_table", ["account_id", "table_id"], "profile_tables", ["account_id", "id"])
      .addCheckConstraint("audiences_kind", sql`(kind = 'dynamic') = (filter is not null)`)
      .modifyEnd(types.table).execute();
    await schema.createTable("audience_members")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("audience_id", types.integer, (column) => column.notNull())
      .addColumn("version", types.integer, (column) => column.notNull())
      .addColumn("first", types.integer, (column) => column.notNull())
      .addColumn("entries", types.bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint("audience_members_pk", ["account_id", "audience_id", "version", "first"])
      .modifyEnd(types.clusteredTable).execute();
  },
};
