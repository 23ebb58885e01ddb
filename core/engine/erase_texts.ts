/**
 * Erases values that stand in texts: examples of stream fields, and what runs say of what went wrong.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { RunsTable } from "../database/tables.ts";
import type { PeopleInText } from "../profiles/people_in_text.ts";
import { namingTarget } from "../profiles/event_identities.ts";
import { readTarget } from "../profiles/raw_forms.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";
import { OPEN_STATUSES } from "./claim.ts";
import { lockAccount } from "./generations.ts";

/** The examples of stream fields. */
export const fieldStore: ErasableStore = {
  name: "fields",
  tables: ["stream_fields"],
  folders: [],
  stage: "archive",
  erase: async (context) => {
    const { account, people, rawForms, position, commit } = context;
    if (position !== undefined) return;
    await commit(async (transaction) => {
      // An import that is committing writes the examples that it has found.
      await lockAccount(transaction, account);
      const fields = await transaction.selectFrom("stream_fields").select(["stream_id", "name", "examples"])
        .where("account_id", "=", account).execute();
      const identifying = new Map<number, (field: string) => boolean>();
      for (const { stream_id, name, examples } of fields) {
        const identifies = identifying.get(stream_id) ?? identifyingFields(context, stream_id);
        identifying.set(stream_id, identifies);
        const all = parseJson<JsonValue[]>(examples);
        const kept = all.filter((example) =>
          !people.areIn(typeof example === "string" ? example : JSON.stringify(example), {
            // The number 7 of another field is nobody's id.
            longOnly: !identifies(name),
          }) &&
          !rawForms.isCell(name, example)
        );
        if (kept.length === all.length) continue;
        await transaction.updateTable("stream_fields").set({ examples: JSON.stringify(kept) })
          .where("account_id", "=", account).where("stream_id", "=", stream_id).where("name", "=", name).execute();
      }
      return { position: true };
    });
  },
};

/** Whether a field of a stream's events is one of those that identities are made of. */
function identifyingFields({ core, tables }: EraseContext, stream: number): (field: string) => boolean {
  const targets = tables.map(({ target, keys }) =>
    readTarget(namingTarget(target, core.identityKey, stream), stream, keys)
  );
  return (field) =>
    targets.some(({ naming, reads }) =>
      naming.target.rules.identifyBy.includes(field) ||
      [...reads.values()].some((fields) => fields === undefined || fields.includes(field))
    );
}

/** What runs say. */
export const runStore: ErasableStore = {
  name: "runs",
  tables: ["runs"],
  folders: [],
  stage: "archive",
  erase: async ({ core: { database }, account, people, position, commit }) => {
    if (position !== undefined) return;
    await commit(async (transaction) => {
      const all = transaction.selectFrom("runs")
        .select(["id", "status", "failure", "notes", "progress", "checkpoint"]).where("account_id", "=", account);
      for (const found of await all.execute()) {
        if (scrubbed(found, people) === undefined) continue;
        // A run that goes on has perhaps come further meanwhile.
        const run = await all.where("id", "=", found.id)
          .$if(database.kind === "postgres", (query) => query.forUpdate()).executeTakeFirst();
        const said = run && scrubbed(run, people);
        if (said === undefined) continue;
        await transaction.updateTable("runs").set(said).where("account_id", "=", account).where("id", "=", found.id)
          .execute();
      }
      return { position: true };
    });
  },
};

type Said = Pick<RunsTable, "failure" | "notes" | "progress" | "checkpoint">;

/** What a run says without the values; undefined where it holds none. */
function scrubbed({ status, ...run }: Said & Pick<RunsTable, "status">, people: PeopleInText): Said | undefined {
  const { failure, notes, progress, checkpoint } = run;
  // A run that goes on needs its position; that of one that has ended may name a file after a person.
  const isOpen = OPEN_STATUSES.includes(status);
  const said = {
    failure: failure === null ? null : scrubFailure(failure, people),
    notes: scrubList(notes, people),
    progress: isOpen || progress === null ? progress : scrubTexts(progress, people),
    checkpoint: isOpen || checkpoint === null ? checkpoint : scrubTexts(checkpoint, people),
  };
  return JSON.stringify(said) === JSON.stringify({ failure, notes, progress, checkpoint }) ? undefined : said;
}

/** A failure without the values in what it says; its kind and code are ours. */
function scrubFailure(text: string, people: PeopleInText): string {
  const failure: FailureJson = JSON.parse(text);
  const { message, hint } = failure;
  return JSON.stringify({
    ...failure,
    message: people.scrub(message),
    hint: hint === null ? null : people.scrub(hint),
  });
}

/** JSON without the values in any of its texts. */
function scrubTexts(text: string, people: PeopleInText): string {
  return JSON.stringify(JSON.parse(text, (_, value) => typeof value === "string" ? people.scrub(value) : value));
}

function scrubList(text: string, people: PeopleInText): string {
  return JSON.stringify((JSON.parse(text) as string[]).map((sentence) => people.scrub(sentence)));
}
