/**
 * What accounts need to be tenants: an id that the outside may see, a name of their own, settings. And what tokens tell
 * of themselves: what they are for, until when they are good, who made them.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** The fifth migration. */
export const tenants: Migration = {
  name: "0005_tenants",
  async up({ transaction, types }) {
    const { schema } = transaction;
    // A step each: SQLite adds one column at a time.
    await schema.alterTable("accounts")
      .addColumn("public_id", types.text, (column) => column.notNull().defaultTo("")).execute();
    await schema.alterTable("accounts")
      .addColumn("settings", types.text, (column) => column.notNull().defaultTo("{}")).execute();
    for (const { id } of await transaction.selectFrom("accounts").select("id").execute()) {
      const publicId = crypto.randomUUID().replaceAll("-", "");
      await sql`update accounts set public_id = ${publicId} where id = ${id}`.execute(transaction);
    }
    await schema.createIndex("accounts_public_id").on("accounts").column("public_id").unique().execute();
    await schema.createIndex("accounts_name").on("accounts").column("name").unique().execute();
    await schema.alterTable("tokens")
      .addColumn("description", types.text, (column) => column.notNull().defaultTo("")).execute();
    await schema.alterTable("tokens").addColumn("expires_at", types.integer).execute();
    for (const column of ["user_id", "user_name"]) {
      await schema.alterTable("tokens").addColumn(column, types.text).execute();
    }
  },
};
