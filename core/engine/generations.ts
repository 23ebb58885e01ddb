/**
 * Generations of profile tables: which one events go into, and how a table follows a change of its mappings.
 *
 * Every change of what is done with events moves the account's import epoch. A commit of an import names the epoch it
 * was prepared under, so none is made by the rules of yesterday: the import begins anew at its checkpoint.
 *
 * @module
 */
import { sql } from "kysely";
import type { Executor } from "../database/database.ts";
import { noteDefinition } from "../profiles/feed/note_swap.ts";
import { type GenerationDefinition, type MappingDefinition, rulesOf, type Target } from "../profiles/mapping.ts";
import { queueTask } from "./queue_run.ts";

/** Id of the task that fills a new generation. */
export const REPLAY = "mapping-replay";

/** What a replay is to do. */
export interface ReplayConfig {
  readonly table: number;
  readonly generation: number;
}

/** The generations that a stream's events go into. */
export async function targetsOf(executor: Executor, account: number, stream: number): Promise<Target[]> {
  const rows = await executor.selectFrom("generations").select(["id", "table_id", "definition"])
    .where("account_id", "=", account).where("state", "=", "current").orderBy("id").execute();
  return rows.map((row): Target => ({
    scope: { account, table: row.id },
    table: row.table_id,
    generation: JSON.parse(row.definition),
  })).filter(({ generation }) => generation.mappings.some((mapping) => mapping.stream === stream));
}

/** The generation of a profile table that is looked at. */
export async function currentGeneration(executor: Executor, account: number, table: number): Promise<Target> {
  // Written out: somebody waits for it, and to put it together the first time takes longer.
  const { rows: [row] } = await sql<{ id: number; definition: string }>`select id, definition from generations
    where account_id = ${account} and table_id = ${table} and state = 'current'`.execute(executor);
  if (row === undefined) throw new Error(`Profile table ${table} of account ${account} has no current generation`);
  return { scope: { account, table: row.id }, table, generation: JSON.parse(row.definition) };
}

/** Makes running imports of an account begin anew at their checkpoints, under what holds from now on. */
export async function moveEpoch(executor: Executor, account: number): Promise<void> {
  await executor.updateTable("accounts").set((set) => ({ import_epoch: set("import_epoch", "+", 1) }))
    .where("id", "=", account).execute();
}

/** Keeps everybody else from importing into an account until the transaction ends. */
export async function lockAccount(executor: Executor, account: number): Promise<void> {
  await executor.updateTable("accounts").set((set) => ({ import_epoch: set.ref("import_epoch") }))
    .where("id", "=", account).execute();
}

/** Adds a generation to a profile table. Locks the account's row: two that are added at once have ids of their own. */
export async function addGeneration(
  executor: Executor,
  account: number,
  table: number,
  generation: {
    readonly state: "building" | "current";
    readonly definition: GenerationDefinition;
    readonly now: number;
  },
): Promise<number> {
  await lockAccount(executor, account);
  const { last } = await executor.selectFrom("generations").select((select) => select.fn.max("id").as("last"))
    .where("account_id", "=", account).executeTakeFirstOrThrow();
  const id = (last ?? 0) + 1;
  const { state, definition, now } = generation;
  await executor.insertInto("generations")
    .values({
      account_id: account,
      id,
      table_id: table,
      state,
      definition: JSON.stringify(definition),
      created_at: now,
    })
    .execute();
  return id;
}

/**
 * Makes a profile table follow its mappings and identity rules as they stand. Where no event is touched they hold at
 * once; else a new generation is filled from the archive, and the run that does so is given. Until it is done the table
 * is as it was, but for the mapping of the stream `atOnce`: what comes in from now on follows that meanwhile, and no
 * other change that waits.
 */
export async function followMappings(
  transaction: Executor,
  account: number,
  table: number,
  { now, atOnce }: { readonly now: number; readonly atOnce?: number },
): Promise<string | undefined> {
  // No replay, and no erasure, puts another generation in its place meanwhile: they lock in this order, too.
  await lockAccount(transaction, account);
  const wanted = await wantedDefinition(transaction, account, table);
  const current = await currentGeneration(transaction, account, table);
  await abandonBuilding(transaction, account, table);
  if (JSON.stringify(wanted) === JSON.stringify(current.generation)) return undefined;
  const holds = current.generation.behind === undefined &&
    await holdsAtOnce(transaction, account, current.generation, wanted);
  if (holds || atOnce !== undefined) {
    const next = holds ? wanted : withMapping(current.generation, wanted, atOnce!);
    await moveEpoch(transaction, account);
    await noteDefinition(transaction, current, next);
    await transaction.updateTable("generations").set({ definition: JSON.stringify(next) })
      .where("account_id", "=", account).where("id", "=", current.scope.table).execute();
  }
  return holds ? undefined : await startReplay(transaction, account, table, wanted, now);
}

/** A generation whose events from now on follow the mapping that a stream is to have, too. */
function withMapping(
  current: GenerationDefinition,
  wanted: GenerationDefinition,
  stream: number,
): GenerationDefinition {
  const others = current.mappings.filter((mapping) => mapping.stream !== stream);
  const own = wanted.mappings.filter((mapping) => mapping.stream === stream);
  return { ...current, mappings: [...others, ...own], behind: true };
}

/** Queues a run that fills a new generation of a table from the archive. */
export async function startReplay(
  transaction: Executor,
  account: number,
  table: number,
  definition: GenerationDefinition,
  now: number,
): Promise<string> {
  const generation = await addGeneration(transaction, account, table, { state: "building", definition, now });
  const config: ReplayConfig = { table, generation };
  return await queueTask(transaction, { account, task: REPLAY, config: { ...config }, now });
}

/** The mappings and rules of a table as they stand. */
export async function wantedDefinition(
  executor: Executor,
  account: number,
  table: number,
): Promise<GenerationDefinition> {
  const mappings = await executor.selectFrom("mappings").select(["stream_id", "definition"])
    .where("account_id", "=", account).where("table_id", "=", table)
    .orderBy("created_at").orderBy("stream_id").execute();
  const { identity_rules } = await executor.selectFrom("profile_tables").select("identity_rules")
    .where("account_id", "=", account).where("id", "=", table).executeTakeFirstOrThrow();
  return {
    mappings: mappings.map(({ stream_id, definition }) => ({
      stream: stream_id,
      definition: JSON.parse(definition) as MappingDefinition,
    })),
    identity: JSON.parse(identity_rules),
  };
}

/** Whether no event that is there would have made other profiles. */
async function holdsAtOnce(
  executor: Executor,
  account: number,
  before: GenerationDefinition,
  after: GenerationDefinition,
): Promise<boolean> {
  const streams = [...before.mappings, ...after.mappings].map(({ stream }) => stream);
  if (streams.length === 0) return true;
  const filled = await executor.selectFrom("streams").select("id").where("account_id", "=", account)
    .where("id", "in", streams).where("events", ">", 0).execute();
  if (filled.length === 0) return true;
  const textOf = ({ mappings }: GenerationDefinition, stream: number) =>
    JSON.stringify(mappings.find((mapping) => mapping.stream === stream)?.definition);
  return filled.every(({ id }) => textOf(before, id) === textOf(after, id)) &&
    identityText(before) === identityText(after);
}

/** How values identify, as a text: what is said of fields that identify nobody changes nothing. */
function identityText(definition: GenerationDefinition): string {
  const { normalise, deny, most_values } = definition.identity;
  const fields = [...rulesOf(definition).identifyBy].sort();
  const told = (lists: { readonly [field: string]: readonly string[] } = {}) =>
    ["*", ...fields].map((field) => Object.hasOwn(lists, field) ? lists[field] : null);
  return JSON.stringify([fields, told(normalise), told(deny), most_values]);
}

/** Gives up what is being filled and no longer wanted; its run notices. */
async function abandonBuilding(executor: Executor, account: number, table: number): Promise<void> {
  await executor.updateTable("generations").set({ state: "retired" }).where("account_id", "=", account)
    .where("table_id", "=", table).where("state", "=", "building").execute();
}
