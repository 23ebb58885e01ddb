/**
 * Writes names, texts, mappings and filters so that they read back the same.
 *
 * @module
 */
import type { Column, Filter, Mapping } from "./ast.ts";
import { formatExpression } from "./format_expression.ts";
import { quoteName, quoteSlug, quoteString } from "./quote.ts";

export { quoteName, quoteString };

/** The canonical text of a mapping, a column a line; {@linkcode parseMapping} makes the same mapping of it. */
export function formatMapping(mapping: Mapping): string {
  const { columns, stream, table, identifyBy, where, alias } = mapping;
  return [
    "SELECT",
    columns.map((column) => `  ${formatColumn(column)}`).join(",\n"),
    `FROM ${quoteSlug(stream)}`,
    `INTO ${quoteSlug(table)}`,
    `BY ${identifyBy.map(quoteName).join(" OR ")}`,
    ...where === undefined ? [] : [`WHERE ${formatExpression(where, "infix")}`],
    ...alias === undefined ? [] : [`ALIAS ${quoteSlug(alias)}`],
  ].join("\n") + "\n";
}

function formatColumn({ expression, name, condition, shortDesc, longDesc, kind, merge }: Column): string {
  return [
    formatExpression(expression, "infix"),
    ...name === undefined ? [] : [`AS ${quoteName(name)}`],
    ...condition === undefined ? [] : [`IF ${formatExpression(condition, "infix")}`],
    ...shortDesc === undefined ? [] : [`SHORTDESC ${quoteString(shortDesc)}`],
    ...longDesc === undefined ? [] : [`LONGDESC ${quoteString(longDesc)}`],
    ...kind === undefined ? [] : [`KIND ${kind}`],
    ...merge === undefined ? [] : [`MERGEOP ${merge}`],
  ].join(" ");
}

/** The canonical text of a filter, in one line; {@linkcode parseFilter} makes the same filter of it. */
export function formatFilter({ phrase, table, alias }: Filter): string {
  return [
    `FILTER ${formatExpression(phrase, "groups")}`,
    ...table === undefined ? [] : [`FROM ${quoteSlug(table)}`],
    ...alias === undefined ? [] : [`ALIAS ${quoteSlug(alias)}`],
  ].join(" ");
}
