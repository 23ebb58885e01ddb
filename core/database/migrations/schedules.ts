/**
 * When continuous jobs are due, which of their times a run is for, and what people are still to be told.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Adds schedules and notices, and the due time of runs. */
export const schedules: Migration = {
  name: "0014_schedules",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("schedules")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("job_id", types.text, (column) => column.notNull())
      .addColumn("due_at", types.integer)
      .addColumn("expect_at", types.integer)
      .addColumn("wake_at", types.integer)
      .addColumn("failures", types.integer, (column) => column.notNull())
      .addColumn("paused_because", types.text)
      .addPrimaryKeyConstraint("schedules_pk", ["account_id", "job_id"])
      .modifyEnd(types.table).execute();
    // One look finds what is due in every account.
    await schema.createIndex("schedules_wake").on("schedules").column("wake_at")
      .where(sql<boolean>`wake_at is not null`).execute();
    await schema.alterTable("runs").addColumn("due_at", types.integer).execute();
    await schema.createIndex("runs_by_due").on("runs").columns(["account_id", "job_id", "due_at"]).unique()
      .where(sql<boolean>`due_at is not null`).execute();
    await schema.createTable("notices")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.text, (column) => column.notNull())
      .addColumn("channel", types.text, (column) => column.notNull())
      .addColumn("event", types.text, (column) => column.notNull())
      .addColumn("job_id", types.text, (column) => column.notNull())
      .addColumn("job_label", types.text, (column) => column.notNull())
      .addColumn("run_id", types.text)
      .addColumn("message", types.text, (column) => column.notNull())
      .addColumn("hint", types.text)
      .addColumn("attempts", types.integer, (column) => column.notNull())
      .addColumn("not_before", types.integer, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("notices_pk", ["account_id", "id"])
      .modifyEnd(types.table).execute();
    await schema.createIndex("notices_due").on("notices").column("not_before").execute();
  },
};
