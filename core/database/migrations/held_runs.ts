/**
 * Runs that wait for somebody's approval, and the snapshots that files are compared with.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration, MigrationContext } from "../migration.ts";

const BEFORE = "'queued', 'running', 'succeeded'", AFTER = "'queued', 'running', 'held', 'succeeded'";

/** Adds both. */
export const heldRuns: Migration = {
  name: "0016_held_runs",
  async up(context) {
    const { transaction: { schema }, types } = context;
    if (context.kind === "sqlite") await remakeRuns(context);
    else await constrainRuns(context);
    await schema.alterTable("runs").addColumn("approved", types.text, (column) => column.notNull().defaultTo("[]"))
      .execute();
    await schema.createTable("snapshots")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("owner", types.text, (column) => column.notNull())
      .addColumn("file", types.text, (column) => column.notNull())
      .addColumn("run_id", types.text, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("snapshots_pk", ["account_id", "owner"])
      .modifyEnd(types.clusteredTable).execute();
  },
};

async function constrainRuns({ transaction: { schema } }: MigrationContext): Promise<void> {
  await schema.alterTable("runs").dropConstraint("runs_status").execute();
  await schema.alterTable("runs").addCheckConstraint(
    "runs_status",
    sql`status in (${sql.raw(AFTER)}, 'failed', 'cancelled')`,
  ).execute();
}

/** SQLite changes no constraint: the table is made again from its own words, with its indexes. No key refers to it. */
async function remakeRuns({ transaction }: MigrationContext): Promise<void> {
  const { rows } = await sql<{ type: string; sql: string }>`
    select type, sql from sqlite_master where tbl_name = 'runs' and sql is not null order by type = 'index'`
    .execute(transaction);
  const [table, ...indexes] = rows.map((row) => row.sql);
  if (table?.includes(BEFORE) !== true) throw new Error("The table of runs is not as its migrations made it");
  await sql`alter table runs rename to runs_before`.execute(transaction);
  await sql.raw(table.replace(BEFORE, AFTER)).execute(transaction);
  await sql`insert into runs select * from runs_before`.execute(transaction);
  await sql`drop table runs_before`.execute(transaction);
  for (const index of indexes) await sql.raw(index).execute(transaction);
}
