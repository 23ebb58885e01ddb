import assert from "node:assert/strict";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { openTestServer } from "../server_testing.ts";
import { type BulkServer, openBulkServer } from "./bulk_testing.ts";

const LIST = "/v1/imports/audiences/list/";
const STATUS = `${LIST}status/`;

/** Lines of ids. */
function ids(...names: readonly (string | number)[]): Blob {
  return new Blob(names.map((customer_id) => `${JSON.stringify({ customer_id })}\n`));
}

/** Makes a list and gives its import's status. */
async function makeList(server: BulkServer, audience_name: string, file: Blob) {
  const form = { app_id: server.app_id, audience_name, identifier_type: "customer_id", file };
  const { status, json, text } = await server.bulk(`POST ${LIST}`, form);
  assert.equal(status, 202, text);
  assert.deepEqual(Object.keys(json), ["activity_id"]);
  return (await server.ended(STATUS, json.activity_id)).json;
}

async function lists(server: BulkServer) {
  return (await server.bulk(`GET ${LIST}app/${server.app_id}`)).json;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

onEachDatabase("a list is made, replaced, renamed, listed and deleted as documented", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  const made = await makeList(server, "my-audience-name", ids("abc", 123, "abc123", "abc", " 123 "));
  const { upload_statistics, created_at, updated_at, ...rest } = made;
  assert.deepEqual(rest, { status: "Completed", error_reason: null, app_uuid: server.app_id });
  const { audience_id, audience_list_id, ...lines } = upload_statistics;
  assert.deepEqual(lines, { total_lines: "5", failed_lines: "0", successful_lines: "5" });
  assert.match(audience_id, /^\d+$/);
  assert.notEqual(audience_id, audience_list_id);
  for (const time of [created_at, updated_at]) assert.match(time, TIME);

  const [list, ...others] = await lists(server);
  assert.deepEqual(others, []);
  assert.deepEqual({ ...list, created_at: "", updated_at: "" }, {
    id: Number(audience_list_id),
    name: "my-audience-name",
    app_id: server.app_id,
    version: 1,
    record_count: 3,
    created_at: "",
    updated_at: "",
  });
  assert.match(list.created_at, TIME);
  const [audience] = await server.runtime.audiences.list();
  assert.deepEqual([audience?.id, audience?.name, audience?.slug, audience?.field], [
    Number(audience_id),
    "my-audience-name",
    "my_audience_name",
    "customer_id",
  ]);

  const file = ids("x", "y");
  const form = { app_id: server.app_id, identifier_type: "customer_id", file, audience_list_id };
  const replaced = await server.bulk(`PUT ${LIST}${audience_list_id}`, form);
  assert.equal(replaced.status, 202, replaced.text);
  const status = (await server.ended(STATUS, replaced.json.activity_id)).json;
  assert.deepEqual(status.upload_statistics, {
    total_lines: "2",
    audience_id,
    audience_list_id,
    failed_lines: "0",
    successful_lines: "2",
  });
  assert.deepEqual((await lists(server)).map(pick), [[Number(audience_list_id), "my-audience-name", 2, 2]]);

  for (
    const [method, query, body] of [
      ["PUT", "?name=my-renamed-list", undefined],
      ["POST", "", { name: "by-form" }],
      ["PUT", "/?name=with%20slash", undefined],
    ] as const
  ) {
    const renamed = await server.bulk(`${method} ${LIST}${audience_list_id}/name${query}`, body);
    assert.equal(renamed.status, 200, renamed.text);
    const [now] = await lists(server);
    assert.deepEqual(renamed.json, now);
    assert.ok(["my-renamed-list", "by-form", "with slash"].includes(now.name));
  }
  const json = { token: null, json: { name: "by-json" } };
  const authorization = `Basic ${btoa(`${server.api_key}:${server.api_secret}`)}`;
  const renamed = await server.call(`POST ${LIST}${audience_list_id}/name`, { ...json, headers: { authorization } });
  assert.deepEqual([renamed.status, renamed.json.name], [200, "by-json"]);

  const gone = await server.bulk(`DELETE ${LIST}${audience_list_id}`);
  assert.deepEqual([gone.status, gone.json.name], [200, "by-json"]);
  assert.deepEqual(await lists(server), []);
  assert.deepEqual(await server.runtime.audiences.list(), []);
  for (const request of [`DELETE ${LIST}${audience_list_id}`, `PUT ${LIST}${audience_list_id}/name?name=x`]) {
    assert.equal((await server.bulk(request)).status, 404);
  }
  assert.equal((await server.bulk(`PUT ${LIST}${audience_list_id}`, form)).status, 404);
});

function pick({ id, name, version, record_count }: Record<string, unknown>) {
  return [id, name, version, record_count];
}

onEachDatabase("a line that cannot be read costs that line, and says why", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  const bad =
    '\uFEFF{"customer_id":"a"}\r\n{“customer_id”:“b”}\n\n{"id":"c"}\n{"customer_id":""}\n{"customer_id":[1]}\n' +
    `{"customer_id":"${"x".repeat(1_100_000)}"}\n["d"]\n{"customer_id":"e","__proto__":{"f":1}}`;
  const { upload_statistics, status } = await makeList(server, "bad lines", new Blob([bad]));
  const { total_lines, failed_lines, successful_lines } = upload_statistics;
  assert.deepEqual([status, total_lines, failed_lines, successful_lines], ["Completed", "8", "6", "2"]);
  assert.equal((await lists(server))[0].record_count, 2);
  const [run] = (await server.runtime.runs.list()).items;
  const reasons: string[] = [];
  for await (const { line, reason } of server.runtime.runs.rejects(run!.id)) reasons.push(`${line} ${reason}`);
  assert.deepEqual(reasons, [
    '2 Is not valid JSON: it has curly quotes where JSON has straight ones (")',
    '4 Has no "customer_id"',
    '5 Has "customer_id" that is empty',
    '6 Has "customer_id" that is neither text nor a number',
    "7 Is longer than 1048576 bytes",
    "8 Is not a JSON object",
  ]);
});

onEachDatabase(
  "an import of which no line can be read fails, says why, and leaves the list as it was",
  async (databases) => {
    await databases.useInHomes();
    await using server = await openBulkServer();
    const { upload_statistics: { audience_list_id } } = await makeList(server, "kept", ids("a", "b"));
    const form = { app_id: server.app_id, identifier_type: "customer_id" };
    for (
      const [file, reason] of [
        [new Blob(["no JSON\n\n[1]\n"]), /Every one of the 2 rows was rejected: Is not valid JSON/],
        [new Blob(["\n \n"]), /holds no ids/],
      ] as const
    ) {
      const { json } = await server.bulk(`PUT ${LIST}${audience_list_id}`, { ...form, file });
      const failed = (await server.ended(STATUS, json.activity_id)).json;
      assert.deepEqual([failed.status, failed.upload_statistics], ["Failed", null]);
      assert.match(failed.error_reason, reason);
      assert.deepEqual((await lists(server)).map(pick), [[Number(audience_list_id), "kept", 1, 2]]);
    }
    const never = await makeList(server, "never", new Blob(["{}"]));
    assert.equal(never.status, "Failed");
    // What never came to be is not listed, and can be deleted all the same.
    assert.equal((await lists(server)).length, 1);
  },
);

onEachDatabase("ids without a profile stay members, and match once there is one", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  const { upload_statistics: { audience_id } } = await makeList(server, "members", ids("ann", "bo", 7, "nobody else"));
  const { runtime } = server;
  assert.deepEqual(await runtime.audiences.size(audience_id), { size: 0 });
  await runtime.mappings.create({ lql: "SELECT customer_id, email FROM people INTO weather BY customer_id" });
  const lines = '{"customer_id":"ann","email":"ann@example.com"}\n{"customer_id":7}\n{"customer_id":"cy"}\n';
  const { id } = await runtime.uploads.create({
    type: "json-import",
    into: "people",
    config: {},
    stream: new Blob([lines]).stream(),
    gzip: false,
  });
  for await (const _ of runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
  assert.deepEqual(await runtime.audiences.size(audience_id), { size: 2 });
  const { slug } = await runtime.audiences.create({
    slug: "mailed",
    filter: "FILTER AND (INCLUDE members, EXISTS email) FROM weather",
  });
  assert.deepEqual(await runtime.audiences.size(slug), { size: 1 });
  const ann = await runtime.entities.get({ table: "weather", field: "customer_id", value: "ann" });
  assert.match(JSON.stringify(ann), /"members"/);
  // What another audience needs is not deleted.
  const [{ id: list }] = await lists(server);
  assert.equal((await server.bulk(`DELETE ${LIST}${list}`)).status, 409);
});

onEachDatabase("a request that cannot be right is refused by name, and nothing of it stays", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  const { app_id } = server;
  const file = ids("a"), identifier_type = "customer_id", audience_name = "x";
  const good = { app_id, audience_name, identifier_type, file };
  const foreign = app_id.replaceAll(/[0-9a-f]/g, "0");
  const wrong: readonly (readonly [form: Record<string, string | Blob>, status: number, message: RegExp])[] = [
    [{ ...good, app_id: foreign }, 403, /no access to this app/],
    [{ audience_name, identifier_type, file, app_id: foreign }, 403, /no access to this app/],
    [{ audience_name, identifier_type, file }, 400, /"app_id" is missing/],
    [{ app_id, identifier_type, file }, 400, /"audience_name" is missing/],
    [{ app_id, audience_name, file }, 400, /"identifier_type" must be customer_id/],
    [{ ...good, identifier_type: "email" }, 400, /"identifier_type" must be customer_id/],
    [{ ...good, audience_name: "" }, 400, /"audience_name" must/],
    [{ ...good, audience_name: "x".repeat(101) }, 400, /"audience_name" must/],
    [{ ...good, audience_name: " " }, 400, /name "" is empty/],
    [{ app_id, audience_name, identifier_type }, 400, /"file" is missing/],
    [{ ...good, file: new Blob([]) }, 400, /The file is empty/],
    [{ ...good, colour: "red" }, 400, /"colour" is not known/],
    [{ colour: "red", ...good }, 400, /"colour" is not known/],
    [{ ...good, audience_list_id: "7" }, 400, /"audience_list_id" is not known/],
    [{ ...good, app_id: "x".repeat(70_000) }, 400, /"app_id" is longer than/],
  ];
  for (const [form, status, message] of wrong) {
    const refused = await server.bulk(`POST ${LIST}`, form);
    assert.equal(refused.status, status, refused.text);
    assert.match(refused.json.message, message);
  }
  for (const id of ["0", "x", "1.5", "-1", "999999999999999999999", "12345"]) {
    assert.equal((await server.bulk(`PUT ${LIST}${id}`, { app_id, identifier_type, file })).status, 404, id);
  }
  for (const activity of ["x", "3b4a65e5-2beb-4011-85df-c9f594217d90"]) {
    assert.equal((await server.bulk(`GET ${STATUS}${activity}`)).status, 404);
  }
  assert.equal((await server.bulk(`GET ${LIST}app/${foreign}`)).status, 403);
  const posted = await server.bulk(`POST ${LIST}31245`, good);
  assert.equal(posted.status, 405);
  assert.match(posted.json.message, /\/name/);
  const forgotten = await server.bulk(`GET ${LIST}app`);
  assert.deepEqual([forgotten.status, /or GET .*\/list\/app\/\{app_id\}/.test(forgotten.json.message)], [405, true]);
  assert.deepEqual((await server.runtime.runs.list()).items, []);
  assert.deepEqual(await lists(server), []);
  const spool = `${server.folder}/../home/spool`;
  assert.deepEqual(Array.from(await spooled(spool)), []);
});

async function spooled(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const account of Deno.readDir(folder)) {
      for await (const { name } of Deno.readDir(`${folder}/${account.name}`)) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

onEachDatabase("another account's list, app and activity are none", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  const { json: { activity_id } } = await server.bulk(`POST ${LIST}`, {
    app_id: server.app_id,
    audience_name: "mine",
    identifier_type: "customer_id",
    file: ids("a"),
  });
  const { json: { upload_statistics: { audience_list_id } } } = await server.ended(STATUS, activity_id);
  await server.runtime.accounts.create({ name: "other" });
  await using other = await openTestServer({ home: `${server.folder}/../home` });
  const { openRuntime } = await import("../../core/engine/open.ts");
  await using runtime = await openRuntime({
    home: `${server.folder}/../home`,
    plugins: [import.meta.resolve("../../plugins/mod.ts")],
    runner: "none",
    account: "other",
  });
  const { api_key, api_secret } = await runtime.apiKeys.create();
  const headers = { authorization: `Basic ${btoa(`${api_key}:${api_secret}`)}` };
  const ask = async (request: string) => (await other.call(request, { token: null, headers })).status;
  assert.equal(await ask(`GET ${STATUS}${activity_id}`), 404);
  assert.equal(await ask(`GET ${LIST}app/${server.app_id}`), 403);
  assert.equal(await ask(`DELETE ${LIST}${audience_list_id}`), 404);
  assert.equal(await ask(`PUT ${LIST}${audience_list_id}/name?name=stolen`), 404);
  assert.deepEqual((await lists(server)).map(pick), [[Number(audience_list_id), "mine", 1, 1]]);
});
