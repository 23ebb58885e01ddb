/**
 * Which fields of a followed profile table were sums before its mapping said otherwise (ADR 0028).
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds the column. What was noted before is shown as what is noted now. */
export const pastSums: Migration = {
  name: "0030_past_sums",
  async up({ transaction: { schema }, types }) {
    await schema.alterTable("change_feeds")
      .addColumn("past_sums", types.text, (column) => column.notNull().defaultTo("[]")).execute();
  },
};
