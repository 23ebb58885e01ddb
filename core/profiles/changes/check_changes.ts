/**
 * What of a profile import's rows can be told before anybody looks at profiles: whether they are well-formed, name
 * somebody, and change only what a profile import may change.
 *
 * @module
 */
import { asciiIn, OTHER_BYTES, viewOf } from "../byte_stretches.ts";
import type { IndexedBatch } from "../indexed_batch.ts";
import type { TableRules } from "../table_rules.ts";
import { ChangeRows } from "./change_rows.ts";
import { CUSTOMER_ID, cut } from "./read_changes.ts";

const QUOTE = 34, SPACE = 32;

/** Why a row is none: a sentence without a final period. */
export interface BadRow {
  readonly row: number;
  readonly reason: string;
}

/** Checks rows by the rules of the table that they go into. */
export class ChangeCheck {
  /** Attributes that came up: whether they may be changed. */
  readonly #attributes = new Map<string, boolean>();

  constructor(private readonly rules: TableRules) {}

  /** The rows that are to be rejected, in order. */
  badRows(batch: IndexedBatch): BadRow[] {
    const rows = new ChangeRows(batch), bytes = viewOf(batch.bytes);
    const bad: BadRow[] = [];
    for (let row = 0; row < batch.times.length; row++) {
      const isPlain = rows.move(row);
      const reason = this.#problemOfId(bytes, rows) ?? this.#problemOfChanges(rows, isPlain);
      if (reason !== undefined) bad.push({ row, reason });
    }
    return bad;
  }

  #problemOfId(bytes: DataView, rows: ChangeRows): string | undefined {
    const { identity } = this.rules;
    const start = rows.idStart + 1, end = rows.idEnd - 1;
    if (
      start < end && bytes.getUint8(start - 1) === QUOTE && bytes.getUint8(start) > SPACE &&
      bytes.getUint8(end - 1) > SPACE && identity.isPlain(CUSTOMER_ID) && asciiIn(bytes, start, end) !== OTHER_BYTES
    ) {
      const second = start + 1 < end ? bytes.getUint8(start + 1) : NaN;
      if (!identity.mayDeny(end - start, bytes.getUint8(start), second)) return undefined;
    }
    const { id } = rows;
    if (id === undefined || id === "") return `Has no "${CUSTOMER_ID}"`;
    if (typeof id !== "string") return `Has a "${CUSTOMER_ID}" that is neither a text nor a number: ${cut(id)}`;
    return identity.normalise(CUSTOMER_ID, id) === undefined
      ? `Has a "${CUSTOMER_ID}" that names nobody: ${cut(id)}`
      : undefined;
  }

  #problemOfChanges(rows: ChangeRows, isPlain: boolean): string | undefined {
    if (isPlain) return this.#problemOfName(rows.name);
    const changes = rows.changes();
    if (typeof changes === "string") return changes;
    for (const [name] of changes) {
      const problem = this.#problemOfName(name);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #problemOfName(name: string): string | undefined {
    let known = this.#attributes.get(name);
    if (known === undefined) {
      known = this.rules.foldOf(name).change !== undefined;
      this.#attributes.set(name, known);
    }
    return known ? undefined : `Changes ${JSON.stringify(name)}, which a mapping computes from events`;
  }
}
