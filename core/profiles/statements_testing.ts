/**
 * The conformance suite of the batch statements: those of SQLite and PostgreSQL pass the same.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { CompiledQuery } from "kysely";
import type { Database, Executor } from "../database/database.ts";
import { storedProfiles } from "./known_profiles.ts";
import type { StoredProfile } from "./profile_state.ts";
import type { ProfileScope, ProfileStatements } from "./statements.ts";

/** Where the tests work. */
export const scope: ProfileScope = { account: 1, table: 1 };

/** A profile whose other values follow from its id. */
export function profile(id: number, change: Partial<StoredProfile> = {}): StoredProfile {
  return {
    id,
    at: id * 10,
    attributes: `{"id":"${id}"}`,
    stamp: { at: id * 10 + 1, position: id + 1_000_000, fields: '{"id":[1,2]}', identities: null },
    ...change,
  };
}

/** Consecutive ids. */
export function range(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** Inserts profiles that are there as a list. */
export function insertProfiles(
  statements: ProfileStatements,
  executor: Executor,
  profiles: readonly StoredProfile[],
  to: ProfileScope = scope,
): Promise<void> {
  return statements.insertProfiles(executor, to, profiles.length, (index) => {
    const { id, at, attributes } = profiles[index]!;
    return { id, at, attributes: new TextEncoder().encode(attributes) };
  });
}

/** Fills every table with `count` rows of two accounts and two profile tables. */
export async function fillTables(statements: ProfileStatements, database: Database, count: number): Promise<void> {
  await database.write(async (transaction) => {
    for (const to of [scope, { account: 1, table: 2 }, { account: 2, table: 1 }]) {
      const from = 10 * to.table;
      const profiles = range(count, from).map((id) => profile(id));
      await insertProfiles(statements, transaction, profiles, to);
      await statements.putStamps(transaction, to, profiles);
      const merges = range(count).map((index) => ({ id: 1e7 + index, into: from + (index & 63) }));
      for (const epoch of [1, 2]) {
        const noted = range(count).map((id) => profile(id));
        await statements.noteProfiles(transaction, to, { table: to.table, epoch, position: Infinity, kept: 0 }, noted);
      }
      await statements.mergeProfiles(transaction, to, merges);
    }
  });
}

/** A batch statement over a list of ids; `fresh` is added to those that must not be there yet. */
export type BatchStatement = (executor: Executor, ids: readonly number[], fresh: number) => Promise<unknown>;

/** Those that read one row. */
type PointRead = "loadProfile" | "loadBlock";

/** Every batch statement, by name. */
export function everyStatement(
  statements: ProfileStatements,
): Readonly<
  Record<Exclude<keyof ProfileStatements, PointRead> | "loadProfiles apart" | "noteProfiles apart", BatchStatement>
> {
  const note = (executor: Executor, ids: readonly number[], epoch: number) =>
    statements.noteProfiles(
      executor,
      scope,
      { table: 3, epoch, position: Infinity, kept: 0 },
      ids.map((id) => profile(id)),
    );
  return {
    loadProfiles: (executor, ids) => statements.loadProfiles(executor, scope, ids),
    "loadProfiles apart": (executor, ids) => statements.loadProfiles(executor, scope, ids.map((id) => 2 * id)),
    insertProfiles: (executor, ids, fresh) =>
      insertProfiles(statements, executor, ids.map((id) => profile(fresh + id))),
    updateProfiles: (executor, ids) => statements.updateProfiles(executor, scope, ids.map((id) => profile(id))),
    noteProfiles: (executor, ids, fresh) => note(executor, ids, fresh),
    "noteProfiles apart": (executor, ids, fresh) => note(executor, ids.map((id) => 2 * id), fresh),
    moveStamps: (executor, ids) => statements.moveStamps(executor, scope, { ids, ats: ids, positions: ids }),
    putStamps: (executor, ids) => statements.putStamps(executor, scope, ids.map((id) => profile(id))),
    findMerges: (executor, ids) => statements.findMerges(executor, scope, ids),
    mergeProfiles: (executor, ids, fresh) =>
      statements.mergeProfiles(executor, scope, ids.map((id) => ({ id: fresh + id, into: id }))),
  };
}

/** The same database, and the statements that went to it. */
export function recording(executor: Executor): { readonly executor: Executor; readonly queries: CompiledQuery[] } {
  const queries: CompiledQuery[] = [];
  const recorder = new Proxy(executor, {
    get: (target, name) => {
      if (name !== "executeQuery") return Reflect.get(target, name);
      return (query: CompiledQuery) => {
        queries.push(query);
        return target.executeQuery(query);
      };
    },
  });
  return { executor: recorder, queries };
}

/** List lengths around the sizes that statements are cut into. */
const LENGTHS = [0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 1_001, 2_345, 5_000, 5_001];

/** Registers the suite; each test gets an empty, migrated database of its own from `make`. */
export function statementsSuite(name: string, statements: ProfileStatements, make: () => Promise<Database>): void {
  const test = (sentence: string, body: () => Promise<void>) => Deno.test(`${name}: ${sentence}`, body);
  const insert = (executor: Executor, profiles: readonly StoredProfile[], to = scope) =>
    insertProfiles(statements, executor, profiles, to);
  const load = async (executor: Executor, from: ProfileScope, ids: readonly number[]) =>
    storedProfiles(await statements.loadProfiles(executor, from, ids));

  test("lists of any length are written and read back whole", async () => {
    await using database = await make();
    const { kysely } = database;
    for (const [index, length] of LENGTHS.entries()) {
      const ids = range(length, 1e6 * (index + 1));
      const profiles = ids.map((id) => profile(id));
      await insert(kysely, profiles);
      await statements.putStamps(kysely, scope, profiles);
      assert.deepEqual(await load(kysely, scope, ids), profiles);
      await statements.mergeProfiles(kysely, scope, ids.map((id) => ({ id, into: 7 })));
      assert.deepEqual(await statements.findMerges(kysely, scope, ids), new Map(ids.map((id) => [id, 7])));
    }
  });

  test("profiles are read whether their ids lie side by side or apart, with stamps here and there, or are not there", async () => {
    await using database = await make();
    const { kysely } = database;
    const profiles = range(2_500).filter((id) => id % 50 !== 7 && (id < 1_200 || id % 3 === 0)).map((id) =>
      profile(id, id % 4 === 0 ? {} : { stamp: null })
    );
    await insert(kysely, profiles);
    await statements.putStamps(kysely, scope, profiles);
    const byId = (rows: readonly StoredProfile[]) => rows.toSorted((a, b) => a.id - b.id);
    for (const ids of [range(2_500), range(40), range(2_500).filter((id) => id % 5 > 1), range(20, 9_000), [3, 8, 9]]) {
      const expected = profiles.filter(({ id }) => ids.includes(id));
      assert.deepEqual(byId(await load(kysely, scope, ids)), expected);
    }
  });

  test("an update replaces attributes alone, and a stamp is replaced as a whole or passed over", async () => {
    await using database = await make();
    const { kysely } = database;
    const before = range(20).map((id) => profile(id));
    await insert(kysely, before);
    await insert(kysely, [profile(3)], { account: 1, table: 2 });
    await statements.putStamps(kysely, scope, before);
    await statements.updateProfiles(kysely, scope, [3, 5].map((id) => profile(id, { attributes: '{"é":"’"}' })));
    const stamp = { at: 1, position: 2, fields: null, identities: '{"id":["x"]}' };
    await statements.putStamps(kysely, scope, [profile(4, { stamp: null }), profile(5, { stamp })]);
    const after = before.map((row) => ({
      ...row,
      ...([3, 5].includes(row.id) ? { attributes: '{"é":"’"}' } : {}),
      ...(row.id === 5 ? { stamp } : {}),
    }));
    assert.deepEqual(await load(kysely, scope, range(20)), after);
    const [other] = await load(kysely, { account: 1, table: 2 }, [3]);
    assert.deepEqual(other, profile(3, { stamp: null }));
  });

  test("what profiles are is noted once an epoch, for the table that they are a generation of", async () => {
    await using database = await make();
    const { kysely } = database;
    await insert(kysely, range(20).map((id) => profile(id)));
    await insert(kysely, [profile(3, { attributes: "{}" })], { account: 1, table: 2 });
    const change = async (epoch: number, ids: readonly number[], attributes: string) => {
      const profiles = ids.map((id) => profile(id, { attributes }));
      await statements.noteProfiles(kysely, scope, { table: 7, epoch, position: Infinity, kept: 0 }, profiles);
      await statements.updateProfiles(kysely, scope, profiles.filter(({ id }) => id <= 20));
    };
    await change(4, [3, 5, 21], '{"é":"’"}');
    await change(4, [3, 6], '{"é":"’"}');
    await change(5, [3], "{}");
    const noted = await kysely.selectFrom("profile_changes").select([
      "account_id",
      "table_id",
      "id",
      "epoch",
      "existed",
    ])
      .select("before").orderBy("id").orderBy("epoch").execute();
    assert.deepEqual(
      noted.map((row) => ({ ...row })),
      [
        [3, 4, '{"id":"3"}'],
        [3, 5, '{"é":"’"}'],
        [5, 4, '{"id":"5"}'],
        [6, 4, '{"id":"6"}'],
      ].map(([id, epoch, before]) => ({ account_id: 1, table_id: 7, id, epoch, existed: 1, before })),
    );
  });

  test("a stamp that moves keeps what else it holds, and one is added where there was none", async () => {
    await using database = await make();
    const { kysely } = database;
    const identities = '{"id":["x"]}';
    await insert(kysely, range(3).map((id) => profile(id)));
    await statements.putStamps(kysely, scope, [
      profile(2, { stamp: { at: 1, position: 2, fields: null, identities } }),
    ]);
    await statements.moveStamps(kysely, scope, { ids: [1, 2], ats: [-5, 7], positions: [8, 2 ** 52] });
    assert.deepEqual((await load(kysely, scope, range(3))).map(({ stamp }) => stamp), [
      { at: -5, position: 8, fields: null, identities: null },
      { at: 7, position: 2 ** 52, fields: null, identities },
      null,
    ]);
  });

  test("ids that are not there are passed over when profiles are loaded", async () => {
    await using database = await make();
    const { kysely } = database;
    await insert(kysely, [profile(2), profile(4)]);
    const loaded = await load(kysely, scope, [1, 2, 3, 4, 5]);
    assert.deepEqual(loaded.map(({ id, stamp }) => [id, stamp]), [[2, null], [4, null]]);
  });

  test("merged profiles are gone, and lead to the last that took them in", async () => {
    await using database = await make();
    const { kysely } = database;
    const elsewhere = { account: 1, table: 2 };
    for (const to of [scope, elsewhere]) {
      await insert(kysely, range(4).map((id) => profile(id)), to);
      await statements.putStamps(kysely, to, range(4).map((id) => profile(id)));
    }
    await statements.mergeProfiles(kysely, scope, [{ id: 4, into: 3 }]);
    await statements.mergeProfiles(kysely, scope, [{ id: 3, into: 2 }]);
    assert.deepEqual([...await statements.findMerges(kysely, scope, range(4))], [[3, 2], [4, 2]]);
    await statements.mergeProfiles(kysely, scope, [{ id: 2, into: 1 }]);
    assert.deepEqual([...await statements.findMerges(kysely, scope, range(4))], [[2, 1], [3, 1], [4, 1]]);
    assert.deepEqual((await load(kysely, scope, range(4))).map(({ id }) => id), [1]);
    const stamps = await kysely.selectFrom("profile_stamps").select(["table_id", "id"]).orderBy("table_id").orderBy(
      "id",
    )
      .execute();
    assert.deepEqual(stamps.map(({ table_id, id }) => [table_id, id]), [[1, 1], [2, 1], [2, 2], [2, 3], [2, 4]]);
    assert.equal((await load(kysely, elsewhere, range(4))).length, 4);
  });
}
