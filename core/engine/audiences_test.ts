import assert from "node:assert/strict";
import type { Row } from "../contracts/records.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { readSettings } from "./account_settings.ts";
import { type Actor, SYSTEM } from "./actor.ts";
import { AudienceCache } from "./audience_cache.ts";
import { AudienceCounts } from "./audience_counts.ts";
import { audiencesOf } from "./audiences.ts";
import { failure } from "./engine_testing.ts";
import { EntityTables } from "./entity_tables.ts";
import { entitiesOf } from "./entities.ts";
import { erasures } from "./erasure_testing.ts";
import { wantedDefinition } from "./generations.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { makeTable } from "./profile_tables.ts";
import type { Scope } from "./scopes.ts";
import { executeTask } from "./task_testing.ts";
import type { AudienceView } from "./views.ts";

/** Audiences and entities over an import's database, for an actor. */
function open(peer: ImportPeer, { pii = [], scopes = ["admin"] }: { pii?: string[]; scopes?: Scope[] } = {}) {
  const settings = readSettings(JSON.stringify({ pii_fields: pii }));
  const actor: Actor = { ...SYSTEM, scopes };
  const context = {
    database: peer.database,
    registry: { jobs: [] },
    accountId: 1,
    account: { id: 1, publicId: "1", settings },
    actor,
  };
  const { database, identityKey } = peer;
  const parts = { database, identityKey, statements: statementsFor(database.kind), audienceCache: new AudienceCache() };
  const audienceCounts = new AudienceCounts({ database: peer.address, serves: false });
  const entityTables = new EntityTables(parts);
  return {
    audiences: audiencesOf(context, { ...parts, audienceCounts }),
    entities: entitiesOf(context, { entityTables }),
  };
}

const PEOPLE: readonly Row[] = [
  { fields: { id: 1, email: "ann@x.example", city: "Zürich", visits: "12" }, time: 1 },
  { fields: { id: 2, email: "bob@x.example", city: "Bern", visits: 3 }, time: 2 },
  { fields: { id: 3, email: "cy@y.example", visits: "7" }, time: 3 },
  { fields: { id: 4, city: ["Bern", "Basel"], visits: 9, ["__proto__"]: "x" }, time: 4 },
];

async function withPeople(peer: ImportPeer) {
  await peer.commits().commit(peer.batch(PEOPLE));
  return open(peer);
}

const lines = (...values: string[]) =>
  (async function* () {
    yield new TextEncoder().encode(values.join("\n"));
  })();

async function idsOf(list: AsyncIterable<{ readonly id: number }>): Promise<number[]> {
  const ids = [];
  for await (const { id } of list) ids.push(id);
  return ids;
}

onEachDatabase("an audience has an id and a slug, and both work everywhere", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  const { notes, ...made } = await audiences.create({ name: "Bern: locals", filter: 'FILTER city = "Bern"' });
  assert.deepEqual(notes, []);
  assert.deepEqual({ ...made, created_at: "", updated_at: "" }, {
    id: 1,
    slug: "bern_locals",
    name: "Bern: locals",
    description: "",
    table: "user",
    kind: "dynamic",
    filter: 'FILTER city = "Bern"',
    field: null,
    members: null,
    created_at: "",
    updated_at: "",
  });
  const aliased = await audiences.create({ filter: "FILTER visits > 5 FROM user ALIAS busy.bees" });
  assert.deepEqual([aliased.id, aliased.slug, aliased.name], [2, "busy.bees", "busy.bees"]);
  for (const one of ["bern_locals", "1"]) {
    assert.deepEqual(await audiences.get(one), made);
    assert.deepEqual(await audiences.size(one), { size: 2 });
    assert.deepEqual((await audiences.members(one)).items.map(({ id }) => id), [2, 4]);
    assert.deepEqual(await idsOf(audiences.eachMember(one)), [2, 4]);
  }
  const changed = await audiences.update("2", {
    name: "Busy",
    slug: "busy",
    description: "d",
    filter: "FILTER visits>8",
  });
  assert.deepEqual([changed.slug, changed.name, changed.description], ["busy", "Busy", "d"]);
  assert.deepEqual(await audiences.size("busy"), { size: 2 });
  assert.deepEqual((await audiences.list()).map(({ slug }) => slug), ["bern_locals", "busy"]);
  assert.equal((await audiences.delete("busy")).id, 2);
  await assert.rejects(audiences.get("busy"), failure("config", /"busy" does not exist/, { code: "not_found" }));
  // No id is given twice.
  assert.equal((await audiences.create({ slug: "new", filter: "FILTER *" })).id, 3);
});

onEachDatabase("every profile is in the audience all, which nobody makes, changes or deletes", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  assert.deepEqual(await audiences.size("all"), { size: 4 });
  assert.equal((await audiences.members("all")).items.length, 4);
  const builtIn = failure("config", /"all"/, { code: "conflict" });
  await assert.rejects(audiences.create({ slug: "all", filter: "FILTER *" }), builtIn);
  await assert.rejects(audiences.create({ filter: "FILTER * ALIAS all" }), builtIn);
  await assert.rejects(audiences.update("all", { name: "x" }), builtIn);
  await assert.rejects(audiences.delete("all"), builtIn);
  await audiences.create({ slug: "some", filter: "FILTER AND (INCLUDE all, visits > 5)" });
  assert.deepEqual(await audiences.size("some"), { size: 3 });
});

onEachDatabase("a filter that is wrong is refused when it is saved, and nothing changes", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  await audiences.create({ slug: "kept", filter: "FILTER visits > 5" });
  const wrong: readonly (readonly [filter: string, message: RegExp, code?: "not_found" | "too_large"])[] = [
    ["FILTER visits >", /^Line 1, column 16: [^]*\n {2}FILTER visits >\n +\^$/],
    ["FILTER AND (", /^Line 1/],
    ["SELECT x", /expected FILTER/],
    ["FILTER visits > 'many' + 1", /Line 1/],
    ["FILTER INCLUDE kepd", /audience "kepd" does not exist[^]*\n +\^$/],
    ["FILTER * FROM users", /table "users" does not exist/, "not_found"],
    [`FILTER ${"(".repeat(1_000)}*${")".repeat(1_000)}`, /deep/],
    [`FILTER x = "${"a".repeat(10_000_000)}"`, /10000013 characters/, "too_large"],
    ["FILTER nofunction(x) > 5", /nofunction/],
  ];
  for (const [filter, message, code] of wrong) {
    const fails = failure("config", message, code === undefined ? {} : { code });
    await assert.rejects(audiences.create({ slug: "x", filter }), fails);
    await assert.rejects(audiences.update("kept", { filter }), fails);
  }
  assert.equal((await audiences.get("kept")).filter, "FILTER visits > 5");
  await assert.rejects(
    audiences.create({ slug: "kept", filter: "FILTER *" }),
    failure("config", /Another audience has the slug "kept"/, { code: "conflict" }),
  );
  for (const slug of ["", "1", "2026", "a b", "-a", "ä", "x".repeat(101)]) {
    await assert.rejects(audiences.create({ slug, filter: "FILTER *" }), failure("config", /cannot be the slug/));
  }
  await assert.rejects(audiences.create({ slug: "x" }), failure("config", /either a filter, or to be a list/));
  await assert.rejects(audiences.create({ filter: "FILTER *" }), failure("config", /No slug can be made/));
  assert.equal((await audiences.list()).length, 1);
  // A field of any name is one.
  await audiences.create({ slug: "proto", filter: 'FILTER `__proto__` = "x"' });
  assert.deepEqual(await audiences.size("proto"), { size: 1 });
});

onEachDatabase("audiences include one another by slug or id, and never themselves", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  await audiences.create({ slug: "a", filter: "FILTER visits > 5" });
  await audiences.create({ slug: "b", filter: "FILTER NOT INCLUDE a" });
  await audiences.create({ slug: "c", filter: 'FILTER OR (INCLUDE 2, city = "Bern")' });
  assert.deepEqual(await idsOf(audiences.eachMember("c")), [2, 4]);
  const cycle = failure("config", /"a" includes "c" includes "b" includes "a": no audience can include itself/);
  await assert.rejects(audiences.update("a", { filter: "FILTER INCLUDE c" }), cycle);
  await assert.rejects(audiences.update("a", { filter: "FILTER INCLUDE 1" }), failure("config", /itself/));
  await assert.rejects(
    audiences.delete("a"),
    failure("config", /Audience "a" is included by "b"/, { code: "conflict" }),
  );
  // By its slug it would be lost, by its id not.
  await assert.rejects(
    audiences.update("a", { slug: "z" }),
    failure("config", /"a" is included by "b"/, { code: "conflict" }),
  );
  await audiences.update("b", { slug: "renamed" });
  assert.deepEqual(await audiences.size("c"), { size: 2 });
  await audiences.update("a", { filter: "FILTER visits > 8" });
  assert.deepEqual(await audiences.size("c"), { size: 3 });
  await audiences.delete("c");
  await audiences.delete("renamed");
  await audiences.delete("a");
});

onEachDatabase("audiences nest 100 deep and no deeper, and are asked once a profile", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  await audiences.create({ slug: "a1", filter: "FILTER visits > 5" });
  for (let depth = 2; depth <= 100; depth++) {
    const inner = `a${depth - 1}`;
    await audiences.create({ slug: `a${depth}`, filter: `FILTER AND (INCLUDE ${inner}, NOT NOT INCLUDE ${inner})` });
  }
  // Asked anew for each INCLUDE, this would take 2^100 looks.
  assert.deepEqual(await audiences.size("a100"), { size: 3 });
  await assert.rejects(
    audiences.create({ slug: "a101", filter: "FILTER INCLUDE a100" }),
    failure("config", /over 100 deep/),
  );
  await audiences.create({ slug: "b", filter: "FILTER *" });
  await assert.rejects(audiences.update("a1", { filter: "FILTER INCLUDE b" }), failure("config", /over 100 deep/));
});

onEachDatabase("a list has the profiles of its members, those that come later included", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences, entities } = await withPeople(peer);
  const made = await audiences.create({ name: "Buyers", list: true });
  assert.deepEqual([made.kind, made.members, made.filter, made.field], ["list", 0, null, null]);
  assert.deepEqual(await audiences.size("buyers"), { size: 0 });
  const content = lines(
    " ANN@x.example ",
    "cy@y.example\r",
    "",
    "later@x.example",
    "n/a",
    "ann@x.example",
    "x".repeat(9_999),
  );
  const imported = await audiences.importMembers("buyers", { field: "email", content });
  assert.deepEqual(imported, { id: 1, slug: "buyers", lines: 6, rejected: 2, members: 3 });
  assert.deepEqual(await audiences.size("buyers"), { size: 2 });
  await audiences.create({ slug: "others", filter: "FILTER AND (NOT INCLUDE buyers, visits > 5)" });
  assert.deepEqual(await idsOf(audiences.eachMember("others")), [4]);
  const segments = async (id: string) => {
    const { data } = await entities.get({ table: "user", field: "id", value: id, fields: [] });
    return data["segments"];
  };
  assert.deepEqual(await segments("1"), ["buyers", "all"]);
  assert.deepEqual(await segments("4"), ["others", "all"]);
  await peer.commits().commit(peer.batch([
    { fields: { id: 5, email: "Later@x.example" }, time: 5 },
    { fields: { id: 2, email: "later@x.example" }, time: 6 },
  ]));
  // 2 and 5 are one profile now.
  assert.deepEqual(await idsOf(audiences.eachMember("buyers")), [1, 2, 3]);
  assert.deepEqual(await segments("5"), ["buyers", "all"]);
  await audiences.importMembers("1", { content: lines("bob@x.example"), add: true });
  assert.equal((await audiences.get("buyers")).members, 4);
  await assert.rejects(
    audiences.importMembers("1", { field: "id", content: lines("4"), add: true }),
    failure("config", /values of "email"/),
  );
  await audiences.importMembers("1", { field: "id", content: lines("4") });
  assert.deepEqual((await audiences.get("buyers")).members, 1);
  assert.deepEqual(await idsOf(audiences.eachMember("buyers")), [4]);
});

onEachDatabase("who is being erased becomes no member, be the others replaced or added to", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  const own = await erasures(peer);
  await audiences.create({ name: "Buyers", list: true });
  const { run_id } = await own.request("email", "ann@x.example");
  const content = () => lines("ANN@x.example", "bob@x.example", "ann@x.example", "later@x.example");
  const imported = await audiences.importMembers("buyers", { field: "email", content: content() });
  assert.deepEqual(imported, { id: 1, slug: "buyers", lines: 4, rejected: 2, members: 2 });
  const added = await audiences.importMembers("buyers", { content: content(), add: true });
  assert.deepEqual([added.rejected, added.members], [2, 2]);
  const none = await audiences.importMembers("buyers", { field: "email", content: lines("ann@x.example") });
  assert.deepEqual([none.rejected, none.members], [1, 0]);
  assert.equal(await executeTask(peer, run_id), "succeeded");
  const after = await audiences.importMembers("buyers", { field: "email", content: content() });
  assert.deepEqual([after.rejected, after.members], [0, 3]);
});

onEachDatabase("who is being erased from one table becomes no member of another's list", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  const own = await erasures(peer);
  await peer.database.write(async (transaction) => {
    const table = await makeTable(transaction, 1, "account", 1);
    await transaction.insertInto("mappings").values({
      account_id: 1,
      id: "account",
      stream_id: peer.place.stream,
      table_id: table,
      definition: JSON.stringify({ kind: "lql", text: "SELECT email FROM people INTO account BY email" }),
      created_at: 9,
      updated_at: 9,
    }).execute();
    // Another table may write the same address in another way.
    await transaction.updateTable("profile_tables").set({ identity_rules: '{"normalise":{"email":[]}}' })
      .where("id", "=", table).execute();
    await transaction.updateTable("generations")
      .set({ definition: JSON.stringify(await wantedDefinition(transaction, 1, table)) })
      .where("table_id", "=", table).execute();
  });
  await audiences.create({ slug: "buyers", list: true, table: "account" });
  await own.request("id", "1");
  const content = () => lines("ANN@x.example", "bob@x.example");
  const imported = await audiences.importMembers("buyers", { field: "email", content: content() });
  assert.deepEqual([imported.lines, imported.rejected, imported.members], [2, 1, 1]);
  const meanwhile = async function* () {
    yield* content();
    await own.request("id", "2");
  };
  await assert.rejects(
    audiences.importMembers("buyers", { field: "email", content: meanwhile() }),
    failure("config", /erasure was requested/, { code: "conflict" }),
  );
  assert.equal((await audiences.get("buyers")).members, 1);
});

onEachDatabase("members that cannot be imported change nothing", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  await audiences.create({ slug: "list", list: true });
  await audiences.create({ slug: "dynamic", filter: "FILTER *" });
  await assert.rejects(audiences.importMembers("list", { content: lines("1") }), failure("config", /not named/));
  await audiences.importMembers("list", { field: "id", content: lines("1", "2") });
  const broken = async function* () {
    yield new TextEncoder().encode("3\n4\n");
    yield Uint8Array.of(0xff, 0xfe, 0x0a);
  };
  await assert.rejects(audiences.importMembers("list", { field: "id", content: broken() }), failure("data", /UTF-8/));
  const gone = async function* () {
    yield new TextEncoder().encode("3\n4\n");
    await Promise.reject(new Error("gone"));
  };
  await assert.rejects(audiences.importMembers("list", { field: "id", content: gone() }), /gone/);
  await assert.rejects(
    audiences.importMembers("list", { field: "city", content: lines("Bern") }),
    failure("config", /Field "city" identifies no profile/),
  );
  await assert.rejects(
    audiences.importMembers("dynamic", { field: "id", content: lines("1") }),
    failure("config", /no list/),
  );
  await assert.rejects(
    audiences.update("list", { filter: "FILTER *" }),
    failure("config", /is a list/),
  );
  assert.deepEqual(await idsOf(audiences.eachMember("list")), [1, 2]);
});

onEachDatabase("members come in pages, and as one state of the table", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  const row = (id: number) => ({ fields: { id, even: id % 2 === 0 }, time: id });
  await commits.commit(peer.batch(Array.from({ length: 3_000 }, (_, index) => row(index + 1))));
  const { audiences } = open(peer);
  await audiences.create({ slug: "even", filter: "FILTER even" });
  const seen: number[] = [];
  let page = await audiences.members("even", { limit: 400 });
  seen.push(...page.items.map(({ id }) => id));
  while (page.next !== null) {
    page = await audiences.members("even", { limit: 400, cursor: page.next });
    seen.push(...page.items.map(({ id }) => id));
  }
  assert.deepEqual(seen, Array.from({ length: 1_500 }, (_, index) => 2 * index + 2));
  const each = audiences.eachMember("even")[Symbol.asyncIterator]();
  assert.equal((await each.next()).value?.id, 2);
  await commits.commit(peer.batch([row(4_000)]));
  let rest = 1;
  while ((await each.next()).done !== true) rest++;
  assert.equal(rest, 1_500);
  assert.deepEqual(await audiences.size("even"), { size: 1_501 });
  // Whoever has seen enough leaves nothing open.
  for await (const _ of audiences.eachMember("even")) break;
  const abort = new AbortController();
  const counting = audiences.size("even", { signal: abort.signal });
  abort.abort();
  await assert.rejects(counting, failure("cancelled", /stopped/));
  await assert.rejects(audiences.members("even", { cursor: "x" }), failure("config", /cursor/));
});

onEachDatabase("what reads PII fields is told to those alone who may see them", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences: own } = await withPeople(peer);
  await own.create({ slug: "cities", filter: 'FILTER city = "Bern"' });
  await own.create({ slug: "ann", filter: 'FILTER email = "ann@x.example"' });
  await own.create({ slug: "outer", filter: "FILTER INCLUDE ann" });
  await own.create({ slug: "list", list: true });
  await own.importMembers("list", { field: "email", content: lines("ann@x.example") });
  const { audiences, entities } = open(peer, { pii: ["email"], scopes: ["marketer", "data"] });
  const refused = failure("auth", /lacks "pii.read"/, { code: "forbidden" });
  for (const slug of ["ann", "outer", "list"]) {
    await assert.rejects(audiences.size(slug), refused);
    await assert.rejects(audiences.members(slug), refused);
    await assert.rejects(idsOf(audiences.eachMember(slug)), refused);
  }
  await assert.rejects(audiences.create({ slug: "x", filter: 'FILTER email = "a"' }), refused);
  await assert.rejects(audiences.create({ slug: "x", filter: "FILTER INCLUDE ann" }), refused);
  await assert.rejects(audiences.update("cities", { filter: "FILTER EXISTS email" }), refused);
  await assert.rejects(audiences.importMembers("list", { field: "email", content: lines("a@x") }), refused);
  assert.deepEqual((await audiences.list()).map(({ filter }: AudienceView) => filter), [
    'FILTER city = "Bern"',
    null,
    null,
    null,
  ]);
  assert.deepEqual((await audiences.members("cities")).items[0], {
    id: 2,
    attributes: { city: "Bern", id: 2, visits: 3 },
  });
  const { data, meta } = await entities.get({ table: "user", field: "id", value: "1" });
  assert.deepEqual(data, { city: "Zürich", id: 1, visits: "12", segments: ["all"] });
  assert.deepEqual(meta?.by_fields, ["id"]);
  await assert.rejects(entities.get({ table: "user", field: "email", value: "ann@x.example" }), refused);
  const manager = open(peer, { pii: ["email"], scopes: ["general_manager"] });
  assert.deepEqual(await manager.audiences.size("outer"), { size: 1 });
  const { data: all } = await manager.entities.get({ table: "user", field: "email", value: "ann@x.example" });
  assert.deepEqual(all["segments"], ["ann", "outer", "list", "all"]);
});

onEachDatabase("every change of an audience is written down, never with its filter or members", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  await audiences.create({ slug: "a", filter: 'FILTER city = "Secretville"' });
  await audiences.update("a", { filter: 'FILTER city = "Hiddentown"', name: "A" });
  await audiences.create({ slug: "l", list: true });
  await audiences.importMembers("l", { field: "id", content: lines("424242") });
  await audiences.delete("a");
  const entries = await peer.database.kysely.selectFrom("audit_entries").selectAll()
    .where("kind", "=", "audience").orderBy("sequence").execute();
  assert.deepEqual(entries.map(({ action, kind, object_id, label }) => [action, kind, object_id, label]), [
    ["create", "audience", "1", "a"],
    ["update", "audience", "1", "a"],
    ["create", "audience", "2", "l"],
    ["import", "audience", "2", "l"],
    ["delete", "audience", "1", "a"],
  ]);
  assert.doesNotMatch(JSON.stringify(entries), /Secretville|Hiddentown|424242/);
});

onEachDatabase("members and entities show sums as numbers, and filters compare them so", async (databases) => {
  await using peer = await startImport(databases, {
    lql: "SELECT id, sum(amount) AS total, set(topic) AS topics FROM people INTO user BY id",
  });
  const commits = peer.commits();
  for (const amount of ["0.1", "0.2"]) {
    await commits.commit(peer.batch([{ fields: { id: "7", amount, topic: amount }, time: 1 }]));
  }
  const { audiences, entities } = open(peer);
  await audiences.create({ slug: "sum", filter: "FILTER total = 0.3" });
  assert.deepEqual((await audiences.members("sum")).items, [
    { id: 1, attributes: { id: "7", topics: ["0.1", "0.2"], total: 0.3 } },
  ]);
  const { data } = await entities.get({ table: "user", field: "id", value: "7", fields: ["total", "nope"] });
  assert.deepEqual(data, { total: 0.3, segments: ["sum", "all"] });
});

onEachDatabase("a filter of very many parts is refused, one with a long list is not", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  const many = Array.from({ length: 2_000 }, (_, index) => `c${index} = ${index}`).join(" OR ");
  await assert.rejects(
    audiences.create({ slug: "many", filter: `FILTER ${many}` }),
    failure("config", /^The filter has 6001 parts, the most is 5000$/, { code: "too_large" }),
  );
  const few = await audiences.create({
    slug: "few",
    filter: `FILTER ${many.split(" OR ").slice(0, 100).join(" OR ")}`,
  });
  assert.deepEqual([few.notes.length, few.notes.at(-1)], [21, "and 80 more like this"]);
  const values = Array.from({ length: 20_000 }, (_, index) => `"${index}"`).join(", ");
  await audiences.create({ slug: "long", filter: `FILTER city IN (${values})` });
});

onEachDatabase("fields that nobody has, and what is nearly date math, are told and saved", async (databases) => {
  await using peer = await startImport(databases);
  const { audiences } = await withPeople(peer);
  const made = await audiences.create({
    slug: "typos",
    filter: 'FILTER AND (cty = "Bern", born > "now-3x", city = "now-3x", AND (visits > 1, zzz.a = 1), seen < "now-3d")',
  });
  assert.deepEqual(made.notes, [
    'None of the 4 profiles looked at has a field "cty"; did you mean "city"?',
    'None of the 4 profiles looked at has a field "born"',
    'None of the 4 profiles looked at has a field "zzz.a"',
    'None of the 4 profiles looked at has a field "seen"',
    '"now-3x" is compared as a text: date math is `now`, then any of `+` or `-`, digits, and s m h d w M y',
  ]);
  const far = await audiences.create({
    slug: "far",
    filter: 'FILTER AND (city = "now-9999999999d", city > "now+9000y", city < "now-1M+3d")',
  });
  assert.deepEqual(far.notes, [
    '"now-9999999999d" is compared as a text: a step of date math has nine digits at most',
    '"now+9000y" leads out of the years 1 to 9999: no time is before it, after it or the same',
  ]);
  assert.deepEqual((await audiences.update("typos", { filter: "FILTER visits > 1" })).notes, []);
  const { audiences: hidden } = open(peer, { pii: ["city"], scopes: ["marketer"] });
  assert.deepEqual((await hidden.create({ slug: "blind", filter: 'FILTER cty = "Bern"' })).notes, [
    'None of the 4 profiles looked at has a field "cty"',
  ]);
  await using none = await startImport(databases);
  const { notes } = await open(none).audiences.create({ slug: "early", filter: "FILTER soon = 1" });
  assert.deepEqual(notes, [], "where there are no profiles yet, nothing is known of their fields");
});
