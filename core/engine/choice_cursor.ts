/**
 * Where a page of choices ended, as the text that the next page is asked for with.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Failure } from "../contracts/failure.ts";

/** Where a page ended. */
export interface ChoiceCursor {
  /** The last value of the page. */
  readonly value: string;
  /** Stands for the value that the list began with: a source that begins with it again did not go on from the cursor. */
  readonly first: string;
}

/** Hex digits of a mark and of a check: enough to tell ours from a mistake, which is all they are for. */
const DIGITS = 8;

/** What stands for a value in a cursor. */
export function markOf(value: string): string {
  return createHash("sha256").update(value).digest("hex").slice(0, DIGITS);
}

/** Writes a cursor of the list called `list`. */
export function formatCursor(list: string, { value, first }: ChoiceCursor): string {
  return `${markOf(JSON.stringify([list, first, value]))}${first}-${value}`;
}

/** Reads a cursor that the list called `list` gave; any other is a failure of kind `config`. */
export function parseCursor(list: string, text: string): ChoiceCursor {
  const [check, first] = [text.slice(0, DIGITS), text.slice(DIGITS, 2 * DIGITS)];
  const cursor = { value: text.slice(2 * DIGITS + 1), first };
  if (formatCursor(list, cursor) === text && check !== "") return cursor;
  throw new Failure("config", `Cursor "${text}" is not one that this list of choices gave`, {
    hint: "Give `next` of the page before, or no cursor to start over",
  });
}

/** The value that the page before ended with is gone, and the list cannot be gone on with. */
export function cursorGone({ value }: ChoiceCursor): Failure {
  return new Failure("config", `"${value}", which the page before ended with, is not in the list any more`, {
    hint: "Start over without a cursor",
  });
}
