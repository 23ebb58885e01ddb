/**
 * Files that Waybill keeps for somebody to fetch by a signed link.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Adds artifacts. */
export const artifacts: Migration = {
  name: "0018_artifacts",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("artifacts")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.text, (column) => column.notNull())
      .addColumn("kind", types.text, (column) => column.notNull())
      .addColumn("run_id", types.text)
      .addColumn("name", types.text, (column) => column.notNull())
      .addColumn("media_type", types.text, (column) => column.notNull())
      .addColumn("size", types.integer)
      .addColumn("sha256", types.text)
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addColumn("expires_at", types.integer, (column) => column.notNull())
      .addColumn("ended_at", types.integer)
      .addColumn("ended_because", types.text)
      .addColumn("fetches", types.integer, (column) => column.notNull())
      .addColumn("fetched_at", types.integer)
      .addColumn("maker_kind", types.text, (column) => column.notNull())
      .addColumn("maker_id", types.text)
      .addColumn("maker_name", types.text, (column) => column.notNull())
      .addPrimaryKeyConstraint("artifacts_pk", ["account_id", "id"])
      .modifyEnd(types.table).execute();
    await schema.createIndex("artifacts_by_time").on("artifacts").columns(["account_id", "created_at", "id"]).execute();
    // One look finds what has expired in every account.
    await schema.createIndex("artifacts_expiring").on("artifacts").column("expires_at")
      .where(sql<boolean>`ended_at is null`).execute();
  },
};
