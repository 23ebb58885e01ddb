import assert from "node:assert/strict";
import { DAY, type ExportServer, openExportServer } from "./exports_testing.ts";

const PROFILE_EXPORT = "profile-export";

/** The documented sample of a list, as it stands. */
const SAMPLE = {
  id: 191,
  name: "Localyticss_ios_app",
  source_type: "profile",
  source_id: "13724",
  job_type: "profile_changes",
  last_requested_at: "2017-02-13T14:30:47Z",
  results_generated_at: "2017-02-13T12:30:43Z",
  results_count: 43543,
  results_expire_at: "2017-06-02T11:06:39Z",
};

interface ProfileRow {
  readonly "_ll.raw_customer_id"?: string;
  readonly "_ll.profile_id": string;
  readonly [field: string]: unknown;
}

interface ChangeRow {
  readonly profile: ProfileRow;
  readonly updates?: Readonly<Record<string, unknown>>;
  readonly deletes?: { readonly attributes: readonly string[] };
  readonly deleted?: true;
}

function rowsOf<Row>(text: string): Row[] {
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** What an empty store becomes that the rows are replayed on, or one that is there. */
function replayed(rows: readonly ChangeRow[], store = new Map<string, Record<string, unknown>>()) {
  for (const { profile, updates = {}, deletes, deleted } of rows) {
    const id = profile["_ll.profile_id"];
    if (deleted) store.delete(id);
    else {
      const attributes = { ...store.get(id), ...updates };
      for (const name of deletes?.attributes ?? []) delete attributes[name];
      store.set(id, attributes);
    }
  }
  return store;
}

/** The rows of a full export, as such a store. */
function stored(rows: readonly ProfileRow[]) {
  return new Map(rows.map(({ "_ll.raw_customer_id": _, "_ll.profile_id": id, ...attributes }) => [id, attributes]));
}

async function enable({ server }: ExportServer, job_type: "profile" | "profile_changes") {
  return await server.runtime.enabledExports.enable({ type: PROFILE_EXPORT, table: "user", job_type });
}

Deno.test("profiles are enabled, made at the first request, fetched by a link, and listed as documented", async () => {
  await using it = await openExportServer();
  const { server, table } = it;
  await enable(it, "profile");
  const path = `/v1/exports/profiles/${table}/profile`;
  const early = await server.bulk(`GET ${path}`);
  assert.deepEqual([early.status, early.headers.get("retry-after")], [404, "60"]);
  const run = await it.ended(PROFILE_EXPORT, 1);
  assert.deepEqual([run.status, run.rows], ["succeeded", 3]);
  const reply = await server.bulk(`GET ${path}/`);
  assert.deepEqual([reply.status, reply.headers.get("content-length"), reply.text], [302, "0", ""]);
  const rows = rowsOf<ProfileRow>(await it.file(reply));
  assert.deepEqual(rows.map((row) => [row["_ll.raw_customer_id"], row["email"] ?? null, row["name"] ?? null]), [
    ["a", "ann@example.com", null],
    ["b", "bo@example.com", null],
    ["c", null, "Cy"],
  ]);
  const [listed] = (await server.bulk("GET /v1/exports/profiles/")).json;
  assert.deepEqual(Object.keys(listed).sort(), Object.keys(SAMPLE).sort());
  for (const [key, value] of Object.entries(SAMPLE)) assert.equal(typeof listed[key], typeof value, key);
  assert.deepEqual(
    [listed.name, listed.source_type, listed.source_id, listed.job_type, listed.results_count],
    ["user", "profile", String(table), "profile", 3],
  );
  assert.equal((await server.bulk(`HEAD ${path}`)).status, 302);
});

Deno.test("changes tell what happened since the results that were fetched, and those that were not are told again", async () => {
  await using it = await openExportServer();
  const { server, table } = it;
  await enable(it, "profile_changes");
  const path = `/v1/exports/profiles/${table}/profile_changes`;
  let day = 0;
  const nextDay = async () => {
    it.ahead = ++day * DAY;
    assert.equal((await it.ended(PROFILE_EXPORT, day + 1)).status, "succeeded");
  };
  const fetched = async () => rowsOf<ChangeRow>(await it.file(await server.bulk(`GET ${path}`)));
  await it.results(path, PROFILE_EXPORT);
  const first = await fetched();
  assert.deepEqual(first.map(({ profile }) => profile["_ll.raw_customer_id"]), ["a", "b", "c"]);
  assert.deepEqual(first[0]?.profile["profiledb_id"], table);
  const store = replayed(first);

  await it.people({ a: { email: "new@example.com" }, d: { name: "Di" } });
  await nextDay();
  // Nobody fetches these.
  await it.people({ b: { city: "Köln" } });
  await nextDay();
  const changes = await fetched();
  assert.deepEqual(
    changes.map(({ profile, updates }) => [profile["_ll.raw_customer_id"], updates]),
    [["a", { email: "new@example.com" }], ["b", { city: "Köln" }], ["d", { customer_id: "d", name: "Di" }]],
  );
  replayed(changes, store);
  // A download that failed loses nothing: the same results are there until the next day.
  assert.deepEqual(await fetched(), changes);
  await nextDay();
  assert.deepEqual(await fetched(), []);

  const { request_id } = await server.runtime.erasures.request("customer_id", "c");
  for (let state = ""; state !== "done";) {
    state = (await server.runtime.erasures.get(request_id)).state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // What there was is gone with who was erased.
  await it.results(path, PROFILE_EXPORT);
  const last = await fetched();
  assert.deepEqual(last.map(({ deleted }) => deleted), [true]);
  replayed(last, store);
  await enable(it, "profile");
  const whole = await it.results(`/v1/exports/profiles/${table}/profile`, PROFILE_EXPORT);
  assert.deepEqual(
    [...store].toSorted(),
    [...stored(rowsOf<ProfileRow>(await it.file(whole)))].toSorted(),
  );
});

Deno.test("exports of profiles leave out personal fields that whoever enabled them may not see, and their links end with them", async () => {
  await using it = await openExportServer();
  const { server, table } = it;
  await server.runtime.account.update({ settings: { pii_fields: ["email", "customer_id"] } });
  const { token } = await server.runtime.tokens.create({ scopes: ["campaign_manager"] });
  const enabled = await server.call("POST /api/export", {
    token,
    json: { type: PROFILE_EXPORT, table: "user", job_type: "profile" },
  });
  assert.equal(enabled.status, 201, enabled.text);
  const path = `/v1/exports/profiles/${table}/profile`;
  const link = await it.results(path, PROFILE_EXPORT);
  const text = await it.file(link);
  assert.match(text, /Cy/);
  assert.doesNotMatch(text, /example\.com|raw_customer_id|customer_id/);
  assert.equal((await server.call(`DELETE /api/export/${enabled.json.data.id}`)).status, 204);
  assert.equal((await server.app.fetch(new Request(link.headers.get("location")!))).status, 404);
  assert.equal((await server.bulk(`GET ${path}`)).status, 404);
});

Deno.test("erasure ends the results of exports that were made before it, and the next ones are without the erased", async () => {
  await using it = await openExportServer();
  const { server, table, audience } = it;
  await enable(it, "profile");
  await server.runtime.enabledExports.enable({
    type: "audience-export",
    audience: "letters",
    identifier_type: "email",
  });
  const paths = [
    [`/v1/exports/profiles/${table}/profile`, PROFILE_EXPORT],
    [`/v1/exports/audiences/${audience}/email`, "audience-export"],
  ] as const;
  const links: string[] = [];
  for (const [path, type] of paths) {
    const reply = await it.results(path, type);
    assert.match(await it.file(reply), /ann@example\.com/);
    links.push(reply.headers.get("location")!);
  }
  const { request_id } = await server.runtime.erasures.request("customer_id", "a");
  for (let state = ""; state !== "done";) {
    state = (await server.runtime.erasures.get(request_id)).state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const link of links) assert.equal((await server.app.fetch(new Request(link))).status, 404);
  for (const kind of ["profiles", "audiences"]) {
    const [listed] = (await server.bulk(`GET /v1/exports/${kind}`)).json;
    assert.deepEqual([listed.results_count, "results_generated_at" in listed], [0, false]);
  }
  for (const [path, type] of paths) {
    const text = await it.file(await it.results(path, type));
    assert.doesNotMatch(text, /ann@example\.com/);
    assert.match(text, /bo@example\.com/);
  }
});
