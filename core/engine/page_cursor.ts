/**
 * Where a page of what is listed newest first ended, as the text that the next page is asked for with. It says so by
 * itself: the last item of the page may be forgotten meanwhile.
 *
 * @module
 */
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { Failure } from "../contracts/failure.ts";

/** The last item of a page: when it was made, in milliseconds, and its id. */
export interface PageEnd {
  readonly created_at: number;
  readonly id: string;
}

/** Writes the cursor of what comes after an item. */
export function cursorAfter({ created_at, id }: PageEnd): string {
  return `${created_at}-${id}`;
}

/** Reads a cursor; `config` for one that no list of `what` gave. */
export function readCursor(what: string, cursor: string): PageEnd {
  const [, time, id] = /^(\d{1,16})-([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (time !== undefined && id !== undefined) return { created_at: Number(time), id };
  throw new Failure("config", `Cursor "${cursor.slice(0, 64)}" is not one that a list of ${what} gave`);
}

/** The condition that an item comes after the end of a page, newest first and then by descending id. */
export function comesAfter({ created_at, id }: PageEnd): RawBuilder<SqlBool> {
  return sql`(created_at, id) < (${created_at}, ${id})`;
}
