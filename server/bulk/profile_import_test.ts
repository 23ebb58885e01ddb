import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { basic, type BulkServer, openBulkServer } from "./bulk_testing.ts";

const UPLOAD = "POST /v1/imports/profiles/upload";
const STATUS = "/v1/imports/profiles/status/";

/** The documented file. */
const LINES = [
  '{"customer_id":"abc","changes":[{"op":"assign","attr":"example1","value":"value1"}]}',
  '{"customer_id":"123","changes":[{"op":"set-add","attr":"example2","value":["value1", "value2"]}]}',
  '{"customer_id":"zxc","changes":[{"op":"set-remove","attr":"example3","value":["value1", "value2"]}]}',
  '{"customer_id":"abc","changes":[{"op":"increment","attr":"foo","value":1}]}',
  '{"customer_id":"zxc","changes":[{"op":"delete","attr":"foo"}]}',
];

const BAD = [
  '{"customer_id":"abc","changes":[{"op":"increment","attr":"example1","value":1}]}',
  "{“customer_id”:“abc”}",
];

const fileOf = (lines: readonly string[]) => new Blob(lines.map((line) => `${line}\n`));

async function upload(server: BulkServer, form: Readonly<Record<string, string | Blob>>) {
  const { status, json, text } = await server.bulk(UPLOAD, form);
  assert.equal(status, 202, text);
  assert.deepEqual(Object.keys(json), ["activity_id"]);
  return (await server.ended(STATUS, json.activity_id)).json;
}

async function attributesOf({ runtime }: BulkServer, id: string, table?: string) {
  const { attributes } = await runtime.profiles.get("customer_id", id, table === undefined ? {} : { table });
  return JSON.parse(JSON.stringify(attributes));
}

onEachDatabase(
  "the documented file changes the account's profiles, and its status is as documented",
  async (databases) => {
    await databases.useInHomes();
    await using server = await openBulkServer();
    const { org_id } = await server.runtime.account.get();
    const status = await upload(server, { org_id: String(org_id), format: "json", file: fileOf([...LINES, ...BAD]) });
    const { error_log, ...rest } = status;
    assert.deepEqual(rest, {
      status: "Completed",
      target: { org_id },
      scopet: { org_id },
      upload_statistics: {
        successful_imports: 5,
        parsed_imports: 6,
        failed_imports: 2,
        total_number_of_imports: 7,
      },
    });
    assert.deepEqual(await attributesOf(server, "abc"), { customer_id: "abc", example1: "value1", foo: 1 });
    assert.deepEqual(await attributesOf(server, "123"), { customer_id: "123", example2: ["value1", "value2"] });
    assert.deepEqual(await attributesOf(server, "zxc"), { customer_id: "zxc" });
    assert.match(error_log, /^https?:\/\//);
    const link = new URL(error_log);
    const log = await server.call(`GET ${link.pathname}${link.search}`, { token: null });
    const rows = log.text.trim().split("\n").map((line: string) => JSON.parse(line));
    assert.deepEqual(
      rows.sort((a: { line: number }, b: { line: number }) => a.line - b.line)
        .map(({ line, reason, raw }: Record<string, unknown>) => [line, reason, raw]),
      [
        [6, 'Increments "example1", which holds "value1" and no number', BAD[0]],
        [7, 'Is not valid JSON: it has curly quotes where JSON has straight ones (")', BAD[1]],
      ],
    );
  },
);

onEachDatabase("an app's profiles are its own, and files may be packed or CSV", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  const { app_id } = server;
  const packed = new Blob([new Uint8Array(gzipSync(LINES.map((line) => `${line}\r\n`).join("")))]);
  const first = await upload(server, { file: packed, format: "json", app_id });
  assert.deepEqual([first.status, first.error_log, first.target, first.scopet], [
    "Completed",
    null,
    { app_id },
    { app_id },
  ]);
  const csv = await upload(server, { app_id, format: "csv", file: new Blob(["id,foo\nabc,x\n"]) });
  assert.equal(csv.upload_statistics.successful_imports, 1);
  const table = (await server.runtime.apps.get(app_id)).table;
  assert.deepEqual(await attributesOf(server, "abc", table), { customer_id: "abc", example1: "value1", foo: "x" });
  await assert.rejects(server.runtime.profiles.get("customer_id", "abc"));
});

Deno.test("each mistake of an upload is told with its documented status, and nothing of it is kept", async () => {
  await using server = await openBulkServer();
  const { app_id } = server;
  const org_id = String((await server.runtime.account.get()).org_id);
  const file = fileOf(LINES);
  const cases: readonly (readonly [Readonly<Record<string, string | Blob>>, number, RegExp])[] = [
    [{ format: "json", file }, 400, /"app_id" and "org_id" are missing/],
    [{ app_id, org_id, format: "json", file }, 400, /both given/],
    [{ org_id, format: "xml", file }, 400, /"format" must be json or csv/],
    [{ org_id, file }, 400, /format/],
    [{ org_id, format: "json" }, 400, /"file" is missing/],
    [{ org_id, format: "json", file: new Blob([]) }, 400, /empty/],
    [{ org_id, format: "json", file, colour: "red" }, 400, /"colour" is given|"colour" is not known/],
    [{ org_id: "999999", format: "json", file }, 403, /no access to this organization/],
    [{ format: "json", file, org_id: "999999" }, 403, /no access to this organization/],
    [
      { app_id: "7d2e3219e6f93bececb44b6-97b87de8-75f4-1100-bf23-000099911bee", format: "json", file },
      403,
      /no access/,
    ],
  ];
  const runs = async () => (await server.runtime.runs.list()).items.length;
  for (const [form, status, message] of cases) {
    // Each case is one request of the ten that an hour has.
    const answer = await server.bulk(UPLOAD, form);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.json.message, message);
    assert.deepEqual(Object.keys(answer.json), ["error", "message"]);
  }
  assert.equal(await runs(), 0);
  const eleventh = await server.bulk(UPLOAD, { org_id, format: "json", file });
  assert.equal(eleventh.status, 429);
  assert.ok(Number(eleventh.headers.get("retry-after")) > 3_000);
  for (const [request, status] of [["POST /v1/imports/people/upload", 404], [`GET ${STATUS}nobody`, 404]] as const) {
    assert.equal((await server.bulk(request)).status, status);
  }
  const wrong = { token: null, headers: { authorization: basic(server.api_key, "wrong") } };
  for (const request of [UPLOAD, `GET ${STATUS}nobody`]) assert.equal((await server.call(request, wrong)).status, 401);
});

Deno.test("a status is true while nothing has begun, and a link to failed rows is made once", async () => {
  await using server = await openBulkServer({ runner: "none" });
  const org_id = String((await server.runtime.account.get()).org_id);
  const { json: { activity_id } } = await server.bulk(UPLOAD, {
    org_id,
    format: "json",
    file: fileOf([...BAD, ...LINES]),
  });
  const { json } = await server.bulk(`GET ${STATUS}${activity_id}`);
  assert.deepEqual([json.status, json.error_log, json.upload_statistics.total_number_of_imports], ["Pending", null, 0]);
  await using other = await openBulkServer();
  assert.equal((await other.bulk(`GET ${STATUS}${activity_id}`)).status, 404);
  const bad = await upload(other, { org_id, format: "json", file: fileOf([...LINES, ...BAD]) });
  const [run] = (await other.runtime.runs.list()).items;
  const again = await other.ended(STATUS, run!.id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
  assert.equal(again.json.error_log, bad.error_log);
  assert.equal((await other.runtime.artifacts.list()).items.length, 1);
  const failed = await upload(other, { org_id, format: "json", file: fileOf(["[1]", "nothing"]) });
  assert.deepEqual([failed.status, failed.upload_statistics], ["Failed", {
    successful_imports: 0,
    parsed_imports: 0,
    failed_imports: 2,
    total_number_of_imports: 2,
  }]);
  assert.match(failed.error_log, /^http/);
});
