/**
 * Who made an auth: the token's id and its name, as it was then.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** The second migration. */
export const authUsers: Migration = {
  name: "0002_auth_users",
  async up({ transaction, types }) {
    // A step each: SQLite adds one column at a time.
    for (const column of ["user_id", "user_name"]) {
      await transaction.schema.alterTable("auths").addColumn(column, types.text).execute();
    }
  },
};
