/**
 * Telling a taken unique value from other errors, whichever the database.
 *
 * @module
 */

/** SQLite's extended result codes of a value that is there already: in a unique index, in a primary key. */
const SQLITE_CODES: readonly unknown[] = [2067, 1555];

/** PostgreSQL's `unique_violation` (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const POSTGRES_STATE = "23505";

/** Whether a statement was refused because a unique value is taken. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (error.code === "ERR_SQLITE_ERROR") return "errcode" in error && SQLITE_CODES.includes(error.errcode);
  return error.code === POSTGRES_STATE;
}
