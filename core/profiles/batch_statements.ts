/**
 * The batch statements of each database.
 *
 * @module
 */
import type { Database } from "../database/database.ts";
import { postgresStatements } from "./postgres_statements.ts";
import { sqliteStatements } from "./sqlite_statements.ts";
import type { ProfileStatements } from "./statements.ts";

/** The batch statements for a kind of database. */
export function statementsFor(kind: Database["kind"]): ProfileStatements {
  return kind === "sqlite" ? sqliteStatements : postgresStatements;
}
