/**
 * Profiles do not depend on the order in which events arrive, nor on where batches end.
 *
 * Compared are each profile's identities, its attributes, and the event time of each attribute. Not compared are ids and
 * positions: they are places in the archive, which arrival decides. Every event has an event time of its own here: of
 * two with the same time the one that arrived later wins, by design (ARCHITECTURE, decision 4).
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Row } from "../core/contracts/records.ts";
import type { Database } from "../core/database/database.ts";
import { applyBatch } from "../core/profiles/apply.ts";
import { statementsFor } from "../core/profiles/batch_statements.ts";
import { allIdentities } from "../core/profiles/identity_index.ts";
import { indexRows } from "../core/profiles/indexed_batch.ts";
import { ProfileBatch } from "../core/profiles/profile_batch.ts";
import { ProfileState } from "../core/profiles/profile_state.ts";
import { normaliseIdentity, testTarget } from "../core/profiles/target_testing.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { freshSeed, type Random, seeded, shuffled } from "./support/seeded.ts";

const SCOPE = { account: 1, table: 1 };
const IDENTIFY_BY = ["id", "email"] as const;
const TARGET = testTarget(IDENTIFY_BY);
const TABLES = ["profiles", "profile_stamps", "profile_merges", "identity_blocks", "identity_runs"] as const;
const SIZES = [1, 7, 5_000] as const;

/** An event with a time of its own. */
interface Event extends Row {
  readonly fields: Readonly<Record<string, string>>;
  readonly time: number;
}

/** A profile as far as it does not depend on arrival. */
interface Profile {
  /** `field=value`, in order. */
  readonly identities: readonly string[];
  /** Value and event time of each field. */
  readonly fields: Readonly<Record<string, readonly [value: string, time: number]>>;
}

function identitiesOf(event: Event): string[] {
  return IDENTIFY_BY.flatMap((field) => {
    const value = normaliseIdentity(field, event.fields[field]);
    return value === undefined ? [] : [`${field}=${value}`];
  });
}

/** What the events make: those that share identities, over others or directly, are one; the latest value wins. */
function expected(events: readonly Event[]): Profile[] {
  const groups = new Map<string, { readonly identities: Set<string>; readonly events: Event[] }>();
  for (const event of events) {
    const identities = identitiesOf(event);
    const merged = { identities: new Set(identities), events: [event] };
    for (const group of new Set(identities.map((identity) => groups.get(identity)))) {
      for (const identity of group?.identities ?? []) merged.identities.add(identity);
      merged.events.push(...group?.events ?? []);
    }
    for (const identity of merged.identities) groups.set(identity, merged);
  }
  return [...new Set(groups.values())].map(({ identities, events }) => {
    const fields: Record<string, readonly [string, number]> = {};
    for (const { fields: values, time } of events.sort((a, b) => a.time - b.time)) {
      for (const [name, value] of Object.entries(values)) if (value !== "") fields[name] = [value, time];
    }
    return { identities: [...identities].sort(), fields };
  });
}

/** Applies the events as they come, in batches of a size, to an emptied database. */
async function applyAll(database: Database, events: readonly Event[], size: number): Promise<void> {
  for (const table of TABLES) await database.kysely.deleteFrom(table).execute();
  for (let first = 0; first < events.length; first += size) {
    const batch = new ProfileBatch(TARGET);
    batch.add(indexRows(events.slice(first, first + size)), 0);
    await database.write((transaction) =>
      applyBatch(transaction, statementsFor(database.kind), SCOPE, batch, (event) => first + 1 + event)
    );
  }
}

/** The profiles of a database. Fails unless the identity index names each by all of its identities, and no other. */
async function stored({ kysely }: Database): Promise<Profile[]> {
  const rows = await kysely.selectFrom("profiles").leftJoin(
    "profile_stamps",
    (join) => join.onRef("profiles.id", "=", "profile_stamps.id"),
  ).select(["profiles.id", "profiles.at", "attributes", "profile_stamps.at as latest", "position"])
    .select(["fields", "profile_stamps.identities as others"]).execute();
  const profiles: Profile[] = [];
  const named = new Map<number, number>();
  for (const { id, at, attributes, latest, position, fields, others } of rows) {
    const stamp = latest === null || position === null ? null : { at: latest, position, fields, identities: others };
    const state = ProfileState.ofStored(TARGET.rules, { id, at, attributes, stamp });
    const identities = Object.entries(state.identities())
      .flatMap(([field, values]) => values.map((value) => `${field}=${value}`)).sort();
    const older: Record<string, readonly [number, number]> = JSON.parse(fields ?? "{}");
    const cells = Object.entries(JSON.parse(attributes) as Record<string, string>)
      .map(([name, value]) => [name, [value, older[name]?.[0] ?? latest ?? at] as const] as const);
    profiles.push({ identities, fields: Object.fromEntries(cells) });
    named.set(id, identities.length);
  }
  const merges = await kysely.selectFrom("profile_merges").select(["id", "into_id"]).execute();
  const into = new Map(merges.map(({ id, into_id }) => [id, into_id]));
  for (const id of (await allIdentities(kysely, SCOPE)).profiles) {
    const profile = into.get(id) ?? id;
    named.set(profile, (named.get(profile) ?? 0) - 1);
  }
  assert.deepEqual([...named.values()].filter((left) => left !== 0), [], "The index names profiles as they are");
  return profiles;
}

/** In an order that does not depend on arrival. */
function inOrder(profiles: readonly Profile[]): Profile[] {
  return profiles.toSorted((a, b) => a.identities[0]! < b.identities[0]! ? -1 : 1);
}

const cells: fc.Arbitrary<Event["fields"]> = fc.record({
  id: fc.constantFrom("", "1", "2", "3", "4", "5", "6", " 6 "),
  email: fc.constantFrom("", "a@x", "A@X", "b@x", "c@x", "d@x", "é@x", "É@x"),
  name: fc.constantFrom("", "Ann", "Bob", 'q"\\', "é"),
  city: fc.constantFrom("", "Rome", "Oslo"),
}, { requiredKeys: ["id", "email"] });

/** Events whose times are all different, in the order of their times. */
const history: fc.Arbitrary<Event[]> = fc.array(cells, { maxLength: 40 })
  .map((list) => list.map((fields, index) => ({ fields, time: 1_000 + index })));

onEachDatabase(
  "profiles are the same whatever order events arrive in, in batches of 1, 7 and 5,000",
  async (databases) => {
    const seed = freshSeed();
    console.log(`Seed ${seed}; WAYBILL_TEST_SEED repeats it`);
    await using database = await databases.open();
    await fc.assert(
      fc.asyncProperty(history, fc.noShrink(fc.nat()), async (events, order) => {
        const random = seeded(order), want = inOrder(expected(events));
        for (const size of SIZES) {
          await applyAll(database, shuffled(events, random), size);
          assert.deepEqual(inOrder(await stored(database)), want, `In batches of ${size}`);
        }
      }),
      { numRuns: 30, seed: seed | 0 },
    );
  },
);

/** Many customers, some of which turn out to be one. */
function manyEvents(count: number, random: Random): Event[] {
  const pick = (most: number) => Math.floor(random() * most);
  return Array.from({ length: count }, (_, index) => {
    const id = pick(count / 2), email = random() < 0.05 ? pick(count / 2) : id;
    const fields = { id: random() < 0.2 ? "" : `C${id}`, email: `user${email}@x`, name: `${pick(100)}`, city: "" };
    return { fields: random() < 0.5 ? fields : { ...fields, city: `${pick(10)}` }, time: index };
  });
}

onEachDatabase(
  "12,000 events make the same profiles in full batches, whatever order they arrive in",
  async (databases) => {
    const seed = freshSeed();
    console.log(`Seed ${seed}; WAYBILL_TEST_SEED repeats it`);
    const random = seeded(seed);
    await using database = await databases.open();
    const events = manyEvents(12_000, random), want = inOrder(expected(events));
    for (const size of [5_000, 701, events.length]) {
      await applyAll(database, shuffled(events, random), size);
      assert.deepEqual(inOrder(await stored(database)), want, `In batches of ${size}`);
    }
  },
);
