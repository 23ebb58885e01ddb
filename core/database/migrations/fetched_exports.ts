/**
 * Enabled exports of audiences and profiles: by whom, what was made last, and when they are made anew.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Makes their table anew, with what is in it. */
export const fetchedExports: Migration = {
  name: "0027_fetched_exports",
  async up({ transaction, types }) {
    const { schema } = transaction;
    const [text, integer] = [types.text, types.integer];
    await schema.createTable("enabled_exports_new")
      .addColumn("account_id", integer, (column) => column.notNull())
      .addColumn("id", integer, (column) => column.notNull())
      .addColumn("type", text, (column) => column.notNull())
      .addColumn("source_id", text, (column) => column.notNull())
      .addColumn("variant", text, (column) => column.notNull().defaultTo(""))
      .addColumn("lane", text, (column) => column.notNull().defaultTo(""))
      .addColumn("personal", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("user_id", text)
      .addColumn("user_name", text)
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("requested_at", integer)
      .addColumn("lapses_at", integer)
      .addColumn("refresh_at", integer)
      .addColumn("artifact_id", text)
      .addColumn("results_at", integer)
      .addColumn("results_rows", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("results_requested", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("reach_epoch", integer)
      .addColumn("reach_position", integer)
      .addPrimaryKeyConstraint("enabled_export_pk", ["account_id", "id"])
      .addUniqueConstraint("enabled_export_source", ["account_id", "type", "source_id", "variant"])
      .modifyEnd(types.table).execute();
    await sql`insert into enabled_exports_new (account_id, id, type, source_id, created_at)
      select account_id, id, type, source_id, created_at from enabled_exports`.execute(transaction);
    await schema.dropTable("enabled_exports").execute();
    await schema.alterTable("enabled_exports_new").renameTo("enabled_exports").execute();
    await schema.createIndex("enabled_export_lane").on("enabled_exports").columns(["account_id", "lane"]).execute();
    await schema.createIndex("enabled_export_due").on("enabled_exports").column("refresh_at").execute();
  },
};
