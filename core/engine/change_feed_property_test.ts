/** A full export and the files of changes after it make just the profiles that there are. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue, Row } from "../contracts/records.ts";
import { eraseProfiles } from "../profiles/erase_profiles.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import {
  beginRefresh,
  type FeedMark,
  type FeedWindow,
  finishRefresh,
  follow,
  markProfiles,
  sweepFeed,
  unfollow,
} from "../profiles/feed/feed.ts";
import { openTarget } from "../profiles/mapping.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import {
  applyChanges,
  assertSame,
  changeRows,
  type FeedRow,
  fullRows,
  profilesIn,
  readFull,
} from "./change_feed_testing.ts";
import type { Profiles } from "./change_feed_testing.ts";
import { type ChangePeer, startChanges } from "./changes_testing.ts";
import { currentGeneration, followMappings } from "./generations.ts";
import { executeTask } from "./task_testing.ts";

/** Mappings of stream `people`: what they tell apart, leave out and make of a field differs. */
const MAPPINGS = [
  "SELECT customer_id, email, a, n FROM people INTO user BY customer_id OR email",
  "SELECT customer_id, email, n, a AS b FROM people INTO user BY customer_id OR email",
  'SELECT customer_id, email, a, sum(tonumber(n)) AS n FROM people INTO user BY customer_id OR email WHERE a != "skip"',
  "SELECT customer_id, email AS mail, a FROM people INTO user BY customer_id",
];

const id = fc.constantFrom("c1", "c2", "c3", "c4", "c5");
const email = fc.constantFrom("a@x.org", "b@x.org", "c@x.org");
const value = fc.constantFrom("1", "2", "0.1", "x", "skip", "é’");

const events: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    fields: fc.record({ customer_id: id, email, a: value, n: value }, { requiredKeys: [] }),
    time: fc.integer({ min: 1, max: 20 }),
  }),
  { minLength: 1, maxLength: 5 },
);

const operation: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.record({ op: fc.constant("assign"), attr: fc.constantFrom("a", "n", "z", "__proto__"), value }),
  fc.record({ op: fc.constant("delete"), attr: fc.constantFrom("a", "n", "z", "email", "__proto__") }),
  fc.record({
    op: fc.constantFrom("set-add", "set-remove"),
    attr: fc.constant("tags"),
    value: fc.constantFrom("p", "q"),
  })
    .map(({ value, ...rest }) => ({ ...rest, value: [value] })),
  fc.record({ op: fc.constant("assign"), attr: fc.constant("email"), value: email }),
);

const changes: fc.Arbitrary<Row["fields"][]> = fc.array(
  fc.record({ customer_id: id, changes: fc.array(operation, { minLength: 1, maxLength: 3 }) }),
  { minLength: 1, maxLength: 4 },
);

/** Something that happens. */
type Step =
  | { readonly kind: "events"; readonly rows: Row[]; readonly size: number }
  | { readonly kind: "changes"; readonly rows: Row["fields"][]; readonly size: number }
  | { readonly kind: "erase"; readonly field: "customer_id" | "email"; readonly value: string }
  | { readonly kind: "remap"; readonly mapping: string }
  | { readonly kind: "replay" | "begin" | "publish" | "fetch" | "full" | "sweep" | "refollow" };

const size = fc.constantFrom(1, 2, 100);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("events"), rows: events, size }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("changes"), rows: changes, size }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("erase"), field: fc.constant("customer_id"), value: id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("erase"), field: fc.constant("email"), value: email }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remap"), mapping: fc.constantFrom(...MAPPINGS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replay") }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("begin") }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("publish") }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("fetch") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("full") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sweep") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("refollow") }) },
) as fc.Arbitrary<Step>;

/** Results that were published. */
interface Results {
  readonly window: FeedWindow;
  readonly rows: readonly FeedRow[];
  /** What the table held when they began. */
  readonly expected: Profiles;
}

/** What somebody made of what they fetched. */
interface Replica {
  readonly since: FeedMark;
  readonly profiles: Profiles;
}

/** A followed table, and those who follow it. */
class World {
  #begun: Pick<Results, "window" | "expected"> | undefined;
  #results: Results | undefined;
  #requested = false;
  #replicas: Replica[] = [{ since: { epoch: 0, position: 0 }, profiles: new Map() }];

  constructor(private readonly it: ChangePeer) {}

  get #database() {
    return this.it.peer.database;
  }

  async start(): Promise<void> {
    await this.#database.write((transaction) => follow(transaction, 1, 1));
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "events":
        return await this.it.add(step.rows, step.size);
      case "changes":
        return await this.it.change(step.rows, { size: step.size });
      case "erase":
        return await this.#erase(step.field, step.value);
      case "remap":
        return await this.#remap(step.mapping);
      case "replay":
        return await this.it.replay();
      case "begin":
        return await this.#begin();
      case "publish":
        return await this.#publish();
      case "fetch":
        return this.#fetch();
      case "full":
        return await this.#full();
      case "sweep":
        return await sweepFeed(this.#database, 1, 1, new AbortController().signal);
      case "refollow":
        return await this.#refollow();
    }
  }

  async #erase(field: string, value: string): Promise<void> {
    await this.#database.write(async (transaction) => {
      const generation = await currentGeneration(transaction, 1, 1);
      const target = openTarget(generation, this.it.peer.identityKey, 0);
      const before = await profilesIn(transaction);
      const merges = await transaction.selectFrom("profile_merges").select(["id", "into_id"])
        .where("table_id", "=", target.scope.table).execute();
      await eraseProfiles(transaction, statementsFor(this.#database.kind), target, [[field, value]]);
      const after = await profilesIn(transaction);
      const gone = new Set([...before.keys()].filter((id) => !after.has(id)));
      for (const { id, into_id } of merges) if (gone.has(String(into_id))) gone.add(String(id));
      // What has begun tells nobody of them.
      for (const id of gone) this.#begun?.expected.delete(id);
    });
  }

  async #remap(text: string): Promise<void> {
    const run = await this.#database.write(async (transaction) => {
      await transaction.updateTable("mappings").set({ definition: JSON.stringify({ kind: "lql", text }) })
        .where("stream_id", "=", this.it.peer.place.stream).execute();
      return await followMappings(transaction, 1, 1, { now: 0 });
    });
    if (run !== undefined) assert.equal(await executeTask(this.it.peer, run), "succeeded");
  }

  /** Results begin; those that had begun before and were not published are given up. */
  async #begin(): Promise<void> {
    this.#begun = await this.#database.write(async (transaction) => {
      const window = await beginRefresh(transaction, 1, 1, { requested: this.#requested });
      return { window: window!, expected: await profilesIn(transaction) };
    });
  }

  async #publish(): Promise<void> {
    if (this.#begun === undefined) return;
    const { window, expected } = this.#begun;
    const rows = await changeRows(this.#database, window);
    await this.#database.write((transaction) => finishRefresh(transaction, 1, 1, window.to));
    this.#results = { window, rows, expected };
    this.#requested = false;
    this.#begun = undefined;
  }

  #fetch(): void {
    if (this.#results === undefined) return;
    const { window, rows, expected } = this.#results;
    this.#requested = true;
    for (const { since, profiles } of this.#replicas) {
      applyChanges(profiles, rows);
      if (since.epoch <= window.to.epoch) {
        assertSame(profiles, expected, `since ${since.epoch}, ${JSON.stringify(window)}`);
      }
    }
  }

  async #full(): Promise<void> {
    const { since, expected } = await this.#database.write(async (transaction) => {
      const since = await markProfiles(transaction, 1, 1);
      return { since: since!, expected: await profilesIn(transaction) };
    });
    await this.it.add([{ fields: { customer_id: "c1", a: "between" }, time: 30 }], 1);
    const profiles = readFull(await fullRows(this.#database, since));
    assertSame(profiles, expected, "full");
    this.#replicas.push({ since, profiles });
  }

  /** Everybody starts anew. */
  async #refollow(): Promise<void> {
    await this.#database.write((transaction) => unfollow(transaction, 1, 1));
    await this.it.change([{ customer_id: "c2", changes: [{ op: "assign", attr: "a", value: "unseen" }] }], { size: 1 });
    await this.start();
    this.#begun = this.#results = undefined;
    this.#requested = false;
    this.#replicas = [{ since: { epoch: 0, position: 0 }, profiles: new Map() }];
  }

  /** Everything that is left is fetched, twice. */
  async end(): Promise<void> {
    for (const kind of ["begin", "publish", "fetch", "begin", "publish", "fetch"] as const) await this.take({ kind });
    assertSame(this.#replicas[0]!.profiles, await profilesIn(this.#database.kysely), "at the end");
  }
}

/** An event of `c1`, that no mapping leaves out. */
const said = (n: string): Step => ({
  kind: "events",
  rows: [{ fields: { customer_id: "c1", a: "x", n }, time: 1 }],
  size: 1,
});
const assigned: Step = {
  kind: "changes",
  rows: [{ customer_id: "c1", changes: [{ op: "assign", attr: "n", value: "0.1" }] }],
  size: 1,
};
const begin: Step = { kind: "begin" }, publish: Step = { kind: "publish" }, fetch: Step = { kind: "fetch" };
const told = [begin, publish, fetch];
const plain: Step = { kind: "remap", mapping: MAPPINGS[0]! }, sums: Step = { kind: "remap", mapping: MAPPINGS[2]! };

/** What happened, where a field becomes a sum or is it no more: a text is shown as a number, or the other way round. */
const SUMS: readonly Step[][] = [
  [said("0.1"), begin, sums, publish, fetch],
  [said("0.1"), ...told, sums],
  [assigned, begin, sums, publish, fetch],
  [assigned, ...told, sums],
  [sums, said("0.1"), said("0.2"), ...told, plain],
  [assigned, ...told, sums, begin, plain, publish, fetch],
  [assigned, ...told, sums, plain, begin, sums, publish, fetch],
];

onEachDatabase("a full export and the changes after it make just the profiles that there are", async (databases) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (steps) => {
      await using it = await startChanges(databases, { lql: MAPPINGS[0]! });
      const world = new World(it);
      await world.start();
      for (const step of steps) await world.take(step);
      await world.end();
    }),
    { numRuns: SUMS.length + 8, examples: SUMS.map((steps) => [steps]) },
  );
});
