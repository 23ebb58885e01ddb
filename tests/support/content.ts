/**
 * What a data directory holds, to be compared row by row.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openSqlite } from "../../core/database/sqlite.ts";
import { Archive } from "../../core/profiles/archive.ts";
import { allIdentities, type Identities } from "../../core/profiles/identity_index.ts";
import { archivePath, databasePath } from "./home.ts";

/** What must be the same whatever happened on the way, in the order in which it is compared. */
const QUERIES: Readonly<Record<string, string>> = {
  accounts: "select id, next_position from accounts",
  streams: "select id, name, events from streams order by id",
  stream_fields: "select stream_id, name, filled from stream_fields order by stream_id, name",
  mappings: "select stream_id, table_id, definition from mappings order by stream_id",
  runs: "select id, status, rows_read, accepted, rejected, unchanged, refused, bytes, profiles_created, checkpoint " +
    "from runs order by id",
  profiles: "select table_id, id, at, attributes from profiles order by table_id, id",
  profile_stamps: "select table_id, id, at, position, fields, identities from profile_stamps order by table_id, id",
  profile_merges: "select table_id, id, into_id from profile_merges order by table_id, id",
};

/** Opens a data directory's database for reading. */
export function openForReading(home: string): DatabaseSync {
  return new DatabaseSync(databasePath(home), { timeout: 10_000 });
}

/** The lines of a data directory's archive files of one kind, in the order they were written, within the recorded lengths. */
export async function* archiveLines(
  home: string,
  kind: "stream" | "rejects",
  owner?: string,
): AsyncGenerator<string[]> {
  const archive = new Archive(archivePath(home));
  using database = openForReading(home);
  const segments = database.prepare(
    "select path, length from segments where kind = ? and (? is null or owner = ?) order by id",
  ).all(kind, owner ?? null, owner ?? null);
  const decoder = new TextDecoder();
  for (const { path, length } of segments) {
    for await (const block of archive.read(String(path), Number(length))) {
      // Every commit of rejects starts with its preamble, and where commits end is up to chance.
      yield decoder.decode(block).split("\n").slice(0, -1).filter((line) => !line.startsWith('{"preamble":'));
    }
  }
}

/** Fails unless two data directories hold the same; gives how many rows and lines that are, by table and kind. */
export async function assertSameContent(home: string, expected: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  {
    using one = openForReading(home);
    using two = openForReading(expected);
    for (const [table, query] of Object.entries(QUERIES)) {
      const others = two.prepare(query).iterate();
      let size = 0;
      for (const row of one.prepare(query).iterate()) {
        const other = others.next();
        assert.ok(!other.done, `Too many rows in ${table}, such as ${JSON.stringify(row)}`);
        if (JSON.stringify(row) !== JSON.stringify(other.value)) assert.deepEqual(row, other.value, `In ${table}`);
        size++;
      }
      assert.ok(others.next().done, `Rows are missing in ${table}`);
      sizes[table] = size;
    }
  }
  const [identities, others] = [await identitiesOf(home), await identitiesOf(expected)];
  assert.deepEqual(identities.keys, others.keys, "Keys of the identity index");
  assert.deepEqual(identities.profiles, others.profiles, "Profiles that the identity index names");
  sizes.identities = identities.keys.length;
  for (const kind of ["stream", "rejects"] as const) {
    const others = singly(archiveLines(expected, kind));
    let size = 0;
    for await (const lines of archiveLines(home, kind)) {
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

/** Every identity and the profile it names, merges followed: which one it was first seen with is up to the batches. */
async function identitiesOf(home: string): Promise<Identities> {
  await using database = await openSqlite(databasePath(home));
  const { keys, profiles } = await allIdentities(database.kysely, 1);
  const merges = await database.kysely.selectFrom("profile_merges").select(["id", "into_id"]).execute();
  const into = new Map(merges.map(({ id, into_id }) => [id, into_id]));
  return { keys, profiles: profiles.map((id) => into.get(id) ?? id) };
}

async function* singly(blocks: AsyncIterable<string[]>): AsyncGenerator<string> {
  for await (const lines of blocks) yield* lines;
}
