/**
 * What changed profiles became, beside what they were: whoever tells of few that changed among many looks none of them up
 * (ADR 0028).
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds it, and a count of those that an epoch has noted so. What was noted before is looked up. */
export const notedStates: Migration = {
  name: "0029_noted_states",
  async up({ transaction: { schema }, types }) {
    await schema.alterTable("profile_changes").addColumn("after", types.text).execute();
    await schema.alterTable("change_feeds")
      .addColumn("kept", types.integer, (column) => column.notNull().defaultTo(0)).execute();
  },
};
