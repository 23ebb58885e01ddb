/** Files that programs should not send, to both imports: what is wrong is told, and nothing of it stays. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { rawBody } from "../raw_body.ts";
import { basic, type BulkServer, openBulkServer } from "./bulk_testing.ts";
import { takeForm } from "./upload.ts";

const BOUNDARY = "xxxx";

/** An import's path, the parameters that it needs, and where its status is. */
interface Import {
  readonly path: string;
  readonly status: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface Served extends BulkServer {
  readonly imports: readonly Import[];
  /** Files and folders in the spool. */
  spooled(): string[];
}

async function open(limit: number): Promise<Served> {
  const root = await Deno.makeTempDir({ prefix: "waybill-bad-files-" });
  const settings = { upload_limit_bytes: limit, rate_limits: { "profile-import": { requests: 10_000, seconds: 1 } } };
  await Deno.writeTextFile(join(root, "waybill.json"), JSON.stringify(settings));
  const server = await openBulkServer({ home: root });
  const { app_id } = server;
  return {
    ...server,
    imports: [
      {
        path: "/v1/imports/profiles/upload",
        status: "/v1/imports/profiles/status/",
        fields: { app_id, format: "json" },
      },
      {
        path: "/v1/imports/audiences/list/",
        status: "/v1/imports/audiences/list/status/",
        fields: { app_id, identifier_type: "customer_id", audience_name: "bad" },
      },
    ],
    spooled: () => [...namesBelow(join(root, "spool", "1"))],
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

function* namesBelow(folder: string): Generator<string> {
  try {
    for (const { name } of Deno.readDirSync(folder)) yield name;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const part = (name: string, value: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${
    name === "file" ? '; filename="x"' : ""
  }\r\n\r\n${value}\r\n`;

const partsOf = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields).map(([name, value]) => part(name, value)).join("");

const LINE = '{"customer_id":"a","changes":[{"op":"assign","attr":"x","value":1}]}\n';

Deno.test("a form that cannot be taken is refused, and nothing of it stays", async () => {
  await using server = await open(1_000_000);
  for (const { path, fields } of server.imports) {
    const given = partsOf(fields), end = `--${BOUNDARY}--\r\n`;
    const many = partsOf({ file: LINE }) + part("colour", "red").repeat(10_000);
    const cases: readonly (readonly [what: string, body: string, status: number, message: RegExp])[] = [
      ["too much, as it comes", given + part("file", LINE.repeat(20_000)) + end, 413, /over 1000000 bytes/],
      ["10,000 parts", part("app_id", "1").repeat(10_000) + end, 400, /"app_id" is given twice/],
      ["10,000 parts behind the file", given + many + end, 400, /"colour" is not known/],
      ["two files", given + part("file", LINE).repeat(2) + end, 400, /"file" is given twice/],
      ["a form that is cut off in its file", given + part("file", LINE).slice(0, -9), 400, /ended before it was whole/],
      ["a form that is cut off behind it", given + part("file", LINE), 400, /ended before it was whole/],
    ];
    for (const [what, body, status, message] of cases) {
      const reply = await send(server, path, body);
      assert.equal(reply.status, status, `${what}: ${reply.text}`);
      assert.match(reply.json.message, message, what);
      assert.deepEqual(server.spooled(), [], what);
    }
  }
  assert.deepEqual((await server.runtime.runs.list()).items, []);
});

Deno.test("5 GB over the quota are refused before they are read", async () => {
  await using server = await open(5 * 2 ** 30);
  for (const { path } of server.imports) {
    const body = new ReadableStream<Uint8Array>({
      pull: () => assert.fail("It is read"),
    }, { highWaterMark: 0 });
    const reply = await send(server, path, body, { "content-length": String(10 * 2 ** 30) });
    assert.equal(reply.status, 413, reply.text);
    assert.match(reply.json.message, /over 5368709120 bytes/);
    assert.deepEqual(server.spooled(), []);
  }
});

Deno.test("a form that stands still is given up with 408, one that is broken off is forgotten", async () => {
  await using server = await open(1_000_000);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(part("file", LINE).slice(0, -20))),
  });
  const headers = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
  const silent = rawBody(new Request("http://waybill.test", { method: "POST", body, headers }), 20);
  await assert.rejects(
    takeForm(silent, {
      schema: z.object({}),
      limit: 1_000_000,
      signal: new AbortController().signal,
      early: () => Promise.resolve(),
      store: ({ content }) =>
        server.runtime.uploads.form({ type: "profile-import", content, config: () => Promise.resolve({}) }),
    }),
    (error: { status?: number }) => error.status === 408,
  );
  assert.deepEqual(server.spooled(), []);
  await using listening = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, server.app.fetch);
  for (const { path, fields } of server.imports) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: listening.addr.port });
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization(server)}\r\n` +
      `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: 100000\r\n\r\n` +
      partsOf(fields) + part("file", LINE);
    await connection.write(new TextEncoder().encode(head));
    while (server.spooled().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    connection.close();
    while (server.spooled().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual((await server.runtime.runs.list()).items, []);
});

Deno.test("lines that are none cost themselves: of 100 MB, with curly quotes, of an unknown operation", async () => {
  await using server = await open(200_000_000);
  const [profiles, audiences] = server.imports;
  const change = (id: string, ...changes: readonly object[]) => JSON.stringify({ customer_id: id, changes });
  const assign = (attr: string, value: unknown) => ({ op: "assign", attr, value });
  const long = `{"customer_id":"long","changes":"${"x".repeat(100_000_000)}"}`;
  const changes = [
    `\uFEFF${change("a", assign("x", 1))}`,
    long,
    "{“customer_id”:“a”,“changes”:[]}",
    change("a", { op: "multiply", attr: "x", value: 2 }),
    change("a", { op: "__proto__", attr: "x", value: 2 }),
    '{"customer_id":"p","changes":[{"op":"assign","attr":"__proto__","value":"own"}],"__proto__":{"op":"delete"}}',
    change("d", assign("born", "2026-02-30"), assign("seen", "25:61"), { op: "increment", attr: "born", value: 1 }),
    change("d", assign("born", "2026-02-30T99:00:00Z")),
    change("a", assign("x", 2), { op: "increment", attr: "x", value: "soon" }),
    change("b", assign("y", "last")),
  ].join("\r\n");
  const { run, status } = await imported(server, profiles!, new Blob([changes]));
  assert.deepEqual(status.upload_statistics, {
    successful_imports: 4,
    parsed_imports: 4,
    failed_imports: 6,
    total_number_of_imports: 10,
  });
  assert.deepEqual(await reasonsOf(server, run), [
    "2 Is longer than 1048576 bytes",
    '3 Is not valid JSON: it has curly quotes where JSON has straight ones (")',
    '4 Change 1 has the unknown operation "multiply": it is one of assign, delete, increment, set-add, set-remove',
    '5 Change 1 has the unknown operation "__proto__": it is one of assign, delete, increment, set-add, set-remove',
    '7 Change 3 does not suit what the row does to "born" before it',
    '9 Change 2 increments by "soon", which is no number',
  ]);
  const { table } = await server.runtime.apps.get(server.app_id);
  const attributes = async (id: string) =>
    JSON.stringify((await server.runtime.profiles.get("customer_id", id, { table })).attributes);
  assert.equal(await attributes("a"), '{"customer_id":"a","x":1}');
  assert.equal(await attributes("b"), '{"customer_id":"b","y":"last"}');
  assert.equal(await attributes("d"), '{"born":"2026-02-30T99:00:00Z","customer_id":"d"}');
  assert.equal(await attributes("p"), '{"__proto__":"own","customer_id":"p"}');
  assert.equal("own" in {}, false);
  const ids = [
    '\uFEFF{"customer_id":"a"}',
    `{"customer_id":"${"x".repeat(100_000_000)}"}`,
    "{“customer_id”:“b”}",
    '{"customer_id":"__proto__","__proto__":{"customer_id":"c"}}',
    '{"__proto__":{"customer_id":"d"}}',
  ].join("\r\n");
  const list = await imported(server, audiences!, new Blob([ids]));
  assert.deepEqual(await reasonsOf(server, list.run), [
    "2 Is longer than 1048576 bytes",
    '3 Is not valid JSON: it has curly quotes where JSON has straight ones (")',
    '5 Has no "customer_id"',
  ]);
  const [{ record_count }] = (await server.bulk(`GET /v1/imports/audiences/list/app/${server.app_id}`)).json;
  assert.equal(record_count, 2);
  // Files go after their runs' ends.
  while (server.spooled().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
});

/** Imports a file to its end. */
async function imported(server: Served, { path, status, fields }: Import, file: Blob) {
  const reply = await server.bulk(`POST ${path}`, { ...fields, file });
  assert.equal(reply.status, 202, reply.text);
  const { activity_id } = reply.json;
  const { json } = await server.ended(status, activity_id);
  assert.equal(json.status, "Completed");
  return { run: String(activity_id).replaceAll("-", ""), status: json };
}

async function reasonsOf({ runtime }: Served, run: string): Promise<string[]> {
  const rejects = await Array.fromAsync(runtime.runs.rejects(run));
  return rejects.map(({ line, reason }) => `${line} ${reason}`);
}

function authorization({ api_key, api_secret }: Served): string {
  return basic(api_key, api_secret);
}

function send(server: Served, path: string, body: BodyInit, headers: Readonly<Record<string, string>> = {}) {
  return server.call(`POST ${path}`, {
    token: null,
    headers: {
      authorization: authorization(server),
      "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
      ...headers,
    },
    body,
  });
}
