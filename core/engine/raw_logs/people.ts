/**
 * Whom rows of raw logs are about.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";
import type { PeopleInText } from "../../profiles/people_in_text.ts";
import type { LogFields } from "./rows.ts";

/** Who is looked for. */
export interface SoughtInLogs {
  readonly people: PeopleInText;
  /** Fields that identify them: a row's own of that name is looked at as `customer_ids` are. */
  readonly fields: ReadonlySet<string>;
}

/**
 * Whether a row is about one of them: one of its `customer_ids`, or a field that identifies, names them, or one of their
 * longer identities stands anywhere in it.
 */
export function isAbout({ people, fields }: SoughtInLogs, row: LogFields, line: string): boolean {
  const names = (value: JsonValue | undefined): boolean =>
    Array.isArray(value) ? value.some(names) : isId(value) && people.areIn(String(value));
  const { customer_ids } = row;
  const ids = typeof customer_ids === "object" && customer_ids !== null ? Object.values(customer_ids) : [];
  return ids.some(names) || fields.values().some((field) => names(row[field])) ||
    people.areIn(line, { longOnly: true });
}

function isId(value: JsonValue | undefined): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
