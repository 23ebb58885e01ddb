/**
 * The identifiers of members, a line for each.
 *
 * @module
 */
import { type Identifier, type JsonValue, type MemberBatch, type MemberColumn, membersOf } from "@waybill/waybill";

/** The key of each line: `IDFA` for `idfa`, and the others alike. */
export function keyOf(identifier: Identifier): string {
  return identifier.toUpperCase();
}

/** The identifiers of each member of a batch, one after the other: none, one, or several. */
export function identifiersOf(batch: MemberBatch, columns: readonly MemberColumn[]): string[] {
  const found: string[] = [];
  for (const { fields } of membersOf(batch, columns)) {
    const values = Object.values(fields).flatMap((value): readonly JsonValue[] =>
      Array.isArray(value) ? value : [value]
    );
    found.push(...new Set(values.flatMap(textOf)));
  }
  return found;
}

/** Only texts and numbers name anybody. */
function textOf(value: JsonValue): string[] {
  if (typeof value === "number") return [String(value)];
  return typeof value === "string" && value !== "" ? [value] : [];
}
