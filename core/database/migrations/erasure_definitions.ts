/**
 * By which definitions the identities of an erasure were named: its table's may change before it begins (ADR 0016).
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds the column. What waits already is named by the definition that holds when it begins. */
export const erasureDefinitions: Migration = {
  name: "0031_erasure_definitions",
  async up({ transaction: { schema }, types }) {
    await schema.alterTable("erasures").addColumn("definitions", types.text).execute();
  },
};
