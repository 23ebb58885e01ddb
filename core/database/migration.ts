/**
 * What a migration is, and the words of each database that it is written with.
 *
 * @module
 */
import { type Expression, sql, type Transaction } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./tables.ts";

/** One step that changes the tables. */
export interface Migration {
  /** Sorts after the step before it: `0001_first_tables`. */
  readonly name: string;
  /** Changes the tables, inside the transaction that also notes the name. */
  up(context: MigrationContext): Promise<void>;
}

/** What a migration gets. */
export interface MigrationContext {
  readonly transaction: Transaction<Tables>;
  readonly kind: Database["kind"];
  readonly types: ColumnTypes;
  /** The database's clock. */
  readonly now: number;
}

/** How a database names what the tables need. */
export interface ColumnTypes {
  /** 64 bits, signed. */
  readonly integer: Expression<unknown>;
  /** Text that compares bytewise. */
  readonly text: Expression<unknown>;
  readonly bytes: Expression<unknown>;
  /** After the columns of a table. */
  readonly table: Expression<unknown>;
  /** After the columns of a table whose rows should lie in the order of its primary key. */
  readonly clusteredTable: Expression<unknown>;
}

const COLUMN_TYPES: Readonly<Record<Database["kind"], ColumnTypes>> = {
  sqlite: {
    integer: sql`integer`,
    text: sql`text`,
    bytes: sql`blob`,
    table: sql`strict`,
    clusteredTable: sql`strict, without rowid`,
  },
  postgres: {
    integer: sql`bigint`,
    text: sql`text collate "C"`,
    bytes: sql`bytea`,
    table: sql``,
    clusteredTable: sql``,
  },
};

/** The words of one database. */
export function columnTypes(kind: Database["kind"]): ColumnTypes {
  return COLUMN_TYPES[kind];
}
