/**
 * Finds a mapping by what people call it, and tells what it is.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { nearest } from "../describe/mod.ts";
import { parseMapping } from "../lql/mod.ts";
import { identityFieldsOf, type MappingDefinition, programOf } from "../profiles/mapping.ts";
import { REPLAY, type ReplayConfig } from "./generations.ts";
import { isoTime } from "./iso_time.ts";
import type { MappingView } from "./views.ts";

/** A mapping as it is stored, with the names of what it stands between. */
export interface MappingRow {
  readonly id: string;
  readonly stream_id: number;
  readonly stream: string;
  readonly table_id: number;
  readonly table: string;
  readonly definition: MappingDefinition;
  /** ALIAS of its text. */
  readonly alias: string | undefined;
  readonly created_at: number;
  readonly updated_at: number;
}

/** The mappings of an account, in the order in which they were made. */
export async function allMappings(executor: Executor, account: number): Promise<MappingRow[]> {
  const rows = await executor.selectFrom("mappings")
    .innerJoin(
      "streams",
      (join) =>
        join.onRef("streams.account_id", "=", "mappings.account_id").onRef("streams.id", "=", "mappings.stream_id"),
    )
    .innerJoin("profile_tables", (join) =>
      join.onRef("profile_tables.account_id", "=", "mappings.account_id")
        .onRef("profile_tables.id", "=", "mappings.table_id"))
    .select([
      "mappings.id",
      "mappings.stream_id",
      "streams.name as stream",
      "mappings.table_id",
      "profile_tables.name as table",
      "mappings.definition",
      "mappings.created_at",
      "mappings.updated_at",
    ])
    .where("mappings.account_id", "=", account)
    .orderBy("mappings.created_at").orderBy("mappings.stream_id").orderBy("mappings.table_id").execute();
  return rows.map((row) => {
    const definition: MappingDefinition = JSON.parse(row.definition);
    const alias = definition.kind === "lql" ? parseMapping(definition.text).alias : undefined;
    return { ...row, definition, alias };
  });
}

/** A mapping by id, alias, or by its stream where that has one. Failure `config`, `not_found` where there is none such. */
export async function findMapping(executor: Executor, account: number, name: string): Promise<MappingRow> {
  const all = await allMappings(executor, account);
  const named = all.find(({ id }) => id === name) ?? all.find(({ alias }) => alias === name);
  if (named !== undefined) return named;
  const [first, second] = all.filter(({ stream }) => stream === name);
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined && second !== undefined) {
    const tables = all.filter(({ stream }) => stream === name).map(({ id, table }) => `${id} into "${table}"`);
    throw new Failure("config", `Stream "${name}" has several mappings: ${tables.join(", ")}`, {
      hint: "Name one by its id, or by its ALIAS",
    });
  }
  const near = nearest(name, all.flatMap(({ alias, stream }) => alias === undefined ? [stream] : [alias, stream]));
  throw new Failure("config", `Mapping "${name}" does not exist`, {
    code: "not_found",
    hint: near === undefined ? "See `waybill mapping list`" : `Did you mean "${near}"?`,
  });
}

/** What messages call a mapping. */
export function nameOf({ id, alias, stream }: Pick<MappingRow, "id" | "alias" | "stream">): string {
  return alias === undefined ? `mapping "${id}" of stream "${stream}"` : `mapping "${alias}"`;
}

/** What the outside sees of a mapping. `replay` is the run that fills its table anew. */
export function mappingView(row: MappingRow, replay: string | null): MappingView {
  const { id, stream, table, alias = null, definition } = row;
  const columns = programOf(definition)?.columns ?? [];
  return {
    id,
    stream,
    table,
    alias,
    identify_by: identityFieldsOf(definition),
    columns: columns.map(({ name, kind = null, merge, shortDesc = null }) => ({
      name,
      kind,
      merge,
      description: shortDesc,
    })),
    lql: definition.kind === "lql" ? definition.text : null,
    replay_run: replay,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  };
}

/** The runs that fill tables anew, by table. */
export async function replayRuns(executor: Executor, account: number): Promise<ReadonlyMap<number, string>> {
  const building = await executor.selectFrom("generations").select(["id", "table_id"])
    .where("account_id", "=", account).where("state", "=", "building").execute();
  const runs = new Map<number, string>();
  for (const { id, table_id } of building) {
    const config: ReplayConfig = { table: table_id, generation: id };
    const run = await executor.selectFrom("runs").select("id").where("account_id", "=", account)
      .where("job_type", "=", REPLAY).where("config", "=", JSON.stringify(config)).executeTakeFirst();
    if (run !== undefined) runs.set(table_id, run.id);
  }
  return runs;
}
