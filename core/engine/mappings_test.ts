import assert from "node:assert/strict";
import type { JsonValue } from "../contracts/records.ts";
import { parseMapping } from "../lql/mod.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure } from "./engine_testing.ts";
import { startMapping } from "./mapping_testing.ts";

const LQL =
  "SELECT id, email(email) AS email, sum(toint(spent)) AS spent KIND INT FROM people INTO user BY id OR email";
const not_found = "not_found" as const, conflict = "conflict" as const;

onEachDatabase(
  "a mapping is made with its stream and table, found by id, alias and stream, and written down",
  async (databases) => {
    await using it = await startMapping(databases);
    const made = await it.mappings.create({ lql: "SELECT a, b AS c FROM clics INTO usr BY a ALIAS web" });
    const { id, notes, ...rest } = made;
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.deepEqual(notes, [
      'Stream "clics" did not exist and is made',
      'Profile table "usr" did not exist and is made; if you meant "user", delete the mapping and name that one',
    ]);
    assert.deepEqual([rest.stream, rest.table, rest.alias, rest.identify_by, rest.replay_run], [
      "clics",
      "usr",
      "web",
      ["a"],
      null,
    ]);
    assert.deepEqual(rest.columns.map(({ name, kind, merge }) => [name, kind, merge]), [
      ["a", null, "LATEST"],
      ["c", null, "LATEST"],
    ]);
    for (const name of [id, "web", "clics"]) assert.equal((await it.mappings.get(name)).id, id);
    assert.deepEqual((await it.mappings.list()).map(({ stream }) => stream).sort(), ["clics", "people"]);
    assert.deepEqual((await it.mappings.list({ table: "usr" })).map((mapping) => mapping.id), [id]);
    assert.deepEqual((await it.mappings.list({ stream: "people" })).map(({ lql }) => lql), [null]);
    const gone = await it.mappings.delete("web");
    assert.deepEqual(gone, { id, stream: "clics", table: "usr", deleted: true, replay_run: null });
    await assert.rejects(
      it.mappings.get("web"),
      failure("config", /^Mapping "web" does not exist$/, { code: not_found }),
    );
    const log = await it.peer.database.kysely.selectFrom("audit_entries").select([
      "action",
      "kind",
      "object_id",
      "label",
    ])
      .orderBy("sequence").execute();
    assert.deepEqual(log.map(({ action, kind, object_id, label }) => [action, kind, object_id === id, label]), [
      ["create", "mapping", false, "people"],
      ["create", "mapping", true, "web"],
      ["delete", "mapping", true, "web"],
    ]);
  },
);

onEachDatabase(
  "a changed mapping is followed by a replay; what is wrong with its text changes nothing",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.add([
      { fields: { id: "1", email: "A@x.de", spent: "5" }, time: 1 },
      { fields: { id: "2", email: "a@x.de", spent: "7" }, time: 2 },
    ]);
    const changed = await it.mappings.update("people", {
      lql: LQL.replace("spent KIND", "total KIND").replace("spent", "spnt"),
    });
    assert.deepEqual(changed.notes, ['No event of stream "people" has had a field "spnt"; did you mean "spent"?']);
    assert.equal(changed.replay_run, it.queued[0]);
    const again = await it.mappings.update("people", { lql: LQL });
    assert.deepEqual([again.replay_run, it.queued.length, again.notes], [it.queued[1], 2, []]);
    assert.equal((await it.mappings.get("people")).replay_run, it.queued[1]);
    assert.equal(await it.replay(), "succeeded");
    assert.equal((await it.mappings.get("people")).replay_run, null);
    assert.deepEqual((await it.profiles.get("email", "a@x.de")).attributes, { email: "a@x.de", id: "2", spent: 12 });
    // The same text again takes nothing.
    assert.equal((await it.mappings.update("people", { lql: LQL })).replay_run, null);
    const wrong: readonly (readonly [lql: string, message: RegExp, code?: "conflict" | "too_large"])[] = [
      ["SELECT id FORM people INTO user BY id", /^Line 1, column 11: expected .*\n {2}SELECT id FORM.*\n {12}\^$/],
      ["SELECT id, sum(tolower(id)) AS x KIND BOOL FROM people INTO user BY id", /^Line 1, column \d+: /],
      ["SELECT id FROM people INTO user BY idd", /^Line 1, column 36: "idd" identifies, but is no column/],
      [
        "SELECT id FROM others INTO user BY id",
        /^The text is for stream "others" and table "user", and mapping ".*" for stream "people"/,
      ],
      [`SELECT ${"(".repeat(1_000)}id${")".repeat(1_000)} FROM people INTO user BY id`, /^Line 1, column \d+: .*deep/],
      [`SELECT id FROM people INTO user BY id -- ${"x".repeat(10_000_000)}`, /1,000,000|1000000/, "too_large"],
    ];
    for (const [lql, message, code] of wrong) {
      await assert.rejects(
        it.mappings.update("people", { lql }),
        failure("config", message, code === undefined ? {} : { code }),
      );
    }
    assert.equal((await it.mappings.get("people")).lql, LQL);
    await assert.rejects(
      it.mappings.update("nobody", { lql: "?" }),
      failure("config", /does not exist/, { code: not_found }),
    );
  },
);

onEachDatabase(
  "a mapping made after the events makes profiles of them, and a deleted one takes them away",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.mappings.delete("people");
    await it.add([{ fields: { id: "1", spent: "3" } }]);
    assert.equal((await it.tables.get("user")).profiles, 0);
    const made = await it.mappings.create({ lql: LQL });
    assert.equal(made.replay_run, it.queued.at(-1));
    assert.equal(await it.replay(), "succeeded");
    assert.deepEqual((await it.profiles.get("id", "1")).attributes, { id: "1", spent: 3 });
    assert.equal((await it.mappings.delete("people")).replay_run, it.queued.at(-1));
    assert.equal(await it.replay(), "succeeded");
    assert.equal((await it.tables.get("user")).profiles, 0);
  },
);

onEachDatabase("a stream has one mapping into a table, and an alias is one mapping's", async (databases) => {
  await using it = await startMapping(databases);
  const { id } = await it.mappings.get("people");
  await assert.rejects(
    it.mappings.create({ lql: "SELECT x FROM people INTO user BY x" }),
    failure("config", new RegExp(`^Stream "people" has a mapping into table "user" already: mapping "${id}"`), {
      code: conflict,
      hint: new RegExp(`waybill mapping update ${id}`),
    }),
  );
  await it.mappings.create({ lql: "SELECT x FROM people INTO company BY x ALIAS firms" });
  await assert.rejects(it.mappings.get("people"), failure("config", /^Stream "people" has several mappings: /));
  await assert.rejects(
    it.mappings.create({ lql: "SELECT x FROM clicks INTO company BY x ALIAS firms" }),
    failure("config", /^Another mapping has the alias "firms"/, { code: conflict }),
  );
  assert.equal((await it.mappings.list()).length, 2);
  await assert.rejects(
    it.mappings.create({ lql: "SELECT x FROM clicks INTO `12` BY x" }),
    failure("config", /^"12" cannot be the name of a profile table$/),
  );
});

onEachDatabase(
  "a stream that comes in as it is adds up to what another mapping says, in any batches and by a replay",
  async (databases) => {
    const lql = `SELECT id, sum(toint(amount)) AS spent, max(todate(on)) AS day, map(key, value) AS pairs FROM shop
      INTO user BY id`;
    const rows = [
      { id: "1", spent: "x", day: "soon", pairs: "text" },
      { id: "1", spent: "5", day: "2026-03-01", pairs: ["a=1"] },
      { id: "1", spent: 5, day: "1772360107", name: "Ann" },
      { id: "2", spent: "much" },
    ].map((fields) => ({ fields }));
    const expected = [
      { id: "1", spent: 10, day: "2026-03-01T10:15:07.000Z", pairs: { a: "1" }, name: "Ann" },
      { id: "2" },
    ];
    for (const size of [1, 4]) {
      await using it = await startMapping(databases);
      await it.mappings.create({ lql });
      await it.add(rows, size);
      const people = async () => await Promise.all(["1", "2"].map((id) => it.profiles.get("id", id)));
      assert.deepEqual((await people()).map(({ attributes }) => attributes), expected);
      await it.tables.update("user", { deny: { id: ["9"] } });
      assert.equal(await it.replay(), "succeeded");
      assert.deepEqual((await people()).map(({ attributes }) => attributes), expected);
    }
  },
);

onEachDatabase(
  "a table that is named by its id is that table: in a mapping, its change and its test",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.add([{ fields: { id: "1", spent: "5" } }]);
    await assert.rejects(
      it.mappings.create({ lql: "SELECT x FROM people INTO 1 BY x" }),
      failure("config", /^Stream "people" has a mapping into table "user" already: /, { code: conflict }),
    );
    await assert.rejects(
      it.mappings.create({ lql: "SELECT id, sum(toint(amount)) AS spent FROM shop INTO 1 BY id" }),
      failure("config", /^Column "spent" is INT \(SUM\) in the mapping of stream "shop", and /, { code: conflict }),
    );
    assert.equal((await it.mappings.test({ lql: "SELECT id, name FROM people INTO 1 BY id" })).table, "user");
    const { table, replay_run } = await it.mappings.update("people", {
      lql: "SELECT id, spent FROM people INTO 1 BY id",
    });
    assert.deepEqual([table, replay_run], ["user", it.queued.at(-1)]);
    assert.equal((await it.mappings.update("people", { lql: "SELECT id FROM people INTO user BY id" })).table, "user");
    const details = await it.peer.database.kysely.selectFrom("audit_entries").select("detail").execute();
    for (const { detail } of details) assert.equal(JSON.parse(detail ?? "null").table, "user");
  },
);

onEachDatabase("a test refuses the names that a mapping could not be made with", async (databases) => {
  await using it = await startMapping(databases);
  await it.add([{ fields: { id: "1" } }]);
  await assert.rejects(
    it.mappings.test({ lql: "SELECT id FROM people INTO `../user` BY id" }),
    failure("config", /^"\.\.\/user" cannot be the name of a profile table$/),
  );
  await assert.rejects(
    it.mappings.test({ lql: "SELECT id FROM `../x` INTO user BY id", rows: [{ id: "1" }] }),
    failure("config", /^"\.\.\/x" cannot be the name of a stream$/),
  );
  assert.equal((await it.mappings.test({ lql: "SELECT id FROM people INTO firms BY id" })).table, "firms");
});

onEachDatabase(
  "mappings into one table agree about a column, the one that an import made included",
  async (databases) => {
    await using it = await startMapping(databases);
    await it.add([{ fields: { id: "1", spent: "5" } }]);
    await assert.rejects(
      it.mappings.create({ lql: "SELECT id, sum(toint(amount)) AS spent FROM shop INTO user BY id" }),
      failure(
        "config",
        /^Column "spent" is INT \(SUM\) in the mapping of stream "shop", and of any kind \(LATEST\) in mapping ".*" of stream "people"$/,
        { code: conflict },
      ),
    );
    await it.mappings.update("people", { lql: LQL });
    const into = "FROM shop INTO user BY id ALIAS shop";
    await assert.rejects(
      it.mappings.create({ lql: `SELECT id, max(tonumber(amount)) AS spent ${into}` }),
      failure("config", /^Column "spent" is NUMBER \(MAX\) in mapping "shop", and INT \(SUM\) in mapping ".*"$/, {
        code: conflict,
      }),
    );
    await it.mappings.create({ lql: `SELECT id, email, sum(toint(amount)) AS spent ${into}` });
  },
);

onEachDatabase("a test shows the profiles that a mapping would make, and changes nothing", async (databases) => {
  await using it = await startMapping(databases);
  const rows = Array.from({ length: 30 }, (_, index) => ({
    fields: {
      id: String(index % 10),
      email: index % 10 === 0 ? "Z@z.de" : "",
      spent: "0.1",
      tag: index === 29 ? "skip" : "",
    },
    time: index,
  }));
  await it.add([...rows, { fields: { name: "nobody" } }], 7);
  const content = await it.peer.content();
  const lql = "SELECT id, email(email) AS email, sum(tonumber(spent)) AS spent FROM people INTO user BY id OR email " +
    'WHERE NOT (tag = "skip")';
  const all = await it.mappings.test({ lql });
  assert.deepEqual([all.events, all.left_out, all.unidentified, all.profiles, all.notes], [31, 1, 1, 10, []]);
  assert.deepEqual(all.sample[0], {
    identities: { email: ["z@z.de"], id: ["0"] },
    attributes: { email: "z@z.de", id: "0", spent: 0.3 },
  });
  assert.equal((await it.mappings.test({ lql, show: 3 })).sample.length, 3);
  // The last ones: ids 5 to 9 but for the one that is left out, and nobody.
  const last = await it.mappings.test({ lql, events: 6 });
  assert.deepEqual([last.events, last.profiles, last.sample.map(({ identities }) => identities.id)], [
    6,
    4,
    [["5"], ["6"], ["7"], ["8"]],
  ]);
  const own = await it.mappings.test({
    lql: lql.replace("FROM people INTO user", "FROM nowhere INTO company"),
    rows: [{ id: "a", spent: "1" }, { id: "a", spent: "2" }, { email: "N/A" }],
  });
  assert.deepEqual([own.events, own.unidentified, own.sample], [3, 1, [
    { identities: { id: ["a"] }, attributes: { id: "a", spent: 3 } },
  ]]);
  const crowd = Array.from({ length: 120 }, (_, index) => ({ id: "a", email: `${index}@x.de` }));
  assert.deepEqual((await it.mappings.test({ lql, rows: crowd })).notes, [
    '1 profile gathers more than 100 values of "email": is it a field that many share?',
  ]);
  await assert.rejects(
    it.mappings.test({ lql: lql.replace("FROM people", "FROM nowhere") }),
    failure("config", /^Stream "nowhere" does not exist$/, { code: not_found }),
  );
  await assert.rejects(it.mappings.test({}), failure("config", /needs the text of a mapping/));
  await assert.rejects(it.mappings.test({ mapping: "people" }), failure("config", /has no text: an import made it/));
  assert.deepEqual(await it.peer.content(), content);
});

onEachDatabase("a field called __proto__ is a field like any other", async (databases) => {
  await using it = await startMapping(databases);
  const fields = JSON.parse('{"id":"1","__proto__":"p"}') as Record<string, JsonValue>;
  await it.add([{ fields }]);
  const lql = "SELECT id, __proto__, set(__proto__) AS constructor FROM people INTO user BY id OR __proto__";
  assert.deepEqual(
    (await it.mappings.test({ lql })).sample[0]?.identities,
    JSON.parse('{"__proto__":["p"],"id":["1"]}'),
  );
  await it.mappings.update("people", { lql });
  assert.equal(await it.replay(), "succeeded");
  const { attributes } = await it.profiles.get("__proto__", "p");
  assert.deepEqual(attributes, JSON.parse('{"__proto__":"p","constructor":["p"],"id":"1"}'));
  const { fields: listed } = await it.tables.fields("user");
  assert.deepEqual(listed.map(({ name }) => name).sort(), ["__proto__", "constructor", "id"]);
});

onEachDatabase(
  "a mapping that is suggested reads as one, by kinds and identities that the events show",
  async (databases) => {
    await using it = await startMapping(databases);
    await assert.rejects(it.mappings.suggest("people"), failure("config", /has no fields yet/));
    await it.add(Array.from({ length: 40 }, (_, index) => ({
      fields: {
        customer_id: `0${index}`,
        "E-Mail Address": `Person${index}@Example.com`,
        order_id: `o${index}`,
        visits: String(index),
        amount: `${index}.5`,
        signed_up: "2026-03-01 10:00",
        vip: index % 2 === 0 ? "yes" : "no",
        zip: String(10_000 + index),
        city: index < 5 ? "Graz" : "",
        mixed: index === 39 ? "none" : String(index),
      },
    })));
    const { stream, lql, notes } = await it.mappings.suggest("people");
    assert.equal(stream, "people");
    assert.match(notes[0] ?? "", /has a mapping already/);
    const { columns, identifyBy, table } = parseMapping(lql);
    assert.deepEqual([table, [...identifyBy].sort()], ["user", ["E-Mail Address", "customer_id"]]);
    const kinds = Object.fromEntries(columns.map(({ name, expression, kind }) => [
      name ?? (expression.type === "field" ? expression.path[0] : ""),
      expression.type === "call" ? expression.name : kind ?? null,
    ]));
    assert.deepEqual(kinds, {
      "E-Mail Address": "email",
      amount: "NUMBER",
      city: null,
      customer_id: null,
      mixed: null,
      order_id: null,
      signed_up: "DATE",
      vip: "BOOL",
      visits: "INT",
      zip: null,
    });
    assert.match(lql, /city {2}-- 12\.5 % filled\n/);
    const changed = await it.mappings.update("people", { lql });
    assert.deepEqual(changed.notes, []);
    assert.equal(await it.replay(), "succeeded");
    const { attributes } = await it.profiles.get("E-Mail Address", "person7@example.com");
    assert.deepEqual([attributes.visits, attributes.vip, attributes.signed_up], [7, false, "2026-03-01T10:00:00.000Z"]);
  },
);

onEachDatabase("a column named segments, and date math that is out of reach, are told and saved", async (databases) => {
  await using it = await startMapping(databases);
  await it.add([{ fields: { id: "1", segments: "a", seen: "2026-01-01" }, time: 1 }]);
  const lql = 'SELECT id, segments, seen IF seen > "now+9000y" FROM people INTO user BY id WHERE seen != "now-3x"';
  const told = [
    '"now+9000y" leads out of the years 1 to 9999: no time is before it, after it or the same',
    '"now-3x" is compared as a text: date math is `now`, then any of `+` or `-`, digits, and s m h d w M y',
    'Column "segments" gives way to a profile\'s audiences in the entity API, but for `segments=false`',
  ];
  assert.deepEqual((await it.mappings.test({ lql, rows: [{ id: "1" }] })).notes, told);
  assert.deepEqual((await it.mappings.update("people", { lql })).notes, told);
});
