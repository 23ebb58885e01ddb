import assert from "node:assert/strict";
import { openTestServer, type TestServer } from "../server_testing.ts";

/** A server with the three customers, in profiles. */
async function openCustomers(): Promise<TestServer> {
  const server = await openTestServer({ runner: "serve" });
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config: { folder: server.folder } },
  });
  const config = { stream: "customers", file: "customers.csv", identify_by: ["id", "email"] };
  const { id } = (await server.call("POST /api/run", { json: { type: "csv-import", config } })).json.data;
  let last;
  for await (const run of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) })) last = run;
  assert.equal(last?.status, "succeeded");
  return server;
}

Deno.test("an audience is made, shown, counted, listed, changed and deleted, by id and by slug", async () => {
  await using server = await openCustomers();
  const made = await server.call("POST /api/audience", {
    json: { name: "Named", filter: 'FILTER AND (EXISTS name, email CONTAINS "@example.com")' },
  });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers.get("location"), "/api/audience/1");
  const { notes, ...audience } = made.json.data;
  assert.deepEqual([audience.id, audience.slug, notes], [1, "named", []]);
  for (const one of ["1", "named"]) {
    assert.deepEqual((await server.call(`GET /api/audience/${one}`)).json.data, audience);
    assert.deepEqual((await server.call(`GET /api/audience/${one}/size`)).json.data, { size: 2 });
    const { data } = (await server.call(`GET /api/audience/${one}/members`)).json;
    assert.deepEqual(data.map(({ attributes }: { attributes: { name: string } }) => attributes.name), [
      "Ann",
      "Bo, Jr.",
    ]);
  }
  const changed = await server.call("PUT /api/audience/named", { json: { slug: "n", filter: "FILTER idd > 1" } });
  assert.equal(changed.status, 200, changed.text);
  const { notes: doubts, ...renamed } = changed.json.data;
  assert.deepEqual(doubts, ['None of the 3 profiles looked at has a field "idd"; did you mean "id"?']);
  assert.deepEqual((await server.call("GET /api/audience")).json.data, [renamed]);
  await server.call("PUT /api/audience/n", { json: { filter: "FILTER id > 1" } });
  assert.deepEqual((await server.call("GET /api/audience/n/size")).json.data, { size: 2 });
  assert.equal((await server.call("DELETE /api/audience/1")).status, 204);
  assert.equal((await server.call("GET /api/audience/n")).status, 404);
});

Deno.test("members come in pages, or as JSON lines", async () => {
  await using server = await openCustomers();
  const first = (await server.call("GET /api/audience/all/members?limit=2")).json;
  assert.equal(first.data.length, 2);
  const second = (await server.call(`GET /api/audience/all/members?limit=2&cursor=${first.next}`)).json;
  assert.deepEqual([second.data.length, second.next], [1, null]);
  const lines = await server.call("GET /api/audience/all/members?format=ndjson");
  assert.equal(lines.headers.get("content-type"), "application/x-ndjson");
  assert.deepEqual(lines.text.trimEnd().split("\n").map((line) => JSON.parse(line)), [...first.data, ...second.data]);
  assert.equal((await server.call("GET /api/audience/nobody/members?format=ndjson")).status, 404);
  assert.equal((await server.call("GET /api/audience/all/members?cursor=x")).status, 400);
});

Deno.test("a list takes its members from the body, an identity a line", async () => {
  await using server = await openCustomers();
  await server.call("POST /api/audience", { json: { slug: "list", list: true } });
  const send = (query: string, body: string) =>
    server.call(`POST /api/audience/list/members${query}`, { body, headers: { "content-type": "text/plain" } });
  const imported = await send("?field=email", "ANN@example.com\nlater@example.com\n\n");
  assert.deepEqual(imported.json.data, { id: 1, slug: "list", lines: 2, rejected: 0, members: 2 });
  assert.deepEqual((await server.call("GET /api/audience/list/size")).json.data, { size: 1 });
  assert.equal((await send("?mode=add", "bo@example.com")).json.data.members, 3);
  assert.deepEqual((await server.call("GET /api/audience/list/size")).json.data, { size: 2 });
  assert.equal((await send("?field=name", "Ann")).status, 400);
  assert.equal((await send("?mode=sometimes", "x")).status, 400);
  const bytes = await server.call("POST /api/audience/list/members", { body: Uint8Array.of(0xff) });
  assert.equal(bytes.status, 422, bytes.text);
  assert.deepEqual((await server.call("GET /api/audience/list/size")).json.data, { size: 2 });
});

Deno.test("a form, JSON or another charset is no list: none of its lines takes the place of the members", async () => {
  await using server = await openCustomers();
  await server.call("POST /api/audience", { json: { slug: "list", list: true } });
  const send = (body: BodyInit, type?: string) =>
    server.call("POST /api/audience/list/members?field=email", {
      body,
      ...(type === undefined ? {} : { headers: { "content-type": type } }),
    });
  const form = new FormData();
  form.append("file", new Blob(["ann@example.com\n"]), "ids.txt");
  for (const type of ["text/plain", "Text/CSV; charset=UTF-8", "application/x-www-form-urlencoded"]) {
    assert.equal((await send("ann@example.com", type)).status, 200, type);
  }
  assert.equal((await send(new TextEncoder().encode("ann@example.com"))).status, 200);
  for (
    const [body, type] of [
      [form, undefined],
      ['["ann@example.com"]', "application/json"],
      ["ann@example.com", "text/plain; charset=utf-16le"],
    ] as const
  ) {
    const { status, json } = await send(body, type);
    assert.equal(status, 415, type);
    assert.match(json.hint, /^Send /);
  }
  assert.deepEqual((await server.call("GET /api/audience/list")).json.data.members, 1);
});

Deno.test("what is wrong with an audience is answered with a fitting status, and nothing changes", async () => {
  await using server = await openCustomers();
  await server.call("POST /api/audience", { json: { slug: "a", filter: "FILTER *" } });
  await server.call("POST /api/audience", { json: { slug: "b", filter: "FILTER INCLUDE a" } });
  await server.call("POST /api/audience", { json: { slug: "c", list: true } });
  const job = { type: "sftp-csv-export", label: "nightly", config: { audience: "c" } };
  assert.equal((await server.call("POST /api/job", { json: job })).status, 201);
  const before = (await server.call("GET /api/audience")).json;
  const cases: readonly (readonly [request: string, json: unknown, status: number, message: RegExp])[] = [
    ["POST /api/audience", { slug: "x", filter: "FILTER id >" }, 400, /^Line 1, column 12[^]*\n +\^$/],
    ["POST /api/audience", { slug: "x", filter: "FILTER INCLUDE nowhere" }, 400, /"nowhere" does not exist/],
    ["POST /api/audience", { slug: "x", filter: "FILTER * FROM nowhere" }, 404, /"nowhere" does not exist/],
    ["POST /api/audience", { slug: "x", filter: `FILTER ${"NOT ".repeat(1_000)}*` }, 400, /deep/],
    ["POST /api/audience", { slug: "x", filter: `FILTER x = "${"a".repeat(10_000_000)}"` }, 413, /over/],
    ["POST /api/audience", { slug: "a", filter: "FILTER *" }, 409, /"a"/],
    ["POST /api/audience", { slug: "all", filter: "FILTER *" }, 409, /"all"/],
    ["POST /api/audience", { slug: "x", filter: "FILTER *", fitler: "" }, 400, /"fitler" is not known/],
    ["POST /api/audience", {}, 400, /either a filter, or to be a list/],
    ["PUT /api/audience/a", { filter: "FILTER INCLUDE b" }, 400, /no audience can include itself/],
    ["PUT /api/audience/a", { slug: "z" }, 409, /included by "b"/],
    ["PUT /api/audience/all", { name: "x" }, 409, /built in/],
    ["DELETE /api/audience/a", undefined, 409, /included by "b"/],
    ["PUT /api/audience/c", { slug: "z" }, 409, /exported by job "nightly"/],
    ["DELETE /api/audience/c", undefined, 409, /exported by job "nightly"/],
  ];
  for (const [request, json, status, message] of cases) {
    const reply = await server.call(request, json === undefined ? {} : { json });
    assert.equal(reply.status, status, `${request} ${reply.text}`);
    assert.match(reply.json.message, message);
  }
  const proto = await server.call("POST /api/audience", {
    body: '{"slug":"x","filter":"FILTER *","__proto__":{}}',
    headers: { "content-type": "application/json" },
  });
  assert.equal(proto.status, 400);
  assert.deepEqual((await server.call("GET /api/audience")).json, before);
});

Deno.test("whoever stops reading the members stops the work, and the server counts on", async () => {
  await using server = await openCustomers();
  const headers = { authorization: server.token };
  const ask = (path: string) => server.app.fetch(new Request(`http://waybill.test${path}`, { headers }));
  const response = await ask("/api/audience/all/members?format=ndjson");
  await response.body?.cancel();
  assert.deepEqual((await server.call("GET /api/audience/all/size")).json.data, { size: 3 });
});
