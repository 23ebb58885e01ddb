/**
 * How many of a run's rejected rows were erased, and in what words events named those who are being erased.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds both. */
export const erasedRejects: Migration = {
  name: "0013_erased_rejects",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.alterTable("runs")
      .addColumn("rejected_erased", types.integer, (column) => column.notNull().defaultTo(0)).execute();
    await schema.alterTable("erasures").addColumn("raw_forms", types.bytes).execute();
  },
};
