/**
 * A plain CSV writer to compare with, and batches to write.
 *
 * @module
 */
import { type MemberBatch, type MemberColumn, membersOf } from "../contracts/members.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { CsvWriterOptions } from "./csv_write_options.ts";

/** A batch of members with these attributes. */
export function batchOf(
  attributes: readonly { readonly [field: string]: JsonValue }[],
  memberships?: readonly (readonly string[])[],
): MemberBatch {
  const objects = attributes.map((fields) => new TextEncoder().encode(JSON.stringify(fields)));
  const rows = new Uint32Array(objects.length + 1);
  objects.forEach(({ length }, index) => rows[index + 1] = rows[index]! + length);
  const bytes = new Uint8Array(rows.at(-1)!);
  objects.forEach((object, index) => bytes.set(object, rows[index]));
  const ids = Float64Array.from(attributes, (_, index) => index + 1);
  return { ids, bytes, rows, share: 1, ...(memberships === undefined ? {} : { memberships }) };
}

/** The file as the rules say it, without a thought for time. */
export function plainCsv(options: CsvWriterOptions, batches: readonly MemberBatch[]): string {
  const { columns, delimiter = ",", join = "&", safe = false, extras = {} } = options;
  const { audienceName, audienceSlug, audiences } = extras;
  const cell = (text: string | undefined, column?: MemberColumn, value?: JsonValue) => {
    const single = columns.length + Object.keys(extras).length === 1;
    if (text === undefined) return single ? '""' : "";
    const isNumber = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text);
    const numeric = typeof value === "number" || (isNumber && (column?.kind === "INT" || column?.kind === "NUMBER"));
    const told = safe && !numeric && /^[=+\-@\t\r\n\0＝＋－＠]/.test(text) ? `'${text}` : text;
    return text === "" || /["\r\n]/.test(told) || told.includes(delimiter) ? `"${told.replaceAll('"', '""')}"` : told;
  };
  const joined = (values: readonly string[]) =>
    values.map((value) => value.replaceAll("\\", "\\\\").replaceAll(join, join === "\\" ? join : `\\${join}`))
      .join(join);
  const rows = batches.flatMap((batch) =>
    membersOf(batch, columns).map(({ fields }, index) => [
      ...columns.map((column) => {
        const value = fields[column.name];
        return cell(value === undefined || value === null ? undefined : textOf(value, joined), column, value);
      }),
      ...(audienceName === undefined ? [] : [cell(audienceName)]),
      ...(audienceSlug === undefined ? [] : [cell(audienceSlug)]),
      ...(audiences === true ? [cell(joined(batch.memberships?.[index] ?? []))] : []),
    ])
  );
  const lineEnd = options.lineEnd === "lf" ? "\n" : "\r\n";
  return rows.map((cells) => cells.join(delimiter) + lineEnd).join("");
}

function textOf(value: JsonValue, joined: (values: readonly string[]) => string): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return joined(value.map(memberText));
  const key = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("=", "\\=");
  return joined(Object.entries(value).map(([name, member]) => `${key(name)}=${memberText(member)}`));
}

function memberText(member: JsonValue): string {
  return typeof member === "string" ? member : JSON.stringify(member);
}
