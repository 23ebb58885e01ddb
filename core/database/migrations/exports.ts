/**
 * What runs export, who may see personal fields in it, and how often a job was changed.
 *
 * @module
 */
import type { Migration } from "../migration.ts";

/** Adds all three. */
export const exports: Migration = {
  name: "0022_exports",
  async up({ transaction: { schema }, types }) {
    for (const name of ["rows_exported", "personal"]) {
      await schema.alterTable("runs")
        .addColumn(name, types.integer, (column) => column.notNull().defaultTo(0)).execute();
    }
    await schema.alterTable("runs").addColumn("path", types.text).execute();
    await schema.alterTable("jobs")
      .addColumn("personal", types.integer, (column) => column.notNull().defaultTo(0)).execute();
    await schema.alterTable("jobs")
      .addColumn("revision", types.integer, (column) => column.notNull().defaultTo(1)).execute();
  },
};
