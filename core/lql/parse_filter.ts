/**
 * Parses FilterQL: `FILTER phrase [FROM table] [ALIAS slug]`.
 *
 * @module
 */
import type { Filter } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse_expression.ts";

/**
 * What a filter says. Throws a `Failure` of kind `config` for anything that is no filter: its message has the line, the
 * column and what was expected, then the line and a caret under the place; with code `too_large` for a text over
 * 1,000,000 characters.
 */
export function parseFilter(text: string): Filter {
  const cursor = new Cursor(text, true);
  cursor.expectKeyword("FILTER");
  const phrase = parseExpression(cursor);
  const table = cursor.takeKeyword("FROM") ? cursor.expectSlug("the name of a table") : undefined;
  const alias = cursor.takeKeyword("ALIAS") ? cursor.expectSlug("a slug") : undefined;
  if (cursor.token.type !== "end") {
    const rest = alias !== undefined
      ? "the end"
      : table !== undefined
      ? "ALIAS or the end"
      : "an operator, FROM, ALIAS or the end";
    throw cursor.expected(rest);
  }
  return { phrase, ...table !== undefined && { table }, ...alias !== undefined && { alias } };
}
