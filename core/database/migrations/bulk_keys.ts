/**
 * Apps, API keys, and the rate limits of the keys.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds all three. */
export const bulkKeys: Migration = {
  name: "0021_bulk_keys",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("apps")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.text, (column) => column.notNull())
      .addColumn("name", types.text, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("apps_pk", ["account_id", "id"])
      .addUniqueConstraint("apps_name", ["account_id", "name"])
      .addForeignKeyConstraint("apps_table", ["account_id", "table_id"], "profile_tables", ["account_id", "id"])
      .modifyEnd(types.table).execute();
    await schema.createTable("api_keys")
      .addColumn("api_key", types.text, (column) => column.notNull())
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("name", types.text, (column) => column.notNull())
      .addColumn("secret_hash", types.text, (column) => column.notNull())
      .addColumn("user_id", types.text)
      .addColumn("user_name", types.text)
      .addColumn("created_at", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("api_keys_pk", ["api_key"])
      .addForeignKeyConstraint("api_keys_account", ["account_id"], "accounts", ["id"])
      .modifyEnd(types.table).execute();
    await schema.createIndex("api_keys_of_account").on("api_keys").columns(["account_id"]).execute();
    await schema.createTable("rate_windows")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("api_key", types.text, (column) => column.notNull())
      .addColumn("bucket", types.text, (column) => column.notNull())
      .addColumn("stamps", types.text, (column) => column.notNull())
      .addPrimaryKeyConstraint("rate_windows_pk", ["account_id", "api_key", "bucket"])
      .modifyEnd(types.clusteredTable).execute();
  },
};
