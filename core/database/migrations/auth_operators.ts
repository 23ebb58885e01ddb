/**
 * Which auths an operator configured: those may reach loopback and private addresses.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Adds the column. */
export const authOperators: Migration = {
  name: "0017_auth_operators",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.alterTable("auths").addColumn("operator", types.integer, (column) => column.notNull().defaultTo(0))
      .execute();
    // Scopes are a JSON list of names.
    await sql`update auths set operator = 1 where user_id is null or exists (
      select 1 from tokens where tokens.account_id = auths.account_id and tokens.id = auths.user_id
        and tokens.scopes like '%"admin"%')`.execute(transaction);
  },
};
