/**
 * Writes SQLite tables anew, row after row in the order of their keys.
 *
 * `secure_delete` overwrites what is deleted where it stood; but a row that moved to another page while a tree was
 * balanced may have left a copy behind. Copied in order, nothing moves, and the pages of the old table are overwritten
 * when it is dropped. `vacuum` would do the same; Deno allows it only to programs that may do everything.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_secure_delete
 * @module
 */
import { sql, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";

/** Writes tables anew, with their indexes. No foreign key may name them. */
export async function rewriteTables(
  transaction: Transaction<Tables>,
  tables: readonly (keyof Tables)[],
): Promise<void> {
  for (const table of tables) {
    const { rows } = await sql<{ type: string; sql: string | null }>`select type, sql from sqlite_master
      where tbl_name = ${table} order by type desc`.execute(transaction);
    const definition = rows.find(({ type }) => type === "table")?.sql ?? "";
    const copy = `${table}_copy`;
    const made = definition.replace(/^create table "?\w+"?/i, `create table "${copy}"`);
    const key = await keyOf(transaction, table);
    await sql.raw(made).execute(transaction);
    await sql`insert into ${sql.table(copy)} select * from ${sql.table(table)} order by ${
      sql.join(key.map((column) => sql.ref(column)))
    }`.execute(transaction);
    await sql`drop table ${sql.table(table)}`.execute(transaction);
    await sql`alter table ${sql.table(copy)} rename to ${sql.table(table)}`.execute(transaction);
    for (const { type, sql: text } of rows) {
      if (type === "index" && text !== null) await sql.raw(text).execute(transaction);
    }
  }
}

async function keyOf(transaction: Transaction<Tables>, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info(${table})
    where pk > 0 order by pk`.execute(transaction);
  return rows.map(({ name }) => name);
}
