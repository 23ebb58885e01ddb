/**
 * Requests to erase people, and the identities whose data is refused meanwhile.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Adds erasures. */
export const erasures: Migration = {
  name: "0010_erasures",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("erasures")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.text, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("state", types.text, (column) => column.notNull())
      .addColumn("identities", types.bytes)
      .addColumn("run_id", types.text, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addColumn("completed_at", types.integer)
      .addPrimaryKeyConstraint("erasures_pk", ["account_id", "id"])
      .addForeignKeyConstraint("erasures_table", ["account_id", "table_id"], "profile_tables", ["account_id", "id"])
      .addCheckConstraint("erasures_state", sql`state in ('initial', 'primary', 'archive', 'secondary', 'done')`)
      .modifyEnd(types.table).execute();
    await schema.createIndex("erasures_by_run").on("erasures").columns(["account_id", "run_id"]).execute();
    await schema.createIndex("erasures_by_age").on("erasures").columns(["account_id", "created_at", "id"]).execute();
    await schema.createTable("erased_identities")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("key", types.text, (column) => column.notNull())
      .addColumn("erasure_id", types.text, (column) => column.notNull())
      .addPrimaryKeyConstraint("erased_identities_pk", ["account_id", "table_id", "key", "erasure_id"])
      .modifyEnd(types.clusteredTable).execute();
    await schema.createIndex("erased_identities_by_erasure").on("erased_identities")
      .columns(["account_id", "erasure_id"]).execute();
  },
};
