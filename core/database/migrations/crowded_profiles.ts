/**
 * Profiles that gathered more values of one identity field than their table allows.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds the list of crowded profiles. */
export const crowdedProfiles: Migration = {
  name: "0009_crowded_profiles",
  async up({ transaction, types }) {
    await transaction.schema.createTable("crowded_profiles")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("table_id", types.integer, (column) => column.notNull())
      .addColumn("id", types.integer, (column) => column.notNull())
      .addColumn("field", types.text, (column) => column.notNull())
      .addColumn("run_id", types.text, (column) => column.notNull())
      .addPrimaryKeyConstraint("crowded_profiles_pk", ["account_id", "table_id", "id", "field"])
      .modifyEnd(types.clusteredTable).execute();
  },
};
