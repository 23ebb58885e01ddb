/**
 * How many of a run's rejected rows were well-formed, and did not suit what their profiles held.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds the count. */
export const misfits: Migration = {
  name: "0023_misfits",
  async up({ transaction, types }) {
    await transaction.schema.alterTable("runs")
      .addColumn("misfits", types.integer, (column) => column.notNull().defaultTo(0)).execute();
  },
};
