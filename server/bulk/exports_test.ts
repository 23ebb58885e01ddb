import assert from "node:assert/strict";
import { DAY, openExportServer } from "./exports_testing.ts";

const AUDIENCE_EXPORT = "audience-export";

/** The documented sample of a list, as it stands but for what its typography breaks. */
const SAMPLE = {
  id: 6,
  name: "Localytics",
  source_type: "audiences",
  source_id: "45644",
  job_type: "idfa",
  last_requested_at: "2017-02-13T14:30:47Z",
  results_count: 6705543,
  results_generated_at: "2017-02-13T12:30:43Z",
  results_expire_at: "2017-06-02T11:06:39Z",
};

Deno.test("an audience is enabled, made at the first request, fetched by a link, and listed as documented", async () => {
  await using it = await openExportServer();
  const { server, audience } = it;
  const path = `/v1/exports/audiences/${audience}/idfa`;
  assert.deepEqual((await server.bulk("GET /v1/exports/audiences")).json, []);
  const enabled = await server.call("POST /api/export", {
    json: { type: AUDIENCE_EXPORT, audience: "letters", identifier_type: "idfa" },
  });
  assert.equal(enabled.status, 201, enabled.text);
  const [before] = (await server.bulk("GET /v1/exports/audiences/")).json;
  assert.deepEqual(
    Object.keys(before).sort(),
    Object.keys(SAMPLE).filter((key) => !["last_requested_at", "results_generated_at"].includes(key)).sort(),
  );
  assert.deepEqual([before.results_count, before.source_id, before.name], [0, String(audience), "Letters"]);

  const early = await server.bulk(`GET ${path}`);
  assert.deepEqual([early.status, early.json.error, early.headers.get("retry-after")], [404, "not_found", "60"]);
  const run = await it.ended(AUDIENCE_EXPORT, 1);
  assert.deepEqual([run.status, run.rows, run.job_id], ["succeeded", 1, null]);
  const reply = await server.bulk(`GET ${path}/`);
  assert.deepEqual([reply.status, reply.headers.get("content-length"), reply.text], [302, "0", ""]);
  assert.equal(await it.file(reply), '{"IDFA":"E751D492"}\n');
  const expires = Number(new URL(reply.headers.get("location")!).searchParams.get("expires"));
  assert.ok(Math.abs(expires * 1000 - it.now - 2 * DAY) < 60_000, "the link is good for 48 hours");

  const [listed] = (await server.bulk("GET /v1/exports/audiences")).json;
  assert.deepEqual(Object.keys(listed).sort(), Object.keys(SAMPLE).sort());
  for (const [key, value] of Object.entries(SAMPLE)) {
    assert.equal(typeof listed[key], typeof value, key);
    if (key.endsWith("_at")) assert.match(listed[key], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  }
  assert.deepEqual([listed.results_count, listed.source_type, listed.job_type], [1, "audiences", "idfa"]);
  assert.deepEqual((await server.bulk("GET /v1/exports/profiles")).json, []);
  // A second request is no second run.
  await server.bulk(`GET ${path}`);
  assert.equal((await it.runs(AUDIENCE_EXPORT)).length, 1);
  const head = await server.bulk(`HEAD ${path}`);
  assert.deepEqual([head.status, head.headers.get("content-length")], [302, "0"]);
});

Deno.test("who only looks, with HEAD, has asked for nothing: no run, no time of a request, no longer life", async () => {
  await using it = await openExportServer();
  const { server, audience } = it;
  const path = `/v1/exports/audiences/${audience}/email`;
  const { enabledExports } = server.runtime;
  const { id } = await enabledExports.enable({
    type: AUDIENCE_EXPORT,
    audience: "letters",
    identifier_type: "email",
  });
  const enabled = await enabledExports.get(String(id));
  const early = await server.bulk(`HEAD ${path}`);
  assert.deepEqual([early.status, early.headers.get("retry-after")], [404, "60"]);
  assert.deepEqual(await it.runs(AUDIENCE_EXPORT), []);
  it.ahead = DAY;
  await it.ended(AUDIENCE_EXPORT, 1);
  const head = await server.bulk(`HEAD ${path}`);
  assert.deepEqual([head.status, head.headers.get("content-length")], [302, "0"]);
  const { last_requested_at, results_expire_at } = await enabledExports.get(String(id));
  assert.deepEqual([last_requested_at, results_expire_at], [null, enabled.results_expire_at]);
});

Deno.test("what cannot be fetched is answered 403 for foreign and absent audiences, 404 for types and what is not enabled", async () => {
  await using it = await openExportServer();
  const { server, audience } = it;
  for (const id of ["0", String(audience + 1), "no", "letters", "99999999999", "1e3"]) {
    for (const type of ["idfa", "phone"]) {
      const reply = await server.bulk(`GET /v1/exports/audiences/${id}/${type}`);
      assert.deepEqual([reply.status, reply.json.error], [403, "forbidden"], id);
    }
  }
  for (
    const path of [
      `audiences/${audience}/phone`,
      `audiences/${audience}/email`,
      "people",
      "audience",
      "profile/1/profile",
    ]
  ) {
    const reply = await server.bulk(`GET /v1/exports/${path}`);
    assert.deepEqual([reply.status, reply.headers.get("retry-after")], [404, null], path);
  }
  const emails = await server.bulk(`GET /v1/exports/audiences/${audience}/emails`);
  assert.equal(emails.json.message, 'There is no identifier type "emails". Did you mean "email"?');
  const changes = await server.bulk("GET /v1/exports/profiles/1/all");
  assert.match(changes.json.message, /no job type "all"\. There are "profile", "profile_changes"/);
  const disabled = await server.bulk(`GET /v1/exports/audiences/${audience}/email`);
  assert.match(disabled.json.message, /Enable it with `POST \/api\/export`/);
  for (const id of ["0", "77", "user"]) {
    assert.equal((await server.bulk(`GET /v1/exports/profiles/${id}/profile`)).status, 403, id);
  }
  for (const type of ["profile", "profile_changes", "all"]) {
    assert.equal((await server.bulk(`GET /v1/exports/profiles/${it.table}/${type}`)).status, 404, type);
  }
  const wrong = { token: null, headers: { authorization: `Basic ${btoa("a:b")}` } };
  for (
    const path of [`audiences/${audience}/email`, "audiences", `profiles/${it.table}/profile`, "profiles", "people"]
  ) {
    assert.equal((await server.call(`GET /v1/exports/${path}`, wrong)).status, 401, path);
  }
});

Deno.test("exports of audiences and of profiles are answered 429 after 50 requests in a minute, lists included", async () => {
  await using it = await openExportServer();
  const { server, audience, table } = it;
  for (const [list, one] of [["audiences", `audiences/${audience}/email`], ["profiles", `profiles/${table}/profile`]]) {
    for (let asked = 0; asked < 50; asked++) {
      const { status } = await server.bulk(`GET /v1/exports/${asked % 2 === 0 ? list : one}`);
      assert.equal(status, asked % 2 === 0 ? 200 : 404);
    }
    const { status, headers, json } = await server.bulk(`GET /v1/exports/${one}`);
    assert.deepEqual([status, json.error], [429, "too_many_requests"]);
    assert.ok(Number(headers.get("retry-after")) > 0);
    assert.equal((await server.bulk(`GET /v1/exports/${list}`)).status, 429);
  }
});

Deno.test("results are made anew each day, one run at a time; a time that nobody was there is made up for once", async () => {
  await using it = await openExportServer();
  const { server, audience } = it;
  const path = `/v1/exports/audiences/${audience}/email`;
  await server.runtime.enabledExports.enable({ type: AUDIENCE_EXPORT, audience: "letters", identifier_type: "email" });
  const first = await it.results(path, AUDIENCE_EXPORT);
  assert.equal(await it.file(first), '{"EMAIL":"ann@example.com"}\n{"EMAIL":"bo@example.com"}\n');
  await it.people({ d: { email: "di@example.com" } });
  it.ahead = DAY;
  const due = await it.ended(AUDIENCE_EXPORT, 2);
  assert.notEqual(due.due_at, null);
  assert.equal(new Date(due.due_at!).toLocaleTimeString("en-GB", { timeZone: "America/New_York" }), "08:00:00");
  assert.match(await it.file(await server.bulk(`GET ${path}`)), /di@example\.com/);
  // What was given before can be fetched for as long as its link is good.
  assert.doesNotMatch(await it.file(first), /di@example\.com/);
  it.ahead = 5 * DAY;
  const late = await it.ended(AUDIENCE_EXPORT, 3);
  assert.match(late.notes.join(), /several times/);
  it.ahead = 5 * DAY + 1_000;
  const [{ next_refresh_at } = assert.fail()] = await server.runtime.enabledExports.list();
  const wait = Date.parse(next_refresh_at!) - it.now;
  assert.ok(wait > 0 && wait <= DAY + 3_600_000, String(wait));
  assert.equal((await it.runs(AUDIENCE_EXPORT)).length, 3);
});

Deno.test("who is not asked for in 45 days, is disabled, or has no audience any more is gone, results included", async () => {
  await using it = await openExportServer();
  const { server, audience } = it;
  const path = `/v1/exports/audiences/${audience}/email`;
  const { enabledExports, artifacts } = server.runtime;
  const enable = () => enabledExports.enable({ type: AUDIENCE_EXPORT, audience: "letters", identifier_type: "email" });
  const gone = async (file: string) => {
    assert.deepEqual((await server.bulk("GET /v1/exports/audiences")).json, []);
    assert.deepEqual(await enabledExports.list(), []);
    const { status } = await server.app.fetch(new Request(file));
    assert.equal(status, 404);
  };
  await enable();
  await it.results(path, AUDIENCE_EXPORT);
  it.ahead = 44 * DAY;
  const link = (await server.bulk(`GET ${path}`)).headers.get("location")!;
  // The request counts from its own time on.
  it.ahead = 88 * DAY;
  assert.equal((await server.bulk("GET /v1/exports/audiences")).json.length, 1);
  it.ahead = 89 * DAY + 1_000;
  await gone(link);
  assert.equal((await server.bulk(`GET ${path}`)).status, 404);

  const { id } = await enable();
  const disabled = await it.results(path, AUDIENCE_EXPORT);
  await enabledExports.disable(String(id));
  await gone(disabled.headers.get("location")!);
  assert.equal((await server.bulk(`GET ${path}`)).status, 404);

  await enable();
  const deleted = await it.results(path, AUDIENCE_EXPORT);
  await server.runtime.audiences.delete("letters");
  await gone(deleted.headers.get("location")!);
  assert.equal((await server.bulk(`GET ${path}`)).status, 403);
  assert.ok((await artifacts.list()).items.every(({ status }) => status !== "ready"));
});

Deno.test("five audiences are enabled at most, twenty on the larger plan, five exports of profiles; the answer names the limit", async () => {
  await using it = await openExportServer();
  const { server } = it;
  const { audiences, tables, apps } = server.runtime;
  const enable = (json: object) => server.call("POST /api/export", { json });
  for (let number = 0; number < 7; number++) {
    await audiences.create({ slug: `a${number}`, filter: "FILTER *" });
    await apps.create({ name: `app${number}` });
  }
  const audience = (slug: string, identifier_type: string) =>
    enable({ type: AUDIENCE_EXPORT, audience: slug, identifier_type });
  for (let number = 0; number < 5; number++) {
    for (const type of ["email", "gaid"]) assert.equal((await audience(`a${number}`, type)).status, 201);
  }
  const sixth = await audience("a5", "email");
  assert.equal(sixth.status, 409);
  assert.match(sixth.text, /has 5 audiences enabled, the most.*`GET \/api\/export`/);
  const unknown = await enable({ type: "audience" });
  assert.deepEqual([unknown.status, unknown.json.message], [
    400,
    'Body field "type" must be one of "audience-export", "profile-export", "log-export"',
  ]);
  assert.equal((await audience("a0", "idfa")).status, 201, "another identifier of an audience is no other audience");
  await server.call("PUT /api/account/settings", { json: { exported_audiences: 20 } });
  assert.equal((await audience("a5", "email")).status, 201);
  const names = (await tables.list()).map(({ name }) => name);
  assert.ok(names.length > 6);
  const profiles = names.slice(0, 6).map((table) => ({ type: "profile-export", table, job_type: "profile" }));
  const statuses = [];
  for (const json of profiles) statuses.push((await enable(json)).status);
  assert.deepEqual(statuses, [201, 201, 201, 201, 201, 409]);
  const seventh = await enable({ type: "profile-export", table: names[0], job_type: "profile_changes" });
  assert.match(seventh.text, /has 5 exports of profiles enabled, the most/);
  assert.equal((await enable(profiles[0]!)).status, 201, "what is enabled already is no more");
});

Deno.test("a field that the account calls personal leaves by no export that somebody without the right enabled", async () => {
  await using it = await openExportServer();
  const { server, audience } = it;
  await server.runtime.account.update({ settings: { pii_fields: ["idfa"] } });
  const { token } = await server.runtime.tokens.create({ scopes: ["campaign_manager"] });
  const enable = (identifier_type: string) =>
    server.call("POST /api/export", { token, json: { type: AUDIENCE_EXPORT, audience: "letters", identifier_type } });
  assert.equal((await enable("idfa")).status, 403);
  assert.equal((await enable("email")).status, 201);
  assert.equal((await it.results(`/v1/exports/audiences/${audience}/email`, AUDIENCE_EXPORT)).status, 302);
  // From now on this is personal, too.
  await server.runtime.account.update({ settings: { pii_fields: ["email"] } });
  it.ahead = DAY;
  const run = await it.ended(AUDIENCE_EXPORT, 2);
  assert.deepEqual([run.status, run.failure?.kind], ["failed", "auth"]);
});

Deno.test("a run without an auth gives its file by a link over HTTP, and personal fields to nobody who may not see them", async () => {
  await using it = await openExportServer();
  const { server } = it;
  const { token } = await server.runtime.tokens.create({ scopes: ["campaign_manager"] });
  await server.runtime.account.update({ settings: { pii_fields: ["idfa"] } });
  const start = async (identifier_type: string, token: string) => {
    const json = { type: AUDIENCE_EXPORT, config: { audience: "letters", identifier_type } };
    return await server.call("POST /api/run", { token, json });
  };
  assert.equal((await start("idfa", token)).status, 403);
  for (const [type, who, status] of [["idfa", server.token, 403], ["email", token, 201]] as const) {
    const { id } = (await start(type, who)).json.data;
    for await (const _ of server.runtime.runs.follow(id));
    const own = await server.call(`POST /api/run/${id}/result`, { token: who, json: {} });
    assert.equal(own.status, 201, own.text);
    assert.match(await (await server.app.fetch(new Request(own.json.data.url))).text(), /^{"(IDFA|EMAIL)":/);
    assert.equal((await server.call(`POST /api/run/${id}/result`, { token, json: {} })).status, status);
  }
});
