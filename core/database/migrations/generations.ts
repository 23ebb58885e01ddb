/**
 * Profile tables have generations: a changed mapping fills a new one beside the one in use (ADR 0015).
 *
 * @module
 */
import { sql, type Transaction } from "kysely";
import type { Migration, MigrationContext } from "../migration.ts";
import type { Tables } from "../tables.ts";

/** Adds generations; what is there becomes the first of its table. */
export const generations: Migration = {
  name: "0007_generations",
  async up(context) {
    const { transaction, types, now } = context;
    const { schema } = transaction;
    await schema.createTable("generations")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.integer, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("state", types.text, (column) => column.notNull())
      .addColumn("definition", types.text, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("generations_pk", ["account_id", "id"])
      .addForeignKeyConstraint("generations_table", ["account_id", "table_id"], "profile_tables", ["account_id", "id"])
      .addCheckConstraint("generations_state", sql`state in ('building', 'current', 'retired')`)
      .modifyEnd(types.table).execute();
    await schema.createIndex("generations_by_table").on("generations").columns(["account_id", "table_id"]).execute();
    const tables = await transaction.selectFrom("profile_tables").select(["account_id", "id"]).execute();
    for (const { account_id, id } of tables) {
      const definition = await definitionOf(transaction, account_id, id);
      await sql`insert into generations (account_id, id, table_id, state, definition, created_at)
        values (${account_id}, ${id}, ${id}, 'current', ${definition}, ${now})`.execute(transaction);
    }
    await schema.alterTable("profile_tables")
      .addColumn("identity_rules", types.text, (column) => column.notNull().defaultTo("{}")).execute();
    await schema.alterTable("accounts")
      .addColumn("import_epoch", types.integer, (column) => column.notNull().defaultTo(0)).execute();
    await keyIdentitiesByGeneration(context);
  },
};

/** The mappings of a table as a generation's definition has them. */
async function definitionOf(transaction: Transaction<Tables>, account: number, table: number): Promise<string> {
  const { rows } = await sql<{ stream_id: number; definition: string }>`select stream_id, definition from mappings
    where account_id = ${account} and table_id = ${table} order by created_at, stream_id`.execute(transaction);
  const mappings = rows.map(({ stream_id, definition }) => ({ stream: stream_id, definition: JSON.parse(definition) }));
  return JSON.stringify({ mappings, identity: {} });
}

/** Identities lay together for all tables of an account; nobody could have had any but the first table's. */
async function keyIdentitiesByGeneration({ transaction, types }: MigrationContext): Promise<void> {
  const { schema } = transaction;
  const rename = async (table: string) => await schema.alterTable(table).renameTo(`${table}_before`).execute();
  await rename("identity_runs");
  await rename("identity_blocks");
  await schema.createTable("identity_runs")
    .addColumn("account_id", types.integer, (column) => column.notNull())
    .addColumn("table_id", types.integer, (column) => column.notNull())
    .addColumn("run", types.integer, (column) => column.notNull())
    .addColumn("count", types.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_runs_key", ["account_id", "table_id", "run"])
    .modifyEnd(types.table).execute();
  await schema.createTable("identity_blocks")
    .addColumn("account_id", types.integer, (column) => column.notNull())
    .addColumn("table_id", types.integer, (column) => column.notNull())
    .addColumn("run", types.integer, (column) => column.notNull())
    .addColumn("first", types.integer, (column) => column.notNull())
    .addColumn("entries", types.bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint("identity_blocks_key", ["account_id", "table_id", "run", "first"])
    .modifyEnd(types.clusteredTable).execute();
  await sql`insert into identity_runs (account_id, table_id, run, count)
    select account_id, 1, run, count from identity_runs_before`.execute(transaction);
  await sql`insert into identity_blocks (account_id, table_id, run, first, entries)
    select account_id, 1, run, first, entries from identity_blocks_before`.execute(transaction);
  await schema.dropTable("identity_blocks_before").execute();
  await schema.dropTable("identity_runs_before").execute();
}
