/**
 * What diffs found, and into which stream the rows of a snapshot went.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds both. */
export const diffCounts: Migration = {
  name: "0020_diff_counts",
  async up({ transaction, types }) {
    const { schema } = transaction;
    for (const name of ["added", "changed", "removed"]) {
      await schema.alterTable("runs")
        .addColumn(name, types.integer, (column) => column.notNull().defaultTo(0)).execute();
    }
    await schema.alterTable("snapshots").addColumn("stream_id", types.integer).execute();
  },
};
