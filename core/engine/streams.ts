/**
 * Streams: what `stream list|show|fields` and their routes give, and how an import finds its own.
 *
 * @module
 */
import { type ChangeScope, changesTarget } from "../contracts/changes.ts";
import { Failure } from "../contracts/failure.ts";
import type { ImportTarget } from "../contracts/job.ts";
import type { Database, Executor } from "../database/database.ts";
import type { StreamsTable } from "../database/tables.ts";
import { nearest } from "../describe/mod.ts";
import { identityFieldsOf, type MappingDefinition, type Target } from "../profiles/mapping.ts";
import { SYSTEM } from "./actor.ts";
import { requireAppNamed } from "./apps.ts";
import { audit } from "./audit.ts";
import { followMappings, targetsOf } from "./generations.ts";
import { newId } from "./ids.ts";
import { isoTime } from "./iso_time.ts";
import { DEFAULT_TABLE, requireTable, tableName } from "./profile_tables.ts";
import type { Streams } from "./runtime.ts";
import type { StreamFieldView, StreamView } from "./views.ts";

/** Where an import's rows go. */
export interface StreamPlace {
  readonly stream: number;
  /** The account's import epoch: what is prepared under another is not committed. */
  readonly epoch: number;
  /** Profile tables that its events go into; none where the stream has no mapping. */
  readonly targets: readonly Target[];
}

/** The same, with what the user should know about it. */
export interface ImportPlace extends StreamPlace {
  /** Whether the stream has a mapping, be it one that does not hold yet. */
  readonly mapped: boolean;
  /** The run that replays events which came in before the mapping that this import made: the stream's, or others'. */
  readonly replay: string | undefined;
}

/** Finds the stream of an import and its mappings; makes what is not there. */
export async function placeImport(
  transaction: Executor,
  account: number,
  target: ImportTarget,
  now: number,
): Promise<ImportPlace> {
  if (target.changes !== undefined) return await placeChanges(transaction, account, target.changes, now);
  const stream = await findStream(transaction, account, target.stream) ??
    await makeStream(transaction, account, target.stream, now);
  let targets = await targetsOf(transaction, account, stream);
  let mapped = targets.length > 0 || await isMapped(transaction, account, stream);
  let replay: string | undefined;
  if (!mapped && target.identifyBy.length > 0) {
    const table = await requireTable(transaction, account, DEFAULT_TABLE);
    const definition: MappingDefinition = { kind: "default", identify_by: target.identifyBy };
    replay = await makeMapping(transaction, account, { id: stream, name: target.stream }, table, definition, now);
    targets = await targetsOf(transaction, account, stream);
    mapped = true;
  }
  return { stream, epoch: await epochOf(transaction, account), targets, mapped, replay };
}

async function epochOf(executor: Executor, account: number): Promise<number> {
  const { import_epoch } = await executor.selectFrom("accounts").select("import_epoch").where("id", "=", account)
    .executeTakeFirstOrThrow();
  return import_epoch;
}

/** Finds the stream that is kept for changes of a table's profiles; makes it, with its mapping, where it is not there. */
async function placeChanges(
  transaction: Executor,
  account: number,
  { app }: ChangeScope,
  now: number,
): Promise<ImportPlace> {
  const found = app === undefined ? undefined : await requireAppNamed(transaction, account, app);
  const table = found?.table_id ?? await requireTable(transaction, account, DEFAULT_TABLE);
  // By the app's id, whichever way the job names it: a table's changes are in one stream.
  const { stream: name } = changesTarget(found === undefined ? {} : { app: found.id });
  const stream = await findStream(transaction, account, name) ?? await addStream(transaction, account, name, now);
  let replay: string | undefined;
  if (!await isMapped(transaction, account, stream)) {
    replay = await makeMapping(transaction, account, { id: stream, name }, table, { kind: "changes" }, now);
  }
  const targets = await targetsOf(transaction, account, stream);
  return { stream, epoch: await epochOf(transaction, account), targets, mapped: true, replay };
}

/** Whether a stream has a mapping, be it one that does not hold yet. */
async function isMapped(executor: Executor, account: number, stream: number): Promise<boolean> {
  const found = await executor.selectFrom("mappings").select("id").where("account_id", "=", account)
    .where("stream_id", "=", stream).limit(1).executeTakeFirst();
  return found !== undefined;
}

/**
 * Maps a stream that an import brings, writes that down as done by Waybill itself, and gives the run that replays what
 * came in before where that is needed.
 */
async function makeMapping(
  transaction: Executor,
  account: number,
  stream: { readonly id: number; readonly name: string },
  table: number,
  definition: MappingDefinition,
  now: number,
): Promise<string | undefined> {
  const id = newId();
  await transaction.insertInto("mappings").values({
    account_id: account,
    id,
    stream_id: stream.id,
    table_id: table,
    definition: JSON.stringify(definition),
    created_at: now,
    updated_at: now,
  }).execute();
  const replay = await followMappings(transaction, account, table, { now, atOnce: stream.id });
  await audit(transaction, { database: { now: async () => now }, accountId: account, actor: SYSTEM }, {
    action: "create",
    kind: "mapping",
    id,
    label: stream.name,
    detail: {
      stream: stream.name,
      table: await tableName(transaction, account, table),
      identify_by: [...identityFieldsOf(definition)],
    },
  });
  return replay;
}

/** The id of a stream; undefined where the account has none of that name. */
export async function findStream(executor: Executor, account: number, name: string): Promise<number | undefined> {
  const row = await executor.selectFrom("streams").select("id")
    .where("account_id", "=", account).where("name", "=", name).executeTakeFirst();
  return row?.id;
}

/** What a stream may be called: what job types take, too. */
const STREAM_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Refuses (`config`) a name that no stream may have. */
export function checkStreamName(name: string): void {
  if (STREAM_NAME.test(name)) return;
  throw new Failure("config", `"${name.slice(0, 100)}" cannot be the name of a stream`, {
    hint: "Use 1 to 64 letters, digits, `_`, `-` or `.`, starting with a letter or digit",
  });
}

/** Makes a stream without events, and gives its id. */
export async function makeStream(executor: Executor, account: number, name: string, now: number): Promise<number> {
  checkStreamName(name);
  return await addStream(executor, account, name, now);
}

async function addStream(executor: Executor, account: number, name: string, now: number): Promise<number> {
  const { last } = await executor.selectFrom("streams").select((select) => select.fn.max("id").as("last"))
    .where("account_id", "=", account).executeTakeFirstOrThrow();
  const id = (last ?? 0) + 1;
  await executor.insertInto("streams").values({ account_id: account, id, name, events: 0, created_at: now }).execute();
  return id;
}

/** A stream. Failure `config` (`not_found`) where the account has none of that name. */
export async function requireStream(executor: Executor, account: number, name: string): Promise<StreamsTable> {
  const rows = () => executor.selectFrom("streams").selectAll().where("account_id", "=", account);
  const row = await rows().where("name", "=", name).executeTakeFirst();
  if (row !== undefined) return row;
  const near = nearest(name, (await rows().execute()).map((stream) => stream.name));
  throw new Failure("config", `Stream "${name}" does not exist`, {
    code: "not_found",
    hint: near === undefined ? "See `waybill stream list`" : `Did you mean "${near}"?`,
  });
}

/** The streams of an account. */
export function streamsOf(database: Database, account: number): Streams {
  const { kysely } = database;
  const rows = () => kysely.selectFrom("streams").selectAll().where("account_id", "=", account);
  const views = async (streams: readonly StreamsTable[]): Promise<StreamView[]> => {
    const mappings = await kysely.selectFrom("mappings").select(["stream_id", "definition"])
      .where("account_id", "=", account).orderBy("created_at").execute();
    return streams.map(({ id, name, events, created_at }) => {
      const own = mappings.filter(({ stream_id }) => stream_id === id);
      const fields = own.flatMap(({ definition }) => identityFieldsOf(JSON.parse(definition)));
      return {
        name,
        events,
        identify_by: own.length === 0 ? null : [...new Set(fields)],
        created_at: isoTime(created_at),
      };
    });
  };
  const find = (name: string) => requireStream(kysely, account, name);
  return {
    list: async () => await views(await rows().orderBy("name").execute()),
    get: async (name) => (await views([await find(name)]))[0]!,
    fields: async (name) => {
      const stream = await find(name);
      const fields = await kysely.selectFrom("stream_fields").select(["name", "filled", "examples"])
        .where("account_id", "=", account).where("stream_id", "=", stream.id)
        .orderBy("filled", "desc").orderBy("name").execute();
      return fields.map((field): StreamFieldView => ({
        name: field.name,
        filled: field.filled,
        fill_rate: stream.events === 0 ? 0 : field.filled / stream.events,
        examples: JSON.parse(field.examples),
      }));
    },
  };
}
