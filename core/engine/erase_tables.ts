/**
 * Makes profile tables anew, without the events that are gone, where those may have said something of profiles that
 * stay.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import { CUSTOMER_ID } from "../profiles/changes/read_changes.ts";
import type { ErasableStore, EraseContext, ErasedTable } from "./erasable_stores.ts";
import { readingOf } from "./erased_targets.ts";
import { addGeneration, lockAccount, wantedDefinition } from "./generations.ts";
import { replayTask } from "./replay.ts";

/** Which tables are done, and how far the one that is being made is. */
interface Position {
  readonly done: readonly number[];
  readonly generation?: number;
  readonly replay?: JsonValue;
}

/**
 * The profile tables that events go into. Where one table's people alone are erased, and each of its events is theirs
 * whom it names, its other profiles are as they should be.
 */
export const tableStore: ErasableStore = {
  name: "tables",
  tables: [],
  folders: [],
  stage: "derived",
  erase: async (context) => {
    const { core: { database }, account, tables, position } = context;
    let at = position as unknown as Position | undefined ?? { done: [] };
    const [only] = tables.length === 1 ? tables : [];
    const own = only !== undefined && namesOnlyItsOwn(only) ? only.target.table : undefined;
    const mapped = await database.kysely.selectFrom("mappings").select("table_id").distinct()
      .where("account_id", "=", account).orderBy("table_id").execute();
    for (const { table_id } of mapped) {
      if (table_id === own || at.done.includes(table_id)) continue;
      at = await makeAnew(context, table_id, at);
    }
  },
};

/** Whether every event that names somebody in a table is, as far as it went into it, in that one's profile. */
function namesOnlyItsOwn({ target: { generation: { mappings }, rules: { identifyBy } } }: ErasedTable): boolean {
  return mappings.every(({ definition }) => {
    if (definition.kind === "changes") return identifyBy.every((field) => field === CUSTOMER_ID);
    if (definition.kind !== "lql") return true;
    // A field of the same name is looked at as well, where an identity is made of others.
    return identifyBy.every((field) => readingOf(definition.text, field) === "plain");
  });
}

async function makeAnew(context: EraseContext, table: number, begun: Position): Promise<Position> {
  const { core, signal, task, commit } = context;
  let at = begun;
  if (at.generation === undefined || !await isWanted(context, at.generation)) at = await begin(context, table, at);
  const generation = at.generation!;
  try {
    await replayTask.work({
      ...task,
      core,
      signal,
      config: { table, generation },
      checkpoint: at.replay,
      commit: (work) =>
        commit(async (transaction) => {
          const { checkpoint } = await work(transaction);
          at = { ...at, replay: checkpoint };
          return { position: at as unknown as JsonValue };
        }),
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "cancelled" || signal.aborted) throw error;
    throw new Failure("transient", "The mappings of a profile table were changed while it was made anew", {
      hint: "The erasure tries again by itself",
      cause: error,
    });
  }
  at = { done: [...at.done, table] };
  await commit(() => Promise.resolve({ position: at as unknown as JsonValue }));
  return at;
}

async function isWanted({ core, account }: EraseContext, generation: number): Promise<boolean> {
  const row = await core.database.kysely.selectFrom("generations").select("state")
    .where("account_id", "=", account).where("id", "=", generation).executeTakeFirst();
  return row?.state === "building" || row?.state === "current";
}

async function begin({ core, account, commit }: EraseContext, table: number, { done }: Position): Promise<Position> {
  let at: Position = { done };
  await commit(async (transaction) => {
    // Whoever changes a mapping waits, or is waited for.
    await lockAccount(transaction, account);
    const now = await core.database.now();
    await transaction.updateTable("generations").set({ state: "retired" }).where("account_id", "=", account)
      .where("table_id", "=", table).where("state", "=", "building").execute();
    const definition = await wantedDefinition(transaction, account, table);
    at = { done, generation: await addGeneration(transaction, account, table, { state: "building", definition, now }) };
    return { position: at as unknown as JsonValue };
  });
  return at;
}
