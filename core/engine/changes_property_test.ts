/** Profile imports: what a plain fold says, in any batches, on any database, and again by a replay. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue, Row } from "../contracts/records.ts";
import { change, type ChangeEvent, kindOf, plainFold, values } from "../profiles/changes/changes_testing.ts";
import { type Change, splitMembers } from "../profiles/changes/change.ts";
import { readChanges } from "../profiles/changes/read_changes.ts";
import { isLater } from "../profiles/field_fold.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { type ChangePeer, startChanges } from "./changes_testing.ts";
import { storeOf } from "./store_testing.ts";

const LQL = "SELECT customer_id, email, a, n FROM people INTO user BY customer_id OR email";

const id = fc.constantFrom("c1", "c2", " c3 ", "c4");
const email = fc.constantFrom("a@x", "A@X", "b@x");
/** What names nobody. */
const noEmail = fc.constantFrom("", " ");

/** An operation as a file has it. */
function operationOf(attr: string, change: Change): JsonValue {
  if (change.kind === "increment") return { op: "increment", attr, value: change.by };
  if (change.kind === "assign") {
    return change.value === undefined ? { op: "delete", attr } : { op: "assign", attr, value: change.value };
  }
  const [added, removed] = splitMembers(change.members);
  return added.length > 0
    ? { op: "set-add", attr, value: added }
    : { op: "set-remove", attr, value: removed.length === 1 ? removed[0]! : removed };
}

const operation: fc.Arbitrary<JsonValue> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom("a", "n", "__proto__", "z"), change).map((of) => operationOf(...of)),
  },
  { weight: 3, arbitrary: values.map((value) => ({ op: "assign", attr: "a", value })) },
  { weight: 1, arbitrary: fc.oneof(email, noEmail).map((value) => ({ op: "assign", attr: "email", value })) },
  { weight: 1, arbitrary: values.map((value) => ({ op: "assign", attr: "n", value, note: 1 })) },
);

/** Rows of a file: most assign one value, some do more, few are none. */
const row: fc.Arbitrary<Row["fields"]> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ customer_id: id, changes: fc.array(operation, { minLength: 1, maxLength: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Row["fields"]>(
      { customer_id: "unknown", changes: [] },
      { customer_id: "c1" },
      { customer_id: "c1", changes: [{ op: "asign", attr: "a", value: 1 }] },
    ),
  },
);

const event: fc.Arbitrary<Row> = fc.record({
  fields: fc.record({ customer_id: id, email, a: fc.constantFrom("gold", "7"), n: fc.constantFrom("1", "x") }, {
    requiredKeys: [],
  }),
  time: fc.constantFrom(1, 500, 1_500, 5_000),
});

/** What is imported one after another. */
interface Imports {
  readonly first: readonly Row[];
  readonly changes: readonly Row["fields"][];
  readonly later: readonly Row[];
  readonly more: readonly Row["fields"][];
}

const imports: fc.Arbitrary<Imports> = fc.record({
  first: fc.array(event, { maxLength: 6 }),
  changes: fc.array(row, { minLength: 5, maxLength: 40 }),
  later: fc.array(event, { maxLength: 6 }),
  more: fc.array(row, { maxLength: 20 }),
});

async function importAll(given: Imports, size: number, { change, add }: ChangePeer): Promise<void> {
  // The mapping of changes is made first: what it says holds from the first event on.
  await change([], { size: 1 });
  await add(given.first, size);
  await change(given.changes, { size, at: 1_000 });
  await add(given.later, size);
  await change(given.more, { size, at: 2_000, line: 1_001 });
}

/** Somebody, by the plain rules: all events that share a name, transitively. */
interface Group {
  names: Set<string>;
  events: ChangeEvent[];
}

/** The slow and obvious way: an event after another, each against all that came before. */
class Reference {
  groups: Group[] = [];
  readonly rejected: number[] = [];
  #position = 0;

  add({ fields, time = 0 }: Row): void {
    const changes = Object.entries(fields).map(([name, value]) => [name, { kind: "assign", value }] as const);
    this.#position++;
    this.#take(this.#group(changes), { stamp: [time, this.#position], changes });
  }

  change(fields: Row["fields"], at: number, line: number): void {
    const read = readChanges(fields["changes"]);
    if (typeof read === "string" || fields["customer_id"] === "unknown") return void this.rejected.push(line);
    const changes = [["customer_id", { kind: "assign", value: fields["customer_id"] } as Change] as const, ...read];
    const group = this.#group(changes), stamp = [at, this.#position + 1] as const;
    if (read.some(([name, change]) => isMisfit(group.events, name, change, stamp))) {
      return void this.rejected.push(line);
    }
    this.#position++;
    this.#take(group, { stamp, changes });
  }

  /** Those whom the changes name, as one. */
  #group(changes: ChangeEvent["changes"]): Group {
    const names = new Set(
      changes.flatMap(([name, change]) =>
        (name === "customer_id" || name === "email") && change.kind === "assign" && typeof change.value === "string"
          ? [`${name}=${name === "email" ? change.value.trim().toLowerCase() : change.value.trim()}`]
          : []
      ).filter((name) => name !== "email="),
    );
    const own = this.groups.filter((group) => [...group.names].some((name) => names.has(name)));
    return {
      names: new Set([...names, ...own.flatMap((group) => [...group.names])]),
      events: own.flatMap(({ events }) => events),
    };
  }

  #take(group: Group, event: ChangeEvent): void {
    if (group.names.size === 0) return;
    const others = this.groups.filter(({ names }) => ![...names].some((name) => group.names.has(name)));
    this.groups = [...others, { names: group.names, events: [...group.events, event] }];
  }

  get people(): string[] {
    return this.groups.map(({ events }) => textOf([...plainFold(events)])).sort();
  }
}

function isMisfit(events: readonly ChangeEvent[], name: string, change: Change, stamp: ChangeEvent["stamp"]): boolean {
  if (change.kind === "assign") return false;
  const assigned = events.filter(({ changes }) => changes.some(([own, { kind }]) => own === name && kind === "assign"));
  if (assigned.some((event) => isLater(event.stamp, stamp))) return false;
  const value = plainFold(events).get(name);
  return value !== undefined && kindOf(value) !== change.kind;
}

function textOf(attributes: [string, JsonValue][]): string {
  return JSON.stringify(attributes.sort(([a], [b]) => a < b ? -1 : 1));
}

function referenceOf({ first, changes, later, more }: Imports): Reference {
  const reference = new Reference();
  for (const row of first) reference.add(row);
  changes.forEach((fields, index) => reference.change(fields, 1_000, index + 1));
  for (const row of later) reference.add(row);
  more.forEach((fields, index) => reference.change(fields, 2_000, index + 1_001));
  return reference;
}

async function contentOf({ peer, rejects, run }: ChangePeer) {
  const { rows_read, accepted, rejected, misfits } = await run();
  // The order of an event's keys is that of its batch.
  const lines = (await peer.lines("stream")).map((line) => textOf(Object.entries(JSON.parse(line).data)));
  const { kysely } = peer.database;
  const fields = await kysely.selectFrom("stream_fields").select(["stream_id", "name", "filled"]).orderBy("stream_id")
    .orderBy("name").execute();
  const [account] = await kysely.selectFrom("accounts").select("next_position").execute();
  const streams = await kysely.selectFrom("streams").select(["name", "events"]).orderBy("id").execute();
  const rows = await rejects();
  return {
    store: await storeOf({ database: peer.database }),
    counts: { rows_read, accepted, rejected, misfits },
    lines,
    fields: fields.map((field) => ({ ...field })),
    next: account?.next_position,
    streams: streams.map((stream) => ({ ...stream })),
    rejects: rows.sort((a, b) => a.line - b.line),
  };
}

onEachDatabase(
  "profile imports give what a plain fold gives, in any batches, and again by a replay",
  async (databases) => {
    const sizes = [1, 2, 7];
    await fc.assert(
      fc.asyncProperty(imports, fc.nat({ max: 2 }), async (given, at) => {
        await using whole = await startChanges(databases, { lql: LQL });
        await importAll(given, 1_000, whole);
        const expected = await contentOf(whole);
        const reference = referenceOf(given);
        const people = expected.store.profiles.map(({ attributes }) => textOf(Object.entries(JSON.parse(attributes))));
        assert.deepEqual(people.sort(), reference.people.map((text) => textOf(JSON.parse(text))));
        assert.deepEqual(expected.rejects.map(({ line }) => line), reference.rejected);
        const { rows_read, accepted, rejected } = expected.counts;
        assert.deepEqual([rows_read, rejected], [accepted + rejected, reference.rejected.length]);
        await using other = await startChanges(databases, { lql: LQL });
        await importAll(given, sizes[at]!, other);
        assert.deepEqual(await contentOf(other), expected);
        await whole.replay();
        assert.deepEqual((await contentOf(whole)).store, expected.store);
      }),
      { numRuns: 5, endOnFailure: true },
    );
  },
);
