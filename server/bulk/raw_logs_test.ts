import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { openLogServer } from "./raw_logs_testing.ts";

const HOUR = 3_600_000;
const FIVE_PAST_TWO = Date.UTC(2026, 10, 21, 14, 5);

/** An event as phones send it. */
const event = (at_millis: number, more: object = {}) => ({ type: "e", name: "updateWeather", at_millis, ...more });

onEachDatabase("events are in the log of their hour, with what the documented rows carry", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  const sent = [
    {
      device_uuid: "d1",
      type: "e",
      name: "updateWeather",
      lng: -100.92219,
      nth: 272,
      customer_ids: { customer_id: "c-1" },
      at: "2026-11-21 14:02:39",
      uuid: "u1",
    },
    { type: "s", at: "2026-11-21T15:03:00.250+01:00", sec_since_last_session: 134_017 },
    { type: "c", at_millis: Date.UTC(2026, 10, 21, 13, 59, 59, 999) },
    { type: "c" },
  ];
  const reply = await logs.send(sent);
  assert.deepEqual([reply.status, reply.json], [200, { accepted: 4, late: 0, refused: 0 }]);
  logs.now = FIVE_PAST_TWO + 2 * HOUR;
  const rows = await logs.rows("2026/11/21/14");
  assert.deepEqual(rows[0], { ...sent[0], app: logs.app, at_millis: Date.UTC(2026, 10, 21, 14, 2, 39) });
  assert.match(String(rows[1]?.uuid), /^[0-9a-f-]{36}$/);
  assert.deepEqual(rows.map(({ at, at_millis, app }) => [at, at_millis, app]), [
    ["2026-11-21 14:02:39", Date.UTC(2026, 10, 21, 14, 2, 39), logs.app],
    ["2026-11-21 14:03:00", Date.UTC(2026, 10, 21, 14, 3, 0, 250), logs.app],
    ["2026-11-21 14:05:00", FIVE_PAST_TWO, logs.app],
  ]);
  assert.deepEqual((await logs.rows("2026/11/21/13")).map(({ at }) => at), ["2026-11-21 13:59:59"]);
});

onEachDatabase("an hour is there from 10 minutes after its end, empty or not, for 30 days", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  await logs.send([event(logs.now)]);
  const at = async (now: number, hour: string) => {
    logs.now = now;
    return (await logs.ask(`GET /v1/exports/analytics/logs/${logs.app}/${hour}`)).status;
  };
  const end = Date.UTC(2026, 10, 21, 15);
  assert.equal(await at(end + 599_999, "2026/11/21/14"), 404);
  assert.equal(await at(end + 600_000, "2026/11/21/14"), 302);
  assert.equal(await at(end + 600_000, "2026/11/21/15/"), 404);
  assert.equal((await logs.rows("2026/11/21/14")).length, 1);
  assert.deepEqual(await logs.rows("2026/11/21/12"), []);
  assert.deepEqual(await logs.rows("2026/11/1/9"), await logs.rows("2026/11/01/09"));
  const { headers } = await logs.ask(`GET /v1/exports/analytics/logs/${logs.app}/2026/11/21/14`);
  const link = () => logs.server.app.fetch(new Request(headers.get("location")!)).then(({ status }) => status);
  logs.now += 48 * HOUR - 1_000;
  assert.equal(await link(), 200);
  logs.now += 2_000;
  assert.equal(await link(), 404);
  assert.equal(await at(end + 30 * 24 * HOUR - 1, "2026/11/21/14"), 302);
  assert.equal(await at(end + 30 * 24 * HOUR, "2026/11/21/14"), 404);
});

onEachDatabase("whatever keeps a log from being fetched is answered 404, credentials 401", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  const { runtime } = logs.server;
  logs.now += 24 * HOUR;
  const other = await runtime.apps.create({ name: "other" });
  const status = async (path: string, headers = {}) =>
    (await logs.ask(`GET /v1/exports/analytics/logs/${path}`, { headers })).status;
  const good = `${logs.app}/2026/11/21/14`;
  assert.equal(await status(good), 302);
  const wrong = [
    "2026/02/30/1",
    "2026/11/31/1",
    "2026/13/1/1",
    "2026/0/1/1",
    "2026/11/21/24",
    "26/11/21/1",
    "2026/11/21/x",
  ];
  for (const hour of [...wrong, "2026/11/21/014", "2099/1/1/1", "0000/1/1/1"]) {
    assert.equal(await status(`${logs.app}/${hour}`), 404, hour);
  }
  assert.equal(await status(`${other.app_id}/2026/11/21/14`), 404);
  assert.equal(await status(`${crypto.randomUUID()}/2026/11/21/14`), 404);
  assert.equal(await status("weather/2026/11/21/14"), 404);
  assert.equal(await status(good, { authorization: "Basic eDp5" }), 401);
  const { headers } = await logs.ask(`GET /v1/exports/analytics/logs/${good}`);
  const [{ id } = assert.fail()] = await runtime.enabledExports.list();
  await runtime.enabledExports.disable(String(id));
  assert.equal(await status(good), 404);
  assert.equal((await logs.server.app.fetch(new Request(headers.get("location")!))).status, 404);
});

onEachDatabase("events whose hour is complete go to the hour of their arrival, flagged", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  await logs.send([event(FIVE_PAST_TWO)]);
  const end = Date.UTC(2026, 10, 21, 15);
  logs.now = end + 599_999;
  assert.deepEqual((await logs.send([event(FIVE_PAST_TWO, { name: "just" })])).json, {
    accepted: 1,
    late: 0,
    refused: 0,
  });
  logs.now = end + 600_000;
  const before = await logs.file("2026/11/21/14");
  const answer =
    (await logs.send([event(FIVE_PAST_TWO, { name: "late" }), event(1, { name: "old" }), event(logs.now)])).json;
  assert.deepEqual(answer, { accepted: 3, late: 2, refused: 0 });
  assert.deepEqual(await logs.file("2026/11/21/14"), before);
  assert.deepEqual((await logs.rows("2026/11/21/14")).map(({ name, late }) => [name, late]), [
    ["updateWeather", undefined],
    ["just", undefined],
  ]);
  logs.now += HOUR;
  assert.deepEqual((await logs.rows("2026/11/21/15")).map(({ name, at, late }) => [name, at, late]), [
    ["late", "2026-11-21 14:05:00", true],
    ["old", "1970-01-01 00:00:00", true],
    ["updateWeather", "2026-11-21 15:10:00", undefined],
  ]);
});

onEachDatabase("a batch with a wrong line is refused as a whole, and says which lines are wrong", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  const wrong: readonly (readonly [line: string | object, message: RegExp])[] = [
    ["{", /line 2: it is no JSON/],
    ["[]", /send one event a line/],
    ["7", /no JSON object/],
    ["null", /no JSON object/],
    ["{“type”:“e”}", /curly quotes/],
    [{ type: "x" }, /"type" has to be/],
    [{ type: "e" }, /has to have a "name"/],
    [event(0, { app: "other" }), /another app/],
    [event(0, { late: true }), /"late" is for Waybill/],
    [event(0, { uuid: 7 }), /"uuid" is no text/],
    [event(0, { customer_ids: ["x"] }), /"customer_ids" is no object/],
    [event(0, { customer_ids: { id: {} } }), /neither text nor number/],
    [event(-1), /"at_millis" is no time/],
    [event(1.5), /"at_millis" is no time/],
    [{ type: "c", at: "2026-02-30 10:00:00" }, /a time that there is not: 2026-02-30/],
    [{ type: "c", at: "2026-11-21 24:00:00" }, /a time that there is not/],
    [{ type: "c", at: "yesterday" }, /"at" is no time/],
    [{ type: "c", at: 7 }, /"at" is no time/],
    [{ type: "c", at: "1969-12-31 23:59:59" }, /before 1970/],
    [{ type: "c", at: "2026-11-21 14:00:00", at_millis: 7 }, /different times/],
    [event(FIVE_PAST_TWO + 300_001), /lies in the future/],
    [event(0, { text: "x".repeat(70_000) }), /over 65536 characters/],
  ];
  for (const [line, message] of wrong) {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    const body = `${JSON.stringify(event(FIVE_PAST_TWO))}\n${text}\n`;
    const { status, json } = await logs.ask(`POST /v1/apps/${logs.app}/events`, { body });
    assert.deepEqual([status, json.error], [400, "bad_request"], text);
    assert.match(json.message, message);
  }
  const many = Array.from({ length: 30 }, () => "{").join("\n");
  const { json } = await logs.ask(`POST /v1/apps/${logs.app}/events`, { body: many });
  assert.match(json.message, /^30 of the lines are wrong, and nothing was taken: line 1: .*line 10: .*; and 20 more/);
  logs.now += 2 * HOUR;
  assert.deepEqual(await logs.rows("2026/11/21/14"), []);
});

onEachDatabase("batches come plain or packed, with BOM, CRLF and blank lines, up to 10 MB", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  const path = `POST /v1/apps/${logs.app}/events`;
  const line = JSON.stringify(event(FIVE_PAST_TWO, { "__proto__x": 1, text: "é “quoted” \u2028 \ud83d\ude00" }));
  const good: readonly (readonly [BodyInit, Record<string, string>])[] = [
    [line, {}],
    [`\uFEFF${line}\r\n\r\n  \n${line}\n`, {}],
    [new Uint8Array(gzipSync(line)), { "content-encoding": "gzip" }],
    [line.replace("__proto__x", "__proto__"), {}],
  ];
  let count = 0;
  for (const [body, headers] of good) {
    const reply = await logs.ask(path, { body, headers });
    assert.equal(reply.status, 200, reply.text);
    count += reply.json.accepted;
  }
  const large = `${JSON.stringify(event(FIVE_PAST_TWO, { text: "x".repeat(60_000) }))}\n`.repeat(166);
  const whole = await logs.ask(path, { body: large });
  assert.deepEqual(whole.json, { accepted: 166, late: 0, refused: 0 });
  const tooLarge = large + large.slice(0, 70_000);
  const packed = new Uint8Array(gzipSync(tooLarge));
  for (const [body, headers] of [[tooLarge, {}], [packed, { "content-encoding": "gzip" }]] as const) {
    assert.equal((await logs.ask(path, { body, headers })).status, 413);
  }
  const none = ["", "\n \r\n", "\uFEFF"];
  for (const body of none) assert.match((await logs.ask(path, { body })).json.message, /has no events/);
  assert.match((await logs.ask(path, { body: new Uint8Array([123, 255]) })).json.message, /not in UTF-8/);
  assert.equal((await logs.ask(path, { body: line, headers: { "content-encoding": "gzip" } })).status, 400);
  assert.equal((await logs.ask(path, { body: line, headers: { "content-encoding": "br" } })).status, 415);
  assert.equal((await logs.ask(`POST /v1/apps/${logs.app.replace(/./, "f")}0/events`, { body: line })).status, 403);
  logs.now += 2 * HOUR;
  const rows = await logs.rows("2026/11/21/14");
  assert.equal(rows.length, count + 166);
  assert.deepEqual(rows.slice(0, 3).map(({ text }) => text), Array(3).fill("é “quoted” \u2028 😀"));
});

onEachDatabase(
  "the same batch under the same key is taken once, however often it is sent at once",
  async (databases) => {
    await databases.useInHomes();
    await using logs = await openLogServer();
    const batch = [event(FIVE_PAST_TWO, { name: "one" }), event(FIVE_PAST_TWO, { name: "two" })];
    const key = { "idempotency-key": "batch-1" };
    const replies = await Promise.all(Array.from({ length: 20 }, () => logs.send(batch, key)));
    assert.deepEqual(new Set(replies.map(({ text }) => text)), new Set(['{"accepted":2,"late":0,"refused":0}']));
    assert.equal((await logs.send(batch.slice(1), key)).status, 409);
    assert.equal((await logs.send(batch.slice(1), { "idempotency-key": "batch-2" })).status, 200);
    assert.equal((await logs.send(batch, { "idempotency-key": "é".repeat(300) })).status, 400);
    logs.now += 2 * HOUR;
    assert.deepEqual((await logs.send(batch, key)).json, { accepted: 2, late: 0, refused: 0 });
    assert.deepEqual((await logs.rows("2026/11/21/14")).map(({ name }) => name), ["one", "two", "two"]);
    logs.now += 23 * HOUR;
    assert.deepEqual((await logs.send(batch, key)).json, { accepted: 2, late: 2, refused: 0 });
  },
);

onEachDatabase("logs go 30 days after their hour, files and folders", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  await logs.send([event(FIVE_PAST_TWO), event(FIVE_PAST_TWO - HOUR)]);
  const folder = `${logs.server.folder}/../home/archive/1/logs/${logs.app}`;
  const days = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
  assert.deepEqual(days(), ["2026-11-21"]);
  logs.now += 30 * 24 * HOUR + HOUR;
  const { sweepLogs } = await import("../../core/engine/raw_logs/sweep_logs.ts");
  const { openCore } = await import("../../core/engine/core.ts");
  await using core = await openCore({ home: `${logs.server.folder}/../home`, plugins: [] });
  const clock = () => Promise.resolve(logs.now);
  assert.equal(await sweepLogs(core, clock), 2);
  assert.equal(await sweepLogs(core, clock), 0);
  assert.deepEqual(days(), ["2026-11-21"]);
  logs.now += 24 * HOUR;
  await sweepLogs(core, clock);
  assert.deepEqual(days(), []);
});

onEachDatabase("logs go with their app: links at once, files with the next sweep", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  const { app_id: other } = await logs.server.runtime.apps.create({ name: "other" });
  await logs.send([event(FIVE_PAST_TWO)]);
  await logs.ask(`POST /v1/apps/${other}/events`, { body: JSON.stringify(event(FIVE_PAST_TWO)) });
  logs.now += 2 * HOUR;
  const { headers } = await logs.ask(`GET /v1/exports/analytics/logs/${logs.app}/2026/11/21/14`);
  await logs.server.runtime.apps.delete("weather");
  assert.equal((await logs.server.app.fetch(new Request(headers.get("location")!))).status, 404);
  assert.equal((await logs.send([event(logs.now)])).status, 403);
  const home = `${logs.server.folder}/../home`;
  const { sweepLogs } = await import("../../core/engine/raw_logs/sweep_logs.ts");
  const { openCore } = await import("../../core/engine/core.ts");
  await using core = await openCore({ home, plugins: [] });
  await sweepLogs(core, () => Promise.resolve(logs.now));
  assert.deepEqual(Array.from(Deno.readDirSync(`${home}/archive/1/logs`), ({ name }) => name), [other]);
  const kept = await core.database.kysely.selectFrom("segments").select("owner").where("kind", "=", "logs").execute();
  assert.deepEqual(kept.map(({ owner }) => owner), [other]);
});

onEachDatabase("of a batch that is broken off nothing is taken; sent again, all of it is", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  const events = Array.from({ length: 500 }, (_, index) => event(logs.now, { uuid: `u${index}` }));
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  const ended = Promise.withResolvers<number | string>();
  const handle = async (request: Request) => {
    try {
      const response = await logs.server.app.fetch(request);
      ended.resolve(response.status);
      return response;
    } catch (error) {
      ended.resolve(String(error));
      throw error;
    }
  };
  await using listening = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handle);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: listening.addr.port });
  const head = `POST /v1/apps/${logs.app}/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${logs.authorization}\r\n` +
    `Content-Type: application/x-ndjson\r\nContent-Length: ${lines.length}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head + lines.slice(0, lines.length / 2)));
  connection.close();
  assert.notEqual(await ended.promise, 200);
  assert.deepEqual((await logs.send(events)).json, { accepted: 500, late: 0, refused: 0 });
  logs.now += 2 * HOUR;
  const rows = await logs.rows("2026/11/21/14");
  assert.deepEqual(rows.map(({ uuid }) => uuid), events.map((_, index) => `u${index}`));
});
