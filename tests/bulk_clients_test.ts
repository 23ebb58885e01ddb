/** The documented calls of audience imports, made by curl and by Python's requests: host, key and ids alone are others. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requirePeer } from "@waybill/waybill/testing";
import { type BulkServer, openBulkServer } from "../server/bulk/bulk_testing.ts";
import { temporaryFolder } from "./support/home.ts";

const CURL = "/usr/bin/curl", PYTHON = "/usr/bin/python3";
const REQUESTS = "/usr/lib/python3/dist-packages/requests/__init__.py";

interface Client extends AsyncDisposable {
  readonly server: BulkServer;
  /** Begins every address: scheme, key, secret and host. */
  readonly base: string;
  /** Runs a program in the folder of the file; gives the status, and the body as JSON. */
  run(program: string, args: readonly string[]): Promise<{ readonly status: number; readonly json: unknown }>;
  /** The last import's end, as its status tells it. */
  ended(activity: string): Promise<Record<string, unknown>>;
}

async function openClient(): Promise<Client> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  await Deno.writeTextFile(join(folder.path, "test_file.txt"), '{"customer_id":"abc"}\n{"customer_id":"123"}\n');
  const server = stack.use(await openBulkServer());
  const { addr } = stack.use(
    Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, server.app.fetch),
  );
  return {
    server,
    base: `http://${server.api_key}:${server.api_secret}@127.0.0.1:${addr.port}`,
    run: async (program, args) => {
      const call = { args: [...args], cwd: folder.path, clearEnv: true };
      const { stdout, stderr } = await new Deno.Command(program, call).output();
      const text = new TextDecoder().decode(stdout);
      const [, body = "", status = ""] = /^([^]*?)\n?(\d{3})\s*$/.exec(text) ?? [];
      assert.notEqual(status, "", text + new TextDecoder().decode(stderr));
      return { status: Number(status), json: body === "" ? undefined : JSON.parse(body) };
    },
    ended: async (activity) => (await server.ended("/v1/imports/audiences/list/status/", activity)).json,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What the samples hold, key by key. */
const STATUS_KEYS = ["status", "error_reason", "app_uuid", "upload_statistics", "created_at", "updated_at"];
const STATISTICS_KEYS = ["total_lines", "audience_id", "audience_list_id", "failed_lines", "successful_lines"];
const LIST_KEYS = ["id", "name", "app_id", "version", "record_count", "created_at", "updated_at"];

function keysOf(value: unknown): string[] {
  assert(typeof value === "object" && value !== null);
  return Object.keys(value);
}

Deno.test({
  name: "the documented curl calls of audience imports work, and answer what the samples hold, key by key",
  ignore: !requirePeer("curl", CURL),
  fn: async () => {
    await using client = await openClient();
    const { base, server: { app_id } } = client;
    const curl = (...args: string[]) => client.run(CURL, ["-sS", "-w", "\n%{http_code}", ...args]);
    const lists = `${base}/v1/imports/audiences/list`;
    const form = (...fields: string[]) => fields.flatMap((field) => ["-F", field]);
    const made = await curl(
      ...form(
        `app_id=${app_id}`,
        "audience_name=my-audience-name",
        "identifier_type=customer_id",
        "file=@test_file.txt",
      ),
      `${lists}/`,
    );
    assert.equal(made.status, 202);
    const { activity_id } = made.json as { activity_id: string };
    await client.ended(activity_id);
    const status = await curl(`${lists}/status/${activity_id}`);
    assert.deepEqual([status.status, keysOf(status.json).sort()], [200, [...STATUS_KEYS].sort()]);
    const { upload_statistics } = status.json as { upload_statistics: Record<string, string> };
    assert.deepEqual(keysOf(upload_statistics).sort(), [...STATISTICS_KEYS].sort());
    const list = upload_statistics["audience_list_id"];

    const replaced = await curl(
      ...["-X", "PUT"],
      ...form(`app_id=${app_id}`, "identifier_type=customer_id", "file=@test_file.txt", `audience_list_id=${list}`),
      `${lists}/${list}`,
    );
    assert.equal(replaced.status, 202);
    await client.ended((replaced.json as { activity_id: string }).activity_id);
    assert.equal((await curl("-X", "PUT", `${lists}/${list}/name?name=my-renamed-list`)).status, 200);
    const listed = await curl(`${lists}/app/${app_id}`);
    const [first] = listed.json as Record<string, unknown>[];
    assert.deepEqual(keysOf(first), LIST_KEYS);
    assert.deepEqual([first?.["name"], first?.["version"], first?.["record_count"]], ["my-renamed-list", 2, 2]);
    assert.equal((await curl("-X", "DELETE", `${lists}/${list}`)).status, 200);
    assert.deepEqual((await curl(`${lists}/app/${app_id}`)).json, []);
    // Large enough for curl to ask whether it may send it.
    await using folder = await temporaryFolder();
    const path = join(folder.path, "many.txt");
    await Deno.writeTextFile(path, Array.from({ length: 200_000 }, (_, id) => `{"customer_id":"${id}"}\n`).join(""));
    const many = await curl(
      ...form(`file=@${path}`, `app_id=${app_id}`, "audience_name=many", "identifier_type=customer_id"),
      `${lists}/`,
    );
    const done = await client.ended((many.json as { activity_id: string }).activity_id);
    assert.equal((done["upload_statistics"] as Record<string, string>)["successful_lines"], "200000");
  },
});

Deno.test({
  name: "the documented Python calls of audience imports work, and the mistaken rename is told the right path",
  ignore: !requirePeer("requests (Debian package python3-requests)", REQUESTS),
  fn: async () => {
    await using client = await openClient();
    const { base, server: { app_id } } = client;
    const python = (...lines: string[]) => {
      const script = ["import requests", ...lines, "print(response.text)", "print(response.status_code)"].join("\n");
      return client.run(PYTHON, ["-c", script]);
    };
    const lists = `${base}/v1/imports/audiences/list`;
    const made = await python(
      `files = { 'app_id': (None, '${app_id}'), 'audience_name': (None, 'my-audience-name'),` +
        " 'identifier_type': (None, 'customer_id'), 'file': ('test_file.txt', open('test_file.txt', 'rb')), }",
      `response = requests.post('${lists}/', files=files)`,
    );
    assert.equal(made.status, 202, JSON.stringify(made));
    const { activity_id } = made.json as { activity_id: string };
    await client.ended(activity_id);
    const status = await python(`response = requests.get('${lists}/status/${activity_id}')`);
    const { upload_statistics } = status.json as { upload_statistics: Record<string, string> };
    const list = upload_statistics["audience_list_id"];
    const again = `files = { 'app_id': (None, '${app_id}'), 'identifier_type': (None, 'customer_id'),` +
      ` 'file': ('test_file.txt', open('test_file.txt', 'rb')), 'audience_list_id': (None, '${list}'), }`;
    const replaced = await python(again, `response = requests.put('${lists}/${list}', files=files)`);
    assert.equal(replaced.status, 202);
    await client.ended((replaced.json as { activity_id: string }).activity_id);
    // The documents' example of a rename: another method, without `/name`.
    const mistaken = await python(again, `response = requests.post('${lists}/${list}', files=files)`);
    assert.equal(mistaken.status, 405);
    assert.match((mistaken.json as { message: string }).message, /POST \/v1\/imports\/audiences\/list\/\S+\/name/);
    const listed = await python(`response = requests.get('${lists}/app/${app_id}')`);
    assert.deepEqual((listed.json as { version: number }[]).map(({ version }) => version), [2]);
    assert.equal((await python(`response = requests.delete('${lists}/${list}')`)).status, 200);
  },
});
