/**
 * The figures of a stream's fields without the events that are erased.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import { FieldStats } from "../profiles/field_stats.ts";
import { targetsOf } from "./generations.ts";

const LF = 10;

/** How often the events that go have filled each field of their stream. */
export class ErasedFields {
  readonly #stats = new FieldStats();

  /** `ofChanges` tells whether the stream's events are counted as changes of profiles. */
  private constructor(
    private readonly account: number,
    private readonly stream: number,
    private readonly ofChanges: boolean,
  ) {}

  /** Of a stream, none counted yet. */
  static async of(executor: Executor, account: number, stream: number): Promise<ErasedFields> {
    const targets = await targetsOf(executor, account, stream);
    const ofChanges = targets.some(({ generation: { mappings } }) =>
      mappings.some((mapping) => mapping.stream === stream && mapping.definition.kind === "changes")
    );
    return new ErasedFields(account, stream, ofChanges);
  }

  /** Counts those archive lines that are marked with 1. */
  add(lines: Uint8Array, marked: Uint8Array): void {
    const batch = indexArchiveLines(linesOf(lines, marked));
    if (this.ofChanges) this.#stats.addChanges(batch);
    else this.#stats.add(batch);
  }

  /** Takes what was counted out of the stream's figures. Runs in a transaction that has changed the stream's row. */
  async subtract(transaction: Executor): Promise<void> {
    for (const [name, { filled }] of this.#stats.fields) {
      await transaction.updateTable("stream_fields")
        .set((set) => ({
          filled: set.case().when("filled", ">", filled).then(set("filled", "-", filled)).else(0).end(),
        }))
        .where("account_id", "=", this.account).where("stream_id", "=", this.stream).where("name", "=", name)
        .execute();
    }
  }
}

function linesOf(lines: Uint8Array, marked: Uint8Array): Uint8Array {
  const own = new Uint8Array(lines.length);
  let put = 0;
  for (let row = 0, at = 0; row < marked.length; row++) {
    const end = lines.indexOf(LF, at) + 1;
    if (marked[row] === 1) {
      own.set(lines.subarray(at, end), put);
      put += end - at;
    }
    at = end;
  }
  return own.subarray(0, put);
}
