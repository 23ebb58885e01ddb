import assert from "node:assert/strict";
import fc from "fast-check";
import type { Row } from "../contracts/records.ts";
import type { Database } from "../database/database.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { applyBatch } from "./apply.ts";
import { statementsFor } from "./batch_statements.ts";
import { IdentityHasher } from "./identity.ts";
import { indexRows } from "./indexed_batch.ts";
import { ProfileBatch } from "./profile_batch.ts";
import { ProfileState } from "./profile_state.ts";
import { normaliseIdentity, TEST_KEY, testTarget } from "./target_testing.ts";

const scope = { account: 1, table: 1 };
const identifyBy = ["id", "email"];

/** What applying writes to. */
const TABLES = ["profiles", "profile_stamps", "profile_merges", "identity_blocks", "identity_runs"] as const;

const { rules, hashers } = testTarget(identifyBy);

/** Keeps four bits, so that different values collide all the time. */
class CollidingHasher extends IdentityHasher {
  override hash(bytes: DataView, start: number, end: number, attempt: number): void {
    super.hash(bytes, start, end, attempt);
    this.high = 0;
    this.low &= 15;
  }
}

interface Applied {
  readonly profiles: unknown[];
  readonly created: number;
}

/** Empties the tables, applies events in batches of a size, and gives what the tables hold then. */
async function apply(
  database: Database,
  events: readonly Row[],
  size: number,
  own: readonly IdentityHasher[] = hashers,
): Promise<Applied> {
  const { kysely } = database;
  for (const table of TABLES) await kysely.deleteFrom(table).execute();
  let created = 0;
  for (let first = 0; first < events.length; first += size) {
    const batch = new ProfileBatch(testTarget(identifyBy, { hashers: own }));
    batch.add(indexRows(events.slice(first, first + size)), 0);
    const result = await database.write((transaction) =>
      applyBatch(transaction, statementsFor(database.kind), scope, batch, (event) => first + 1 + event)
    );
    created += result.created;
  }
  const profiles = await kysely.selectFrom("profiles").leftJoin(
    "profile_stamps",
    (join) => join.onRef("profiles.id", "=", "profile_stamps.id"),
  )
    .select(["profiles.id", "profiles.at", "attributes", "profile_stamps.at as latest", "position", "fields"])
    .select("identities").orderBy("profiles.id").execute();
  return { profiles, created };
}

/** What the rules say, computed the slow and obvious way over all events at once. */
function expected(events: readonly Row[]): unknown[] {
  const groups: { events: number[]; names: Set<string> }[] = [];
  events.forEach((event, index) => {
    const names = identifyBy.flatMap((field) => {
      const value = normaliseIdentity(field, event.fields[field]);
      return value === undefined ? [] : [`${field}=${value}`];
    });
    if (names.length === 0) return;
    const group = { events: [index], names: new Set(names) };
    for (const other of groups.filter(({ names }) => [...group.names].some((name) => names.has(name)))) {
      other.events.forEach((member) => group.events.push(member));
      other.names.forEach((name) => group.names.add(name));
      groups.splice(groups.indexOf(other), 1);
    }
    groups.push(group);
  });
  return groups.map((group) => {
    const members = group.events.sort((a, b) => a - b);
    const states = members.map((index) => {
      const present = Object.fromEntries(
        Object.entries(events[index]!.fields).filter(([, value]) => value !== "" && value !== null),
      );
      return ProfileState.ofEvent(rules, JSON.stringify(present), [events[index]!.time ?? 0, index + 1]);
    });
    const [state, ...others] = states;
    for (const other of others) state!.absorb(other);
    const { id, at, attributes, stamp } = state!.store();
    return {
      id,
      at,
      attributes,
      latest: stamp?.at ?? null,
      position: stamp?.position ?? null,
      fields: stamp?.fields ?? null,
      identities: stamp?.identities ?? null,
    };
  }).sort((a, b) => a.id - b.id);
}

const plain = (rows: unknown[]) => rows.map((row) => ({ ...row as object }));

const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.record({
    id: fc.constantFrom("", "1", "2", "3", "4", "5", " 5 "),
    email: fc.constantFrom("", "a@x", "A@X", "b@x", "c@x", "d@x", "é@x", "É@x"),
    name: fc.constantFrom("", "Ann", "Bob", 'q"\\', "é"),
    city: fc.constantFrom<string | null>(null, "Rome", "Oslo"),
  }, { requiredKeys: ["id", "email"] }),
  time: fc.integer({ min: 0, max: 4 }),
});

onEachDatabase("the same events make the same profiles in batches of 1, 7 and all", async (databases) => {
  await using database = await databases.open();
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (events) => {
      const want = expected(events);
      for (const size of [1, 7, 5_000]) {
        const { profiles } = await apply(database, events, size);
        assert.deepEqual(plain(profiles), want);
      }
    }),
    { numRuns: 60 },
  );
});

onEachDatabase("identities whose hashes collide stay apart", async (databases) => {
  await using database = await databases.open();
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 25 }), async (events) => {
      const want = expected(events);
      const colliding = identifyBy.map((field) => new CollidingHasher(TEST_KEY, scope.account, scope.table, field));
      for (const size of [1, 6, 5_000]) {
        const { profiles } = await apply(database, events, size, colliding);
        assert.deepEqual(plain(profiles), want);
      }
    }),
    { numRuns: 40 },
  );
});

onEachDatabase("a later arrival with an earlier event time does not win", async (databases) => {
  await using database = await databases.open();
  const { profiles } = await apply(database, [
    { fields: { id: "1", name: "new" }, time: 2_000 },
    { fields: { id: "1", name: "old", city: "Rome" }, time: 1_000 },
  ], 1);
  assert.equal((profiles[0] as { attributes: string }).attributes, '{"city":"Rome","id":"1","name":"new"}');
});

onEachDatabase("an empty cell does not blank what is known", async (databases) => {
  await using database = await databases.open();
  const { profiles } = await apply(database, [
    { fields: { id: "1", name: "Ann" }, time: 1 },
    { fields: { id: "1", name: "" }, time: 2 },
  ], 1);
  assert.equal((profiles[0] as { attributes: string }).attributes, '{"id":"1","name":"Ann"}');
});

onEachDatabase(
  "an event that meets two profiles merges them, and the merged one is found by every identity",
  async (databases) => {
    await using database = await databases.open();
    const { profiles, created } = await apply(database, [
      { fields: { id: "1", name: "Ann" }, time: 1 },
      { fields: { email: "a@x", city: "Rome" }, time: 2 },
      { fields: { id: "1", email: "A@x " }, time: 3 },
      { fields: { email: "a@x", name: "Anne" }, time: 4 },
    ], 1);
    assert.equal(created, 2);
    assert.deepEqual(plain(profiles).map(({ ...profile }) => (profile as { attributes: string }).attributes), [
      '{"city":"Rome","email":"a@x","id":"1","name":"Anne"}',
    ]);
  },
);

onEachDatabase("a field called __proto__ is a field like any other", async (databases) => {
  await using database = await databases.open();
  const fields = JSON.parse('{"id":"1","__proto__":"x","constructor":"y"}');
  const { profiles } = await apply(database, [{ fields, time: 1 }, { fields: { id: "1", name: "Ann" }, time: 2 }], 1);
  assert.equal(
    (profiles[0] as { attributes: string }).attributes,
    '{"__proto__":"x","constructor":"y","id":"1","name":"Ann"}',
  );
});

onEachDatabase(
  "a new profile is crowded from a list of 101 values on, however many other lists there are",
  async (databases) => {
    await using database = await databases.open();
    const values = (count: number) => Array.from({ length: count }, (_, number) => `${number}`);
    const tags = values(80), more = values(80);
    const batch = new ProfileBatch(testTarget(identifyBy));
    batch.add(
      indexRows([
        { fields: { id: values(100), tags } },
        { fields: { id: values(101).map((value) => `x${value}`), tags } },
        { fields: { id: "y", email: "one@y.example", more, tags } },
        { fields: { note: "x".repeat(300), id: ["z"], tags: ["[", "]"] } },
      ]),
      0,
    );
    const { crowded, created } = await database.write((transaction) =>
      applyBatch(transaction, statementsFor(database.kind), scope, batch, (event) => event + 1)
    );
    assert.deepEqual([crowded, created], [[{ id: 2, field: "id" }], 4]);
  },
);
