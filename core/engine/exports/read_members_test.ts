import assert from "node:assert/strict";
import type { ExportSource } from "../../contracts/export_job.ts";
import type { MemberBatch } from "../../contracts/members.ts";
import type { JsonValue, Row } from "../../contracts/records.ts";
import type { Executor } from "../../database/database.ts";
import { statementsFor } from "../../profiles/batch_statements.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { readSettings } from "../account_settings.ts";
import { SYSTEM } from "../actor.ts";
import { AudienceCache } from "../audience_cache.ts";
import { AudienceCounts } from "../audience_counts.ts";
import { audiencesOf } from "../audiences.ts";
import { type MappingPeer, startMapping } from "../mapping_testing.ts";
import type { Audiences } from "../runtime.ts";
import { holdState } from "./held_state.ts";
import { openSource } from "./open_source.ts";
import { readMembers } from "./read_members.ts";

/** A member as its bytes tell it. */
interface Told {
  readonly id: number;
  readonly fields: { readonly [field: string]: JsonValue };
  readonly in?: readonly string[];
}

interface ReadingOptions {
  /** Fields that the account calls personal; whoever reads may not see them. */
  readonly hidden?: readonly string[];
  /** Where it is read; as it is now unless told. */
  readonly executor?: Executor;
}

interface Peer extends AsyncDisposable {
  readonly it: MappingPeer;
  readonly audiences: Audiences;
  batches(source: ExportSource, options?: ReadingOptions): Promise<AsyncGenerator<MemberBatch>>;
  read(source: ExportSource, after?: number, options?: ReadingOptions): Promise<Told[]>;
}

const NOW = Date.UTC(2026, 0, 1);

async function start(databases: TestDatabases, rows: readonly Row["fields"][] = [], lql?: string): Promise<Peer> {
  const it = await startMapping(databases, lql === undefined ? {} : { lql });
  if (rows.length > 0) await it.add(rows.map((fields, index) => ({ fields, time: index })));
  const { database, address, identityKey } = it.peer;
  const statements = statementsFor(database.kind);
  const settings = readSettings("{}");
  const account = { id: 1, publicId: "1", settings };
  const context = { database, registry: { jobs: [] }, accountId: 1, account, actor: SYSTEM };
  const parts = { database, identityKey, statements, audienceCache: new AudienceCache() };
  const counts = new AudienceCounts({ database: address, serves: false });
  const open = async (source: ExportSource, after?: number, options: ReadingOptions = {}) => {
    const { executor = database.kysely, hidden = [] } = options;
    const reader = { scopes: hidden.length === 0 ? ["admin" as const] : [] };
    const owner = { account: 1, settings: { ...settings, pii_fields: [...hidden] }, reader };
    const found = await openSource(executor, owner, source);
    const { signal } = new AbortController();
    return readMembers({ executor, kind: database.kind, statements, source: found, now: NOW, signal }, after);
  };
  return {
    it,
    audiences: audiencesOf(context, { ...parts, audienceCounts: counts }),
    batches: (source, options) => open(source, undefined, options),
    read: async (source, after, options) => toldBy(await Array.fromAsync(await open(source, after, options))),
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  };
}

/** What some batches say, checked for their form. */
function toldBy(batches: readonly MemberBatch[]): Told[] {
  const decoder = new TextDecoder();
  const told = batches.flatMap(({ ids, bytes, rows, memberships, share }) => {
    assert.ok(ids.length > 0 && rows.length === ids.length + 1 && rows.at(-1) === bytes.length);
    assert.ok(share > 0 && share <= 1);
    return Array.from(ids, (id, index): Told => ({
      id,
      fields: JSON.parse(decoder.decode(bytes.subarray(rows[index], rows[index + 1]))),
      ...(memberships && { in: memberships[index]! }),
    }));
  });
  assert.deepEqual(told.map(({ id }) => id), told.map(({ id }) => id).toSorted((a, b) => a - b));
  return told;
}

const idsOf = (told: readonly Told[]) => told.map(({ fields }) => fields["id"]);

const PEOPLE: readonly Row["fields"][] = Array.from({ length: 9 }, (_, index) => ({
  id: String(index + 1),
  city: index % 3 === 0 ? "Bern" : "Basel",
  email: `p${index + 1}@example.com`,
}));

async function* lines(...values: string[]) {
  yield new TextEncoder().encode(values.join("\n"));
}

onEachDatabase("an empty table gives no members, not even of everybody", async (databases) => {
  await using peer = await start(databases);
  await peer.audiences.create({ slug: "bern", filter: 'FILTER city = "Bern"' });
  for (const audience of ["all", "bern"]) {
    for (const memberships of [false, true]) assert.deepEqual(await peer.read({ audience, memberships }), []);
  }
});

onEachDatabase("a limit counts members from where they are read, and not profiles", async (databases) => {
  await using peer = await start(databases, PEOPLE);
  await peer.audiences.create({ slug: "bern", filter: 'FILTER city = "Bern"' });
  const all = await peer.read({ audience: "bern" });
  assert.deepEqual(idsOf(all), ["1", "4", "7"]);
  assert.deepEqual(await peer.read({ audience: "bern", limit: 2 }), all.slice(0, 2));
  assert.deepEqual(await peer.read({ audience: "bern", limit: 2 }, all[0]!.id), all.slice(1));
  assert.deepEqual(idsOf(await peer.read({ audience: "bern", limit: 1 }, all[1]!.id)), ["7"]);
  assert.deepEqual(await peer.read({ audience: "bern" }, all[2]!.id), []);
  assert.deepEqual(idsOf(await peer.read({ audience: "all", limit: 20 }, all[2]!.id)), ["8", "9"]);
});

onEachDatabase("members can be handed to another thread, be they all of a page or some of it", async (databases) => {
  const rows = ["Bern", "Bern", "Basel"].map((city, index) => ({ id: String(index), city }));
  await using peer = await start(databases, rows);
  for (const [slug, members] of [["bern", 2], ["everywhere", 3]] as const) {
    const filter = members === 2 ? 'FILTER city = "Bern"' : "FILTER EXISTS city";
    await peer.audiences.create({ slug, filter });
    const [batch] = await Array.fromAsync(await peer.batches({ audience: slug, fields: ["city"] } as ExportSource));
    assert.equal(structuredClone(batch)?.ids.length, members);
  }
});

onEachDatabase(
  "a filter may ask more fields than are taken out one by one, and ones with odd names",
  async (databases) => {
    const many = Array.from({ length: 8 }, (_, index) => `f${index}`);
    const rows = PEOPLE.map((fields, index) => ({
      ...fields,
      ...Object.fromEntries(many.map((name) => [name, index % 2 === 0 ? "yes" : "no"])),
      'say "hi"': index < 3 ? "yes" : "no",
    }));
    await using peer = await start(databases, rows);
    await peer.audiences.create({
      slug: "many",
      filter: `FILTER AND (${many.map((name) => `${name} = "yes"`).join(", ")})`,
    });
    await peer.audiences.create({ slug: "odd", filter: 'FILTER `say "hi"` = "yes"' });
    assert.deepEqual(idsOf(await peer.read({ audience: "many" })), ["1", "3", "5", "7", "9"]);
    assert.deepEqual(idsOf(await peer.read({ audience: "odd" })), ["1", "2", "3"]);
    const [first] = await peer.read({ audience: "many", memberships: true });
    assert.deepEqual(first?.in, ["many", "odd", "all"]);
  },
);

onEachDatabase("hidden fields are in no byte, nor what tells of them in the names of audiences", async (databases) => {
  await using peer = await start(databases, PEOPLE);
  await peer.audiences.create({ slug: "bern", filter: 'FILTER city = "Bern"' });
  await peer.audiences.create({ slug: "one", filter: 'FILTER email = "p1@example.com"' });
  const source = { audience: "bern", memberships: true, limit: 1 };
  const [seen] = await peer.read(source);
  assert.deepEqual([seen?.fields, seen?.in], [PEOPLE[0], ["bern", "one", "all"]]);
  const [hidden] = await peer.read(source, 0, { hidden: ["email"] });
  assert.deepEqual([hidden?.fields, hidden?.in], [{ city: "Bern", id: "1" }, ["bern", "all"]]);
});

onEachDatabase("a sum that is stored as the text of its digits comes as the number that it is", async (databases) => {
  const amounts = [["1", "0.1"], ["1", "1e-20"], ["2", "4"], ["3", "2.5"]];
  const lql = "SELECT id, sum(amount) AS total FROM people INTO user BY id";
  await using peer = await start(databases, amounts.map(([id = "", amount = ""]) => ({ id, amount })), lql);
  const { database } = peer.it.peer;
  const stored = await database.kysely.selectFrom("profiles").select("attributes").where("table_id", ">", 0).execute();
  assert.ok(
    stored.some(({ attributes }) => attributes.includes('"0.10000000000000000001"')),
    "what is stored differs from what is shown",
  );
  const expected = [{ id: "1", total: 0.1 }, { id: "2", total: 4 }, { id: "3", total: 2.5 }];
  assert.deepEqual((await peer.read({ audience: "all" })).map(({ fields }) => fields), expected);
  await peer.audiences.create({ slug: "some", filter: "FILTER total < 1" });
  assert.deepEqual((await peer.read({ audience: "some" })).map(({ fields }) => fields), expected.slice(0, 1));
  assert.deepEqual(idsOf(await peer.read({ audience: "all", fields: ["id"] })), ["1", "2", "3"]);
});

onEachDatabase("the members of a list come, and lists are among the audiences of each", async (databases) => {
  await using peer = await start(databases, PEOPLE);
  await peer.audiences.create({ slug: "chosen", list: true });
  await peer.audiences.importMembers("chosen", { field: "id", content: lines("7", "2", "nobody") });
  await peer.audiences.create({ slug: "both", filter: 'FILTER AND (INCLUDE chosen, city = "Bern")' });
  assert.deepEqual(idsOf(await peer.read({ audience: "chosen" })), ["2", "7"]);
  assert.deepEqual(idsOf(await peer.read({ audience: "chosen" }, 2)), ["7"]);
  assert.deepEqual(idsOf(await peer.read({ audience: "both" })), ["7"]);
  const told = await peer.read({ audience: "chosen", memberships: true });
  assert.deepEqual(told.map((member) => member.in), [["chosen", "all"], ["chosen", "both", "all"]]);
});

onEachDatabase("a profile that another took in comes no more, and lists follow it", async (databases) => {
  await using peer = await start(databases, [{ id: "1" }, { email: "a@x.example" }, { id: "3" }]);
  const { it, audiences, read } = peer;
  await audiences.create({ slug: "chosen", list: true });
  await audiences.importMembers("chosen", { field: "email", content: lines("a@x.example") });
  assert.equal((await read({ audience: "all" })).length, 3);
  await it.add([{ fields: { id: "1", email: "a@x.example", city: "Bern" }, time: 10 }]);
  const one = { city: "Bern", email: "a@x.example", id: "1" };
  assert.deepEqual((await read({ audience: "all" })).map(({ fields }) => fields), [one, { id: "3" }]);
  assert.deepEqual((await read({ audience: "chosen" })).map(({ fields }) => fields), [one]);
});

onEachDatabase(
  "a state that is held stays as it is while profiles are added, changed and merged",
  async (databases) => {
    const crowd = Array.from({ length: 700 }, (_, index) => ({ id: String(index + 1), city: "Bern" }));
    await using peer = await start(databases, crowd);
    const { it, audiences } = peer;
    await audiences.create({ slug: "bern", filter: 'FILTER city = "Bern"' });
    await audiences.create({ slug: "chosen", list: true });
    await audiences.importMembers("chosen", { field: "id", content: lines("600", "650") });
    const before = await peer.read({ audience: "bern", memberships: true });
    await using state = await holdState(it.peer.database);
    const batches = await peer.batches({ audience: "bern", memberships: true }, state);
    const first = await batches.next();
    assert.ok(first.done === false && first.value.ids.length < 600);
    await it.add([
      { fields: { id: "650", city: "Basel" }, time: 1_000 },
      { fields: { id: "700", email: "z@x.example", city: "Chur" }, time: 1_001 },
      { fields: { id: "701", city: "Bern" }, time: 1_002 },
    ]);
    await audiences.importMembers("chosen", { field: "id", content: lines("601") });
    assert.deepEqual(toldBy([first.value, ...await Array.fromAsync(batches)]), before);
    const now = await peer.read({ audience: "bern", memberships: true });
    assert.deepEqual([now.length, idsOf(now).at(-1)], [699, "701"]);
    assert.deepEqual(now.filter((member) => member.in?.includes("chosen")).map(({ fields }) => fields["id"]), ["601"]);
  },
);
