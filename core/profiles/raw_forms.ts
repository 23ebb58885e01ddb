/**
 * How events wrote the identities that a mapping computes: what is looked for where no mapping reads.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { compileMapping, parseMapping } from "../lql/mod.ts";
import { BatchEvent } from "./batch_event.ts";
import type { NamingTarget } from "./event_identities.ts";
import { identityKey } from "./identity.ts";
import type { IndexedBatch } from "./indexed_batch.ts";
import { folded, type RawForm } from "./people_in_text.ts";

/** Collects the raw forms of people who are erased. */
export class RawForms {
  readonly #forms: Map<string, RawForm>;

  constructor(forms: readonly RawForm[] = []) {
    this.#forms = new Map(forms.map((form) => [JSON.stringify(form), form]));
  }

  /** What was collected. */
  get all(): RawForm[] {
    return [...this.#forms.values()];
  }

  /** How many there are. */
  get count(): number {
    return this.#forms.size;
  }

  /** Whether an example of a field is one of their cells. */
  isCell(field: string, example: JsonValue): boolean {
    const cells = cellsOf(example).map(folded);
    return this.all.some((form) => form.some(([own, cell]) => own === field && cells.includes(folded(cell))));
  }

  /**
   * Adds those of a batch's rows that are marked with 1. An identity that a cell gives by itself, normalised, has none:
   * it is found wherever it stands.
   */
  add(batch: IndexedBatch, rows: Uint8Array, { naming, reads, keys }: ReadTarget): void {
    const { target: { rules, hashers }, program } = naming;
    if (program === undefined) return;
    const event = new BatchEvent(batch);
    const values: (JsonValue | undefined)[] = new Array(program.columns.length);
    for (let row = rows.indexOf(1); row >= 0; row = rows.indexOf(1, row + 1)) {
      event.move(row, batch.times[row]!);
      program.evaluate(event, values);
      for (const [index, field] of rules.identifyBy.entries()) {
        const cells = [...reads.get(field) ?? event.names()].flatMap((read) =>
          cellsOf(event.get(read)).map((cell) => [read, cell] as const)
        );
        const column = program.columns.findIndex(({ name }) => name === field);
        const computed = rules.identity.valuesOf(field, values[column]).some((value) =>
          keys.has(identityKey(hashers[index]!, value, 0)) &&
          !cells.some(([, cell]) => rules.identity.normalise(field, cell) === value)
        );
        if (computed) this.#forms.set(JSON.stringify(cells), cells);
      }
    }
  }
}

/** A profile table whose people are erased, as a stream's events name them. */
export interface ReadTarget {
  readonly naming: NamingTarget;
  /** For each field that identifies: the event fields that it is made of; undefined where those may be any. */
  readonly reads: ReadonlyMap<string, readonly string[] | undefined>;
  readonly keys: ReadonlySet<bigint>;
}

/** Makes one for a stream. */
export function readTarget(naming: NamingTarget, stream: number, keys: ReadonlySet<bigint>): ReadTarget {
  const { generation: { mappings }, rules: { identifyBy } } = naming.target;
  const own = mappings.find((mapping) => mapping.stream === stream)?.definition;
  const reads = new Map<string, readonly string[] | undefined>(identifyBy.map((field) => [field, [field]]));
  if (own?.kind !== "lql") return { naming, reads, keys };
  const { where: _, ...mapping } = parseMapping(own.text);
  const { columns } = compileMapping(mapping);
  for (const [index, { condition: _, ...column }] of mapping.columns.entries()) {
    const { name } = columns[index]!;
    if (!mapping.identifyBy.includes(name)) continue;
    reads.set(name, compileMapping({ ...mapping, columns: [column], identifyBy: [name] }).reads);
  }
  return { naming, reads, keys };
}

/** The texts of a value, of a list those of its members. */
function cellsOf(value: JsonValue | undefined): string[] {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  return Array.isArray(value) ? value.flatMap(cellsOf) : [];
}
