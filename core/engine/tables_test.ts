import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure } from "./engine_testing.ts";
import { startMapping } from "./mapping_testing.ts";
import { readRun } from "./import_testing.ts";

const DATA = { kind: "token", id: "1", name: "t", scopes: ["data"] } as const;

onEachDatabase(
  "a profile table is shown with its profiles, mappings and rules, by name and by id",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.add([{ fields: { id: "1" } }, { fields: { id: "2" } }]);
    const [mapping] = await it.mappings.list();
    const table = await it.tables.get("user");
    const { created_at, ...rest } = table;
    assert.match(created_at, /Z$/);
    assert.deepEqual(rest, {
      id: 1,
      name: "user",
      profiles: 2,
      identify_by: ["id", "email"],
      mappings: [{ id: mapping?.id, stream: "people", alias: null }],
      identity: {},
      crowded: 0,
      replay_run: null,
    });
    assert.deepEqual(await it.tables.get("1"), table);
    assert.deepEqual(await it.tables.list(), [table]);
    await assert.rejects(
      it.tables.get("usr"),
      failure("config", /^Profile table "usr" does not exist$/, { code: "not_found", hint: /^Did you mean "user"\?$/ }),
    );
  },
);

onEachDatabase(
  "the fields of a table tell kind, merge, fill rate and examples, and hide what is personal",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.mappings.update("people", {
      lql:
        "SELECT id, email, sum(tonumber(spent)) AS spent, max(toint(age)) AS age FROM people INTO user BY id OR email",
    });
    await it.add(
      Array.from({ length: 8 }, (_, index) => ({
        fields: { id: String(index % 4), email: index === 0 ? "a@x.de" : "", spent: index % 4 < 2 ? "0.1" : "" },
      })),
      3,
    );
    const { fields, ...counts } = await it.tables.fields("user");
    assert.deepEqual(counts, { table: "user", profiles: 4, sampled: 4 });
    assert.deepEqual(fields, [
      { name: "id", kind: null, merge: "LATEST", identifies: true, fill_rate: 1, examples: ["0", "1", "2", "3"] },
      { name: "spent", kind: "NUMBER", merge: "SUM", identifies: false, fill_rate: 0.5, examples: [0.2] },
      { name: "email", kind: null, merge: "LATEST", identifies: true, fill_rate: 0.25, examples: ["a@x.de"] },
      { name: "age", kind: "INT", merge: "MAX", identifies: false, fill_rate: 0, examples: [] },
    ]);
    const { tables } = it.as(DATA, ["email", "spent"]);
    assert.deepEqual((await tables.fields("user")).fields.map(({ name }) => name), ["id", "age"]);
  },
);

onEachDatabase("of a large table stretches of profiles all over it are looked at", async (databases) => {
  await using it = await startMapping(databases);
  await it.add(Array.from({ length: 12_000 }, (_, index) => ({
    fields: { id: String(index), half: index < 6_000 ? "x" : "", rare: index >= 11_900 ? "y" : "" },
  })));
  const { profiles, sampled, fields } = await it.tables.fields("user");
  assert.deepEqual([profiles, sampled], [12_000, 10_000]);
  const rates = Object.fromEntries(fields.map(({ name, fill_rate }) => [name, fill_rate]));
  assert.equal(rates.id, 1);
  assert.ok(Math.abs((rates.half ?? 0) - 0.5) < 0.02, `half is filled in ${rates.half}`);
  assert.ok((rates.rare ?? 0) > 0.001);
});

onEachDatabase(
  "a denied value links nobody from the replay on, and what is asked again takes none",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.add([
      { fields: { id: "1", email: "shared@x.de" } },
      { fields: { id: "2", email: "Shared@x.de " } },
      { fields: { id: "3", email: "own@x.de" } },
    ], 1);
    assert.equal((await it.tables.get("user")).profiles, 2);
    const changed = await it.tables.update("user", {
      deny: { email: ["SHARED@x.de"] },
      normalise: { phone: ["digits"], id: ["lower"] },
      most_values: 5,
    });
    assert.deepEqual(changed.identity, {
      normalise: { id: ["lower"], phone: ["digits"] },
      deny: { email: ["SHARED@x.de"] },
      most_values: 5,
    });
    const hidden = it.as(DATA, ["email"]).tables;
    assert.deepEqual((await hidden.get("user")).identity.deny, {});
    assert.deepEqual(changed.notes, ['Field "phone" identifies no profile of table "user"']);
    assert.equal(changed.replay_run, it.queued[0]);
    assert.equal(await it.replay(), "succeeded");
    assert.equal((await it.tables.get("user")).profiles, 3);
    assert.deepEqual((await it.profiles.get("id", "2")).identities, { id: ["2"] });
    const same = await it.tables.update("user", { deny: { email: ["SHARED@x.de"] }, most_values: 5 });
    assert.deepEqual([same.replay_run, it.queued.length], [null, 1]);
    const unused = await it.tables.update("user", { deny: { fax: ["1"] }, normalise: { phone: ["lower"] } });
    assert.deepEqual([unused.replay_run, it.queued.length], [null, 1], "these fields identify nobody");
    await it.tables.update("user", { deny: { fax: null }, normalise: { phone: ["digits"] } });
    const less = await it.tables.update("user", { deny: null, normalise: { id: null }, most_values: null });
    assert.deepEqual(less.identity, { normalise: { phone: ["digits"] } });
    const wrong: readonly (readonly [change: object, message: RegExp])[] = [
      [{ most_values: 1 }, /^"most_values" must be at least 2/],
      [{ normalise: { "*": ["lower"] } }, /^`\*` stands for no field/],
      [{ normalise: { id: ["upper"] } }, /^Values of "id" cannot be normalised by "upper"$/],
      [{ deny: { id: [""] } }, /^A denied value of "id" must /],
    ];
    for (const [change, message] of wrong) {
      await assert.rejects(
        it.tables.update("user", change),
        failure("config", message),
      );
    }
    const entries = await it.peer.database.kysely.selectFrom("audit_entries").select([
      "action",
      "kind",
      "label",
      "detail",
    ])
      .where("kind", "=", "table").orderBy("sequence").execute();
    assert.deepEqual(entries.map((entry) => ({ ...entry })), [
      { action: "update", kind: "table", label: "user", detail: '{"changed":["deny","normalise","most_values"]}' },
      { action: "update", kind: "table", label: "user", detail: '{"changed":["deny","most_values"]}' },
      { action: "update", kind: "table", label: "user", detail: '{"changed":["deny","normalise"]}' },
      { action: "update", kind: "table", label: "user", detail: '{"changed":["deny","normalise"]}' },
      { action: "update", kind: "table", label: "user", detail: '{"changed":["deny","normalise","most_values"]}' },
    ]);
  },
);

onEachDatabase(
  "profiles that gather too many values of an identity are reported with them, by import and replay",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.tables.update("user", { most_values: 3 });
    const first = it.queued.length;
    const { add } = it;
    await add([
      { fields: { id: "1", email: "a@x.de" } },
      { fields: { id: "1", email: "b@x.de" } },
      { fields: { id: "2", email: "c@x.de" } },
      { fields: { id: "2", email: "d@x.de" } },
      { fields: { id: "9", email: "z@x.de" } },
    ], 2);
    assert.equal((await it.tables.get("user")).crowded, 0);
    // One event joins both: the profile that is left has four addresses.
    await add([{ fields: { id: "1", email: "c@x.de" } }]);
    await add([{ fields: { id: ["p", "q", "r", "s"] } }]);
    const crowded = (await it.tables.crowded("user")).items;
    const run = it.peer.claim.run;
    assert.deepEqual(crowded, [
      { profile: 1, field: "email", values: 4, sample: ["a@x.de", "b@x.de", "c@x.de", "d@x.de"], run },
      { profile: 7, field: "id", values: 4, sample: ["p", "q", "r", "s"], run },
    ]);
    assert.equal((await it.tables.get("user")).crowded, 2);
    const page = await it.tables.crowded("user", { limit: 1 });
    assert.deepEqual([page.items, page.next], [crowded.slice(0, 1), "1-email"]);
    assert.deepEqual(await it.tables.crowded("user", { cursor: "1-email" }), { items: crowded.slice(1), next: null });
    await assert.rejects(it.tables.crowded("user", { cursor: "x" }), failure("config", /^Cursor "x" is not one/));
    const { tables } = it.as(DATA, ["email"]);
    assert.deepEqual((await tables.crowded("user")).items.map(({ field }) => field), ["id"]);

    await it.tables.update("user", { deny: { email: ["c@x.de"] } });
    assert.ok(it.queued.length > first);
    assert.equal(await it.replay(), "succeeded");
    const replay = it.queued.at(-1) ?? "";
    assert.deepEqual((await it.tables.crowded("user")).items, [{ ...crowded[1], run: replay }]);
    assert.deepEqual(JSON.parse((await readRun(it.peer.database, replay)).notes), [
      '1 profile has gathered more values of one identity field than table "user" allows: `waybill table crowded user`',
    ]);
    assert.equal((await it.tables.get("user")).crowded, 1, "what was of the generation before counts no more");
  },
);
