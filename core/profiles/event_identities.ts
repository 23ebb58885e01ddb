/**
 * Whom events name: every identity of each event of a batch, whether or not its mapping makes a profile of it.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { compileMapping, type MappingProgram, parseMapping } from "../lql/mod.ts";
import { BatchEvent } from "./batch_event.ts";
import { ChangeRows, hasChanges } from "./changes/change_rows.ts";
import { CUSTOMER_ID } from "./changes/read_changes.ts";
import type { IdentityHasher } from "./identity.ts";
import type { IndexedBatch } from "./indexed_batch.ts";
import { type OpenTarget, openTarget, type Target } from "./mapping.ts";

/** What tells of a profile table whom an event of a stream names. */
export interface NamingTarget {
  readonly target: OpenTarget;
  /** The stream's mapping without its WHERE: what it leaves out names somebody all the same. */
  readonly program: MappingProgram | undefined;
}

/** Makes a profile table's generation ready to tell whom a stream's events name, be the stream mapped into it or not. */
export function namingTarget(target: Target, key: Uint8Array, stream: number): NamingTarget {
  const own = target.generation.mappings.find((mapping) => mapping.stream === stream)?.definition;
  const open = openTarget(target, key, stream);
  if (own?.kind !== "lql") return { target: open, program: undefined };
  const { where: _, ...mapping } = parseMapping(own.text);
  return { target: open, program: compileMapping(mapping) };
}

/** An identity as an event has it: which of the hashers is its field's, and its normalised value. */
export type TakeIdentity = (hasher: IdentityHasher, value: string) => void;

/** Calls `take` for every identity that the rows have in a profile table, row by row; `done` after each row. */
export function eachIdentity(
  batch: IndexedBatch,
  { target: { rules, hashers, casts }, program }: NamingTarget,
  take: TakeIdentity,
  done: (row: number) => void,
): void {
  const { identity, identifyBy } = rules;
  const event = new BatchEvent(batch);
  const names = program?.columns.map(({ name }) => name) ?? [];
  const columns = identifyBy.map((field) => names.indexOf(field));
  const values: (JsonValue | undefined)[] = new Array(names.length);
  // Operations are looked into whatever table they go into: they name people as other events do.
  const rows = hasChanges(batch) && identifyBy.some((field) => field !== CUSTOMER_ID)
    ? new ChangeRows(batch)
    : undefined;
  const cast = casts?.over(batch);
  for (let row = 0; row < batch.times.length; row++) {
    event.move(row, batch.times[row]!);
    program?.evaluate(event, values);
    cast?.move(row, batch.times[row]!);
    for (let field = 0; field < identifyBy.length; field++) {
      // A field of the same name is looked at as well, where the mapping makes the identity of other fields.
      const given = [
        event.get(identifyBy[field]!),
        columns[field]! < 0 ? undefined : values[columns[field]!],
        cast?.get(identifyBy[field]!),
        ...rows === undefined ? [] : changedValues(rows, row, identifyBy[field]!),
      ];
      for (const value of given) {
        if (value === undefined) continue;
        for (const name of identity.valuesOf(identifyBy[field]!, value)) take(hashers[field]!, name);
      }
    }
    done(row);
  }
}

/** The values that a row of a profile import writes to an attribute, or takes from it. */
function changedValues(rows: ChangeRows, row: number, field: string): JsonValue[] {
  if (rows.move(row) && rows.name !== field) return [];
  const changes = rows.changes();
  if (typeof changes === "string") return [];
  return changes.flatMap(([name, change]) => {
    if (name !== field || change.kind === "increment") return [];
    if (change.kind === "set") return change.members.map(({ value }) => value);
    return change.value === undefined ? [] : [change.value];
  });
}
