/**
 * Streams: what `stream list|show|fields` and their routes give, and how an import finds its own.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { ImportTarget } from "../contracts/job.ts";
import type { Database, Executor } from "../database/database.ts";
import { nearest } from "../describe/mod.ts";
import type { ProfileScope } from "../profiles/statements.ts";
import { newId } from "./ids.ts";
import { isoTime } from "./iso_time.ts";
import type { Streams } from "./runtime.ts";
import type { StreamFieldView, StreamView } from "./views.ts";

/** Profile table that default mappings write to. */
const DEFAULT_TABLE = 1;

/** The default mapping: every field under its own name, the latest value wins. */
export interface DefaultMapping {
  readonly kind: "default";
  /** Fields that identify a profile. */
  readonly identify_by: readonly string[];
}

/** Where an import's rows go. */
export interface StreamPlace {
  readonly stream: number;
  /** Undefined where the stream has no mapping. */
  readonly mapping: StreamMapping | undefined;
}

/** How a stream's events become profiles. */
export interface StreamMapping {
  readonly profiles: ProfileScope;
  /** Fields that the stream's own mapping identifies by. */
  readonly own: readonly string[];
  /**
   * Fields that identify in the profile table: those of every mapping into it. A (field, value) names one profile of
   * the table, whichever stream it comes from.
   */
  readonly identifyBy: readonly string[];
}

/** Finds the stream of an import and its mapping; makes what is not there. */
export async function placeImport(
  executor: Executor,
  account: number,
  target: ImportTarget,
  now: number,
): Promise<StreamPlace> {
  const stream = await findStream(executor, account, target.stream) ??
    await makeStream(executor, account, target.stream, now);
  const found = await executor.selectFrom("mappings").select(["table_id", "definition"])
    .where("account_id", "=", account).where("stream_id", "=", stream).executeTakeFirst();
  if (found === undefined && target.identifyBy.length === 0) return { stream, mapping: undefined };
  const table = found?.table_id ?? DEFAULT_TABLE;
  const definition: DefaultMapping = found === undefined
    ? { kind: "default", identify_by: target.identifyBy }
    : JSON.parse(found.definition);
  if (found === undefined) {
    await executor.insertInto("mappings").values({
      account_id: account,
      id: newId(),
      stream_id: stream,
      table_id: table,
      definition: JSON.stringify(definition),
      created_at: now,
      updated_at: now,
    }).execute();
  }
  const identifyBy = await identityFields(executor, account, table);
  return { stream, mapping: { profiles: { account, table }, own: definition.identify_by, identifyBy } };
}

/** The fields that identify profiles of a table, in the order in which mappings named them. */
export async function identityFields(executor: Executor, account: number, table: number): Promise<string[]> {
  const mappings = await executor.selectFrom("mappings").select("definition")
    .where("account_id", "=", account).where("table_id", "=", table)
    .orderBy("created_at").orderBy("stream_id").execute();
  return [...new Set(mappings.flatMap(({ definition }) => (JSON.parse(definition) as DefaultMapping).identify_by))];
}

async function findStream(executor: Executor, account: number, name: string): Promise<number | undefined> {
  const row = await executor.selectFrom("streams").select("id")
    .where("account_id", "=", account).where("name", "=", name).executeTakeFirst();
  return row?.id;
}

async function makeStream(executor: Executor, account: number, name: string, now: number): Promise<number> {
  const { last } = await executor.selectFrom("streams").select((select) => select.fn.max("id").as("last"))
    .where("account_id", "=", account).executeTakeFirstOrThrow();
  const id = (last ?? 0) + 1;
  await executor.insertInto("streams").values({ account_id: account, id, name, events: 0, created_at: now }).execute();
  return id;
}

/** The streams of an account. */
export function streamsOf(database: Database, account: number): Streams {
  const rows = () =>
    database.kysely.selectFrom("streams")
      .leftJoin("mappings", (join) =>
        join.onRef("mappings.account_id", "=", "streams.account_id").onRef("mappings.stream_id", "=", "streams.id"))
      .select(["streams.id", "streams.name", "streams.events", "streams.created_at", "mappings.definition"])
      .where("streams.account_id", "=", account);
  type StreamRow = Awaited<ReturnType<ReturnType<typeof rows>["execute"]>>[number];
  const view = ({ name, events, created_at, definition }: StreamRow): StreamView => ({
    name,
    events,
    identify_by: definition === null ? null : (JSON.parse(definition) as DefaultMapping).identify_by,
    created_at: isoTime(created_at),
  });
  const find = async (name: string): Promise<StreamRow> => {
    const row = await rows().where("streams.name", "=", name).executeTakeFirst();
    if (row !== undefined) return row;
    const names = (await rows().execute()).map((stream) => stream.name);
    const near = nearest(name, names);
    throw new Failure("config", `Stream "${name}" does not exist`, {
      code: "not_found",
      hint: near === undefined ? "See `waybill stream list`" : `Did you mean "${near}"?`,
    });
  };
  return {
    list: async () => (await rows().orderBy("streams.name").execute()).map(view),
    get: async (name) => view(await find(name)),
    fields: async (name) => {
      const stream = await find(name);
      const fields = await database.kysely.selectFrom("stream_fields").select(["name", "filled", "examples"])
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
