/**
 * How often a run that fails for a while has tried again by itself.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** The third migration. */
export const runRetries: Migration = {
  name: "0003_run_retries",
  async up({ transaction, types }) {
    await transaction.schema.alterTable("runs")
      .addColumn("retries", types.integer, (column) => column.notNull().defaultTo(0)).execute();
  },
};
