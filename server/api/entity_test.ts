/** The entity API, as the documents show it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createApp } from "../app.ts";
import { openTestServer, type TestServer } from "../server_testing.ts";

/** A file of people, with the fields that the documents' samples name. */
const PEOPLE = [
  "user_id,email,fbuid,_uids,country,name,note",
  'user123,Ada@Example.com,fb1,"cookie/1",US,Ada,"a ""quoted"" word"',
  "userdeleteme12,bob@example.com,fb2,cookie+2,CH,Bob,",
  "100%,ünï@example.com,fb3,cookie 3,CH,Ünï,",
].join("\n");

/** A server with people, and the audiences of the documents' samples. */
async function openPeople(): Promise<TestServer> {
  const server = await openTestServer({ runner: "serve" });
  await Deno.writeTextFile(join(server.folder, "people.csv"), PEOPLE);
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config: { folder: server.folder } },
  });
  const identify_by = ["user_id", "email", "fbuid", "_uids"];
  await run(server, { stream: "people", file: "people.csv", identify_by });
  for (
    const filter of [
      'FILTER AND (country = "US", EXISTS email) ALIAS email_us_based',
      "FILTER EXISTS _uids ALIAS web_users",
      'FILTER country = "CH" ALIAS swiss',
    ]
  ) {
    const made = await server.call("POST /api/audience", { json: { filter } });
    assert.equal(made.status, 201, made.text);
  }
  return server;
}

async function run(server: TestServer, config: object): Promise<void> {
  const started = await server.call("POST /api/run", { json: { type: "csv-import", config } });
  let last;
  const signal = AbortSignal.timeout(240_000);
  for await (const run of server.runtime.runs.follow(started.json.data.id, { signal })) last = run;
  assert.equal(last?.status, "succeeded", JSON.stringify(last));
}

/** The documents' sample response, with this profile's own fields. */
const SAMPLE = {
  data: { segments: ["email_us_based", "web_users", "all"] },
  message: "success",
  meta: { by_fields: ["user_id", "email", "fbuid", "_uids"], format: "json", name: "user" },
  status: 200,
};

Deno.test("the documented calls work with only the host changed, and answer field by field as documented", async () => {
  await using server = await openPeople();
  const stopping = new AbortController().signal;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { fetch: answer } = createApp(server.runtime, { log, stopping, ready: () => Promise.resolve() });
  await using listening = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const host = `http://127.0.0.1:${(listening.addr as Deno.NetAddr).port}`;
  // curl -s -H "Authorization: $LIOKEY" -XGET "https://api.lytics.io/api/entity/…"
  const documented = [
    "https://api.lytics.io/api/entity/user/user_id/user123",
    "https://api.lytics.io/api/entity/user/email/ada@example.com",
    // The templates of the documents, filled in with their examples.
    "https://api.lytics.io/api/entity/user/user_id/user123?segments=true",
    "https://api.lytics.io/api/me/email/ada@example.com",
    "https://api.lytics.io/api/entity/user/cookie%2F1",
  ];
  for (const url of documented) {
    const response = await fetch(url.replace("https://api.lytics.io", host), {
      method: "GET",
      headers: { Authorization: server.token },
    });
    assert.equal(response.status, 200, url);
    assert.equal(response.headers.get("content-type"), "application/json", url);
    const { data: { segments, ...attributes }, ...rest } = await response.json();
    const { data, ...sample } = SAMPLE;
    assert.deepEqual(rest, sample, url);
    assert.deepEqual(segments, data.segments, url);
    assert.deepEqual(attributes, {
      user_id: "user123",
      email: "Ada@Example.com",
      fbuid: "fb1",
      _uids: "cookie/1",
      country: "US",
      name: "Ada",
      note: 'a "quoted" word',
    }, url);
  }
});

Deno.test("fields, segments, meta and download do what the documents say, and nothing else is taken", async () => {
  await using server = await openPeople();
  const ask = (query: string) => server.call(`GET /api/entity/user/user_id/user123${query}`);
  assert.deepEqual((await ask("?fields=name,org,city")).json, {
    ...SAMPLE,
    data: { name: "Ada", ...SAMPLE.data },
  });
  assert.deepEqual((await ask("?fields=name&segments=false")).json, { ...SAMPLE, data: { name: "Ada" } });
  assert.deepEqual((await ask("?fields=name&meta=false&segments=false")).json, {
    data: { name: "Ada" },
    message: "success",
    status: 200,
  });
  assert.equal((await ask("")).headers.get("content-disposition"), null);
  assert.equal((await ask("?download=false")).headers.get("content-disposition"), null);
  assert.equal((await ask("?download=true")).headers.get("content-disposition"), 'attachment; filename="user.json"');
  for (const wrong of ["segments=1", "segments=", "meta=TRUE", "download=yes", "segments=no&meta=true", "field=name"]) {
    const { status, json } = await ask(`?${wrong}`);
    assert.deepEqual([status, json.status], [400, 400], wrong);
    assert.equal(typeof json.message, "string");
  }
});

Deno.test("what is not there answers 404 in the documented shape", async () => {
  await using server = await openPeople();
  for (
    const path of [
      "/api/entity/user/user_id/nobody",
      "/api/entity/user/name/Ada",
      "/api/entity/user/__proto__/x",
      "/api/entity/nowhere/user_id/user123",
      "/api/entity/__proto__/user_id/user123",
      "/api/entity/user/nobody",
      "/api/entity/content/id/1",
      "/api/me/user_id/nobody",
      "/api/entity/user/user_id/n%2Fa",
    ]
  ) {
    const { status, json } = await server.call(`GET ${path}`);
    assert.equal(status, 404, path);
    assert.deepEqual([json.status, typeof json.message], [404, "string"], path);
  }
});

Deno.test("a table is named, its integer id names none: so what is content's stays it", async () => {
  await using server = await openPeople();
  const { table } = (await server.call("GET /api/table/1")).json.data;
  assert.equal(table ?? "user", "user");
  for (const method of ["GET", "DELETE"]) {
    const { status, json } = await server.call(`${method} /api/entity/1/user_id/user123`);
    assert.equal(status, 404, method);
    assert.match(json.message, /"1"/);
  }
  assert.equal((await server.call("GET /api/entity/user/user_id/user123")).status, 200);
});

Deno.test("a value in the path may hold anything, percent-encoded", async () => {
  await using server = await openPeople();
  for (
    const [path, name] of [
      ["user_id/100%25", "Ünï"],
      ["email/%C3%BCn%C3%AF@example.com", "Ünï"],
      ["email/ünï@example.com", "Ünï"],
      ["_uids/cookie+2", "Bob"],
      ["_uids/cookie%2B2", "Bob"],
      ["_uids/cookie%203", "Ünï"],
      ["_uids/cookie%2F1", "Ada"],
      ["email/%20ADA@example.com%20", "Ada"],
    ]
  ) {
    const { status, json } = await server.call(`GET /api/entity/user/${path}`);
    assert.equal(status, 200, path);
    assert.equal(json.data.name, name, path);
  }
});

Deno.test("a value of a set finds its profile, and so does every identity of a merged one", async () => {
  await using server = await openPeople();
  const merge = "user_id,email,fbuid,_uids\nuser123,bob@example.com,,\n";
  await Deno.writeTextFile(join(server.folder, "merge.csv"), merge);
  await run(server, { stream: "people", file: "merge.csv", identify_by: ["user_id", "email", "fbuid", "_uids"] });
  const first = (await server.call("GET /api/me/user_id/user123")).json;
  assert.deepEqual(first.data.segments, ["web_users", "swiss", "all"]);
  for (const path of ["user_id/userdeleteme12", "email/ada@example.com", "email/bob@example.com", "_uids/cookie+2"]) {
    assert.deepEqual((await server.call(`GET /api/entity/user/${path}`)).json, first, path);
  }
  assert.deepEqual((await server.call("GET /api/entity/user/cookie+2")).json, first);
});

Deno.test("a profile that was asked for before is found as it is now, by whatever names it", async () => {
  await using server = await openPeople();
  const ask = async (path: string) => {
    const { status, json } = await server.call(`GET /api/me/${path}`);
    return status === 200 ? [json.data.user_id, json.data.country, json.data.segments.length] : status;
  };
  const expect = async (expected: Readonly<Record<string, unknown>>) => {
    // Twice: what memory tells may differ from what is read.
    for (let time = 0; time < 2; time++) {
      for (const [path, answer] of Object.entries(expected)) assert.deepEqual(await ask(path), answer, path);
    }
  };
  const send = async (rows: string) => {
    await Deno.writeTextFile(join(server.folder, "more.csv"), `user_id,email,fbuid,_uids,country\n${rows}\n`);
    await run(server, { stream: "people", file: "more.csv", identify_by: ["user_id", "email", "fbuid", "_uids"] });
  };
  const ada = ["user123", "US", 3], bob = ["userdeleteme12", "CH", 3];
  await expect({ "email/Ada@Example.com": ada, "email/bob@example.com": bob, "email/ada@new.example": 404 });
  await send("user123,ada@new.example,,,CH");
  const changed = ["user123", "CH", 3];
  await expect({ "email/ada@example.com": changed, "email/ada@new.example": changed, "email/bob@example.com": bob });
  await server.runtime.audiences.create({ slug: "third", filter: 'FILTER country = "CH"' });
  const told = ["user123", "CH", 4];
  await expect({ "email/ada@example.com": told, "user_id/user123": told });
  await send("user123,bob@example.com,,,FR");
  const merged = ["user123", "FR", 2];
  await expect({ "email/ada@example.com": merged, "email/bob@example.com": merged, "user_id/userdeleteme12": merged });
  const { request_id } = await server.runtime.erasures.request("email", "bob@example.com");
  await expect({ "email/ada@example.com": 404, "email/bob@example.com": 404, "user_id/user123": 404 });
  const done = async () => (await server.runtime.erasures.get(request_id)).completed;
  const patience = AbortSignal.timeout(240_000);
  while (!await done()) await new Promise((resolve) => setTimeout(resolve, 20, patience.throwIfAborted()));
  await send("user123,ada@example.com,,,IT");
  const anew = ["user123", "IT", 1];
  await expect({ "email/ada@example.com": anew, "user_id/user123": anew, "email/bob@example.com": 404 });
});

Deno.test("a list has a profile by an address of before, also where memory names the profile", async () => {
  await using server = await openPeople();
  const { audiences } = server.runtime;
  await audiences.create({ slug: "guests", list: true });
  const content = new Blob(["ada@example.com\n"]).stream();
  await audiences.importMembers("guests", { field: "email", content });
  await Deno.writeTextFile(join(server.folder, "new.csv"), "user_id,email,fbuid,_uids\nuser123,ada@new.example,,\n");
  await run(server, { stream: "people", file: "new.csv", identify_by: ["user_id", "email", "fbuid", "_uids"] });
  for (let time = 0; time < 2; time++) {
    const { json } = await server.call("GET /api/me/user_id/user123");
    assert.equal(json.data.email, "ada@new.example");
    assert.deepEqual(json.data.segments, ["email_us_based", "web_users", "guests", "all"]);
  }
});

Deno.test("PII fields are neither shown nor looked up by, nor told of by audiences, without the scope for it", async () => {
  await using server = await openPeople();
  await server.call("PUT /api/account/settings", { json: { pii_fields: ["email", "_uids"] } });
  const { token } = await server.runtime.tokens.create({ scopes: ["data"] });
  const { status, json } = await server.call("GET /api/entity/user/user_id/user123", { token });
  assert.equal(status, 200);
  assert.deepEqual(json.data, {
    user_id: "user123",
    fbuid: "fb1",
    country: "US",
    name: "Ada",
    note: 'a "quoted" word',
    segments: ["all"],
  });
  assert.deepEqual(json.meta.by_fields, ["user_id", "fbuid"]);
  assert.equal(
    (await server.call("GET /api/entity/user/user_id/user123?fields=email", { token })).json.data.email,
    undefined,
  );
  for (const path of ["email/ada@example.com", "email/nobody", "_uids/cookie+2", "cookie+2"]) {
    assert.equal((await server.call(`GET /api/entity/user/${path}`, { token })).status, 403, path);
  }
  assert.equal((await server.call("GET /api/entity/user/email/ada@example.com")).status, 200);
});

Deno.test("content tables are for those who may see content", async () => {
  await using server = await openPeople();
  const { token } = await server.runtime.tokens.create({ scopes: ["content_manager"] });
  assert.equal((await server.call("GET /api/entity/content/id/1", { token })).status, 404);
  assert.equal((await server.call("GET /api/entity/user/user_id/user123", { token })).status, 403);
  assert.equal((await server.call("GET /api/me/user_id/user123", { token })).status, 403);
  const { token: data } = await server.runtime.tokens.create({ scopes: ["data"] });
  assert.equal((await server.call("GET /api/entity/content/id/1", { token: data })).status, 403);
  // Both tables are erased from by the same call.
  assert.equal((await server.call("DELETE /api/entity/content/id/1", { token: data })).status, 403);
});

Deno.test("a field named segments gives way to the audiences", async () => {
  await using server = await openPeople();
  await Deno.writeTextFile(join(server.folder, "own.csv"), "user_id,segments\nuser123,mine\n");
  await run(server, { stream: "own", file: "own.csv", identify_by: ["user_id"] });
  const ask = async (query: string) => (await server.call(`GET /api/me/user_id/user123?${query}`)).json.data.segments;
  assert.deepEqual(await ask("fields=segments"), ["email_us_based", "web_users", "all"]);
  assert.equal(await ask("segments=false"), "mine");
});

Deno.test("audiences that are told from now are asked by the clock, also where another of them includes one", async () => {
  await using server = await openPeople();
  await Deno.writeTextFile(join(server.folder, "seen.csv"), "user_id,seen\nuser123,2001-01-01\n100%,2999-01-01\n");
  await run(server, { stream: "seen", file: "seen.csv", identify_by: ["user_id"] });
  const ask = async (id: string) =>
    (await server.call(`GET /api/me/user_id/${id}`)).json.data.segments.filter((slug: string) =>
      slug.startsWith("by_")
    );
  assert.deepEqual(await ask("user123"), []);
  for (
    const filter of [
      'FILTER seen < "now-1d" ALIAS by_past',
      'FILTER seen > "now" ALIAS by_future',
      'FILTER AND (INCLUDE by_past, country = "US") ALIAS by_both',
      "FILTER year() > 2000 ALIAS by_year",
    ]
  ) assert.equal((await server.call("POST /api/audience", { json: { filter } })).status, 201, filter);
  assert.deepEqual(await ask("user123"), ["by_past", "by_both", "by_year"]);
  assert.deepEqual(await ask("100%25"), ["by_future", "by_year"]);
  const { token } = await server.runtime.tokens.create({ scopes: ["data"] });
  await server.call("PUT /api/account/settings", { json: { pii_fields: ["country"] } });
  const { json } = await server.call("GET /api/me/user_id/user123", { token });
  assert.deepEqual(json.data.segments, ["web_users", "by_past", "by_year", "all"]);
});
