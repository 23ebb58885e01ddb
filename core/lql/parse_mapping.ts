/**
 * Parses LQL: `SELECT … FROM stream INTO table BY field …`.
 *
 * @module
 */
import { nearest } from "../describe/nearest.ts";
import type { Column, Mapping } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { wordAt } from "./lexer.ts";
import { setPlaces } from "./fault.ts";
import { MERGE_OPS, mergeOpNamed } from "./kinds.ts";
import { parseExpression } from "./parse_expression.ts";
import { parseKind } from "./parse_primary.ts";
import { BARE_NAME } from "./tokens.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What may follow a column's expression, each once, in any order. */
const CLAUSES = ["AS", "IF", "SHORTDESC", "LONGDESC", "KIND", "MERGEOP"];

/**
 * What a mapping says. Throws a `Failure` of kind `config` for anything that is no mapping: its message has the line,
 * the column and what was expected, then the line and a caret under the place; with code `too_large` for a text over
 * 1,000,000 characters.
 */
export function parseMapping(text: string): Mapping {
  const cursor = new Cursor(text, false);
  cursor.expectKeyword("SELECT");
  cursor.takeSign(",");
  const columns = [parseColumn(cursor)];
  while (cursor.takeSign(",")) {
    if (cursor.atKeyword("FROM")) {
      throw cursor.fault("expected a column after the comma", "Remove the comma, or add a column");
    }
    columns.push(parseColumn(cursor));
  }
  if (!cursor.takeKeyword("FROM")) throw cursor.expected(`an operator, ",", ${CLAUSES.join(", ")} or FROM`);
  const stream = cursor.expectSlug("the name of a stream");
  cursor.expectKeyword("INTO");
  const table = cursor.expectSlug("the name of a table");
  cursor.expectKeyword("BY");
  const identifyBy: string[] = [];
  const places: number[] = [];
  do {
    places.push(cursor.start);
    identifyBy.push(cursor.expectName("the name of a column"));
  } while (cursor.takeKeyword("OR"));
  const where = cursor.takeKeyword("WHERE") ? parseExpression(cursor) : undefined;
  const alias = cursor.takeKeyword("ALIAS") ? cursor.expectSlug("a name") : undefined;
  if (cursor.token.type !== "end") {
    const what = where === undefined ? "OR, WHERE, ALIAS or the end" : "an operator, ALIAS or the end";
    throw cursor.expected(alias === undefined ? what : "the end");
  }
  setPlaces(identifyBy, text, places);
  const mapping = { columns, stream, table, identifyBy };
  return { ...mapping, ...where !== undefined && { where }, ...alias !== undefined && { alias } };
}

function parseColumn(cursor: Cursor): Column {
  const { start } = cursor.token;
  const column: Writable<Column> = { expression: parseExpression(cursor) };
  const seen = new Set<string>();
  while (cursor.atKeyword(...CLAUSES)) {
    if (seen.has(cursor.token.value)) throw cursor.fault(`${cursor.token.value} stands twice in this column`);
    seen.add(cursor.token.value);
    parseClause(cursor, column);
  }
  return cursor.placed(column, start);
}

function parseClause(cursor: Cursor, column: Writable<Column>): void {
  switch (cursor.take().value) {
    case "AS":
      column.name = cursor.expectName("the name of a profile field");
      return;
    case "IF":
      column.condition = parseExpression(cursor);
      return;
    case "SHORTDESC":
      column.shortDesc = cursor.expectText("a description");
      return;
    case "LONGDESC":
      column.longDesc = cursor.expectText("a description");
      return;
    case "KIND":
      column.kind = parseKind(cursor);
      return;
    default: {
      const merge = mergeOpNamed(cursor.takeWord(BARE_NAME, (word) => mergeOpNamed(word) !== undefined));
      if (merge !== undefined) {
        column.merge = merge;
        return;
      }
      const word = wordAt(cursor.text, cursor.token.start, BARE_NAME);
      const meant = word === "" ? undefined : nearest(word, Object.keys(MERGE_OPS));
      const names = Object.keys(MERGE_OPS).join(", ");
      throw cursor.expected(`a merge: ${names}`, meant === undefined ? undefined : `Did you mean ${meant}?`);
    }
  }
}
