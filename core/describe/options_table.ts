/**
 * The options of an auth method or job type as a Markdown table, for the reference pages.
 *
 * @module
 */
import type { ConfigSchema } from "../contracts/config.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type Field, fieldsOf } from "./fields.ts";

/** A Markdown table, aligned as `deno fmt` aligns it, with a row for each field: plain ones first. */
export function optionsTable(schema: ConfigSchema): string {
  const fields = fieldsOf(schema);
  const rows = [...fields.filter((field) => !field.advanced), ...fields.filter((field) => field.advanced)].map(rowOf);
  const table = [["option", "value", "default", "what it is for"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = table;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n") + "\n";
}

function rowOf(field: Field): string[] {
  const option = field.secret ? `--${field.flag}-file` : `--${field.flag}`;
  return [`\`${option}\``, escaped(kindOf(field)), escaped(defaultOf(field)), escaped(field.help)];
}

function kindOf(field: Field): string {
  if (field.secret) return "secret";
  if (field.type === "list") return field.values === undefined ? "list" : `list of ${code(field.values)}`;
  if (field.type === "enum") return code(field.values ?? []);
  return field.type === "string" ? "text" : field.type === "boolean" ? "yes or no" : field.type;
}

function defaultOf(field: Field): string {
  if (field.required) return "must be given";
  return field.default === undefined ? "" : textOf(field.default);
}

function textOf(value: JsonValue): string {
  if (Array.isArray(value)) return code(value.map(String));
  return value === "" || value === null ? "" : code([typeof value === "string" ? value : JSON.stringify(value)]);
}

function code(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(", ");
}

/** A pipe would end the cell, even inside backticks. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
