/**
 * What a data directory holds, to be compared row by row.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { CompiledQuery } from "kysely";
import type { Database, Executor } from "../../core/database/database.ts";
import { Archive } from "../../core/profiles/archive.ts";
import { allIdentities, type Identities } from "../../core/profiles/identity_index.ts";
import { databasePath } from "./home.ts";
import { archivePath, openPlace, type Place } from "./place.ts";

/** A table's rows, as they are compared. */
interface Compared {
  /** Selects at least the key. */
  readonly query: string;
  /** Integer column whose order is that of the rows, where there may be too many to hold in memory. */
  readonly key?: string;
}

/** What must be the same whatever happened on the way, in the order in which it is compared. */
const TABLES: Readonly<Record<string, Compared>> = {
  accounts: { query: "select id, next_position from accounts order by id" },
  streams: { query: "select id, name, events from streams order by id" },
  stream_fields: { query: "select stream_id, name, filled from stream_fields order by stream_id, name" },
  mappings: { query: "select stream_id, table_id, definition from mappings order by stream_id" },
  runs: {
    query: "select status, rows_read, accepted, rejected, unchanged, refused, bytes, checkpoint from runs " +
      "order by created_at, id",
  },
  // Nothing in places whose jobs are not the same ones.
  imported_files: {
    query: "select owner, path_key, path, size, modified, hash, timestamp, rows_read, rejected from imported_files " +
      "where owner not like 'auth-%' order by owner, path_key",
  },
  profiles: { query: "select account_id, table_id, id, at, attributes from profiles", key: "id" },
  profile_stamps: {
    query: "select account_id, table_id, id, at, position, fields, identities from profile_stamps",
    key: "id",
  },
};

/** Rows that are read at a time. */
const PAGE = 5_000;

type Row = Readonly<Record<string, unknown>>;

/** Opens a data directory's SQLite database for reading. */
export function openForReading(home: string): DatabaseSync {
  return new DatabaseSync(databasePath(home), { timeout: 10_000 });
}

/** The lines of a place's archive files of one kind, in the order they were written, within the recorded lengths. */
export async function* archiveLines(
  place: Place,
  kind: "stream" | "rejects",
  owner?: string,
): AsyncGenerator<string[]> {
  const archive = new Archive(archivePath(place));
  await using database = await openPlace(place);
  const segments = await database.kysely.selectFrom("segments").select(["path", "length"]).where("kind", "=", kind)
    .$if(owner !== undefined, (query) => query.where("owner", "=", owner ?? "")).orderBy("id").execute();
  const decoder = new TextDecoder();
  for (const { path, length } of segments) {
    for await (const block of archive.read(path, length)) {
      // Every commit of rejects starts with its preamble, and where commits end is up to chance.
      yield decoder.decode(block).split("\n").slice(0, -1).filter((line) => !line.startsWith('{"preamble":'));
    }
  }
}

/** Fails unless two places hold the same; gives how many rows and lines that are, by table and kind. */
export async function assertSameContent(place: Place, expected: Place): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  {
    await using one = await openPlace(place);
    await using two = await openPlace(expected);
    for (const [table, compared] of Object.entries(TABLES)) {
      const others = rowsOf(two, compared);
      let size = 0;
      for await (const row of rowsOf(one, compared)) {
        const other = await others.next();
        assert.ok(!other.done, `Too many rows in ${table}, such as ${JSON.stringify(row)}`);
        if (JSON.stringify(row) !== JSON.stringify(other.value)) assert.deepEqual(row, other.value, `In ${table}`);
        size++;
      }
      assert.ok((await others.next()).done, `Rows are missing in ${table}`);
      sizes[table] = size;
    }
    const [identities, others] = [await identitiesOf(one.kysely), await identitiesOf(two.kysely)];
    assert.deepEqual(identities.keys, others.keys, "Keys of the identity index");
    assert.deepEqual(identities.profiles, others.profiles, "Profiles that the identity index names");
    sizes.identities = identities.keys.length;
    sizes.profile_merges = await assertMergesAccounted(one.kysely);
    await assertMergesAccounted(two.kysely);
  }
  for (const kind of ["stream", "rejects"] as const) {
    const others = singly(archiveLines(expected, kind));
    let size = 0;
    for await (const lines of archiveLines(place, kind)) {
      for (const line of lines) {
        const { value } = await others.next();
        if (line !== value) assert.equal(line, value, `Line ${size} of the ${kind} archive`);
        size++;
      }
    }
    assert.ok((await others.next()).done, `Lines are missing in the ${kind} archive`);
    sizes[`${kind} archive`] = size;
  }
  return sizes;
}

/** A table's rows in the order of its key. */
async function* rowsOf({ kysely }: Database, { query, key }: Compared): AsyncGenerator<Row> {
  if (key === undefined) return yield* (await kysely.executeQuery<Row>(CompiledQuery.raw(query))).rows;
  for (let after = -1;;) {
    const page = `${query} where account_id = 1 and table_id = 1 and ${key} > ${after} order by ${key} limit ${PAGE}`;
    const { rows } = await kysely.executeQuery<Row>(CompiledQuery.raw(page));
    yield* rows;
    if (rows.length < PAGE) return;
    after = Number(rows.at(-1)?.[key]);
  }
}

/** Every identity and the profile it names, merges followed: which one it was first seen with is up to the batches. */
async function identitiesOf(kysely: Executor): Promise<Identities> {
  const { keys, profiles } = await allIdentities(kysely, { account: 1, table: 1 });
  const merges = await kysely.selectFrom("profile_merges").select(["id", "into_id"]).execute();
  const into = new Map(merges.map(({ id, into_id }) => [id, into_id]));
  return { keys, profiles: profiles.map((id) => into.get(id) ?? id) };
}

/**
 * Events that meet in one batch make one profile; in two batches they may make two that are merged. So how many were
 * merged is up to the batches, but each that was made is there or went into one that is. Gives how many went.
 */
async function assertMergesAccounted(kysely: Executor): Promise<number> {
  const count = async (table: "profiles" | "profile_merges") => {
    const row = await kysely.selectFrom(table).select(({ fn }) => fn.countAll<number>().as("rows"))
      .executeTakeFirstOrThrow();
    return row.rows;
  };
  const { created } = await kysely.selectFrom("runs").select(({ fn }) =>
    fn.sum<number>("profiles_created").as("created")
  )
    .executeTakeFirstOrThrow();
  const [profiles, merged] = [await count("profiles"), await count("profile_merges")];
  assert.equal(profiles + merged, created, "Profiles made are there, or were merged");
  const { rows: astray } = await kysely.executeQuery(CompiledQuery.raw(`
    select id from profile_merges as merge where exists (${profileOf("id")}) or not exists (${profileOf("into_id")})`));
  assert.deepEqual(astray, [], "Merged profiles are gone, and those that they went into are there");
  return merged;
}

/** The profile that a column of a row of `merge` names. */
function profileOf(column: string): string {
  return "select 1 from profiles where profiles.account_id = merge.account_id and " +
    `profiles.table_id = merge.table_id and profiles.id = merge.${column}`;
}

async function* singly(blocks: AsyncIterable<string[]>): AsyncGenerator<string> {
  for await (const lines of blocks) yield* lines;
}
