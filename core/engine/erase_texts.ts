/**
 * Erases values that stand in texts: examples of stream fields, and what runs say of what went wrong.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { ErasedValues } from "../profiles/erased_values.ts";
import type { ErasableStore } from "./erasable_stores.ts";

/** The examples of stream fields. */
export const fieldStore: ErasableStore = {
  name: "fields",
  tables: ["stream_fields"],
  folders: [],
  stage: "archive",
  erase: async ({ account, values, position, commit }) => {
    if (position !== undefined) return;
    await commit(async (transaction) => {
      const fields = await transaction.selectFrom("stream_fields").select(["stream_id", "name", "examples"])
        .where("account_id", "=", account).execute();
      for (const { stream_id, name, examples } of fields) {
        const all: JsonValue[] = JSON.parse(examples);
        const kept = all.filter((example) =>
          !values.occursIn(JSON.stringify(example)) && !values.occursIn(String(example))
        );
        if (kept.length === all.length) continue;
        await transaction.updateTable("stream_fields").set({ examples: JSON.stringify(kept) })
          .where("account_id", "=", account).where("stream_id", "=", stream_id).where("name", "=", name).execute();
      }
      return { position: true };
    });
  },
};

/** What runs say. */
export const runStore: ErasableStore = {
  name: "runs",
  tables: ["runs"],
  folders: [],
  stage: "archive",
  erase: async ({ account, values, position, commit }) => {
    if (position !== undefined) return;
    await commit(async (transaction) => {
      const runs = await transaction.selectFrom("runs").select(["id", "failure", "notes"])
        .where("account_id", "=", account).execute();
      for (const { id, failure, notes } of runs) {
        const said = {
          failure: failure === null ? null : scrubFailure(failure, values),
          notes: scrubList(notes, values),
        };
        if (said.failure === failure && said.notes === notes) continue;
        await transaction.updateTable("runs").set(said).where("account_id", "=", account).where("id", "=", id)
          .execute();
      }
      return { position: true };
    });
  },
};

/** A failure without the values in what it says; its kind and code are ours. */
function scrubFailure(text: string, values: ErasedValues): string {
  const failure: FailureJson = JSON.parse(text);
  const { message, hint } = failure;
  return JSON.stringify({
    ...failure,
    message: values.scrub(message),
    hint: hint === null ? null : values.scrub(hint),
  });
}

function scrubList(text: string, values: ErasedValues): string {
  return JSON.stringify((JSON.parse(text) as string[]).map((sentence) => values.scrub(sentence)));
}
