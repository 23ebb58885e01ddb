import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openDatabase } from "../../core/database/open.ts";
import { homeOf } from "../../core/engine/home.ts";
import { openRuntime } from "../../core/engine/open.ts";
import { sweepSpool } from "../../core/engine/spool_sweep.ts";
import { createLog } from "../../core/engine/log.ts";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { rawBody } from "../raw_body.ts";
import { type Call, openTestServer, type TestServer, type TestServerOptions } from "../server_testing.ts";

const CSV = "id,email,name\n1,ann@example.com,Ann\n2,bo@example.com,Bo\n3,cy@example.com,Cy\n";
const JSON_LINES = '{"id":1,"tags":["a"]}\n{"id":12345678901234567890}\n{"id":3\n';
const csv = { "content-type": "text/csv" };

interface UploadServer extends TestServer {
  readonly home: string;
  /** Uploads with a token that may do nothing else. */
  upload(query: string, call: Call): ReturnType<TestServer["call"]>;
  /** Follows a run to its end. */
  ended(id: string): Promise<ReturnType<typeof JSON.parse>>;
  /** Files in the spool, by their paths below it. */
  spooled(): string[];
}

async function openUploads(options: TestServerOptions & { readonly limit?: number } = {}): Promise<UploadServer> {
  const root = await Deno.makeTempDir({ prefix: "waybill-uploads-" });
  const home = join(root, "home");
  await Deno.mkdir(home);
  if (options.limit !== undefined) {
    await Deno.writeTextFile(join(home, "waybill.json"), JSON.stringify({ upload_limit_bytes: options.limit }));
  }
  const server = await openTestServer({ ...options, home });
  const { token } = await server.runtime.tokens.create({ name: "vendor", scopes: ["data_write"] });
  return {
    ...server,
    home,
    upload: (query, call) => server.call(`POST /api/stream/people/upload${query}`, { token, ...call }),
    ended: async (id) => {
      for await (const _ of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
      return (await server.call(`GET /api/run/${id}`)).json.data;
    },
    spooled: () => filesBelow(join(home, "spool")),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

function filesBelow(folder: string, path = ""): string[] {
  try {
    return Array.from(Deno.readDirSync(join(folder, path))).flatMap(({ name, isDirectory }) =>
      isDirectory ? [`${path}${name}/`, ...filesBelow(folder, `${path}${name}/`)] : [path + name]
    ).filter((found) => found.split("/").length > 2);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return [];
  }
}

/** Waits until a file that goes after its run's end is gone. */
async function untilGone(server: UploadServer): Promise<void> {
  while (server.spooled().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

onEachDatabase("a vendor's file becomes a run, with a token that sees nothing but the answer", async (databases) => {
  await databases.useInHomes();
  await using server = await openUploads({ runner: "serve" });
  const reply = await server.upload("?identify_by=id,email", { body: CSV, headers: csv });
  assert.equal(reply.status, 202, reply.text);
  const { id, type, auth_id, job_id, config } = reply.json.data;
  assert.equal(reply.headers.get("location"), `/api/run/${id}`);
  assert.deepEqual([type, auth_id, job_id], ["csv-import", null, null]);
  assert.deepEqual(config, { stream: "people", identify_by: ["id", "email"], file: "upload.csv" });
  for (const request of [`GET /api/run/${id}`, "GET /api/run", "GET /api/stream/people"]) {
    assert.equal((await server.upload("", {})).status, 415);
    const { token } = await server.runtime.tokens.create({ scopes: ["data_write"] });
    assert.equal((await server.call(request, { token })).status, 403, request);
  }
  const run = await server.ended(id);
  assert.deepEqual([run.status, run.accepted, run.profiles_created, run.bytes], ["succeeded", 3, 3, CSV.length]);
  const profile = (await server.call("GET /api/profile?field=email&value=bo@example.com")).json.data;
  assert.equal(profile.attributes.name, "Bo");
  await untilGone(server);
  assert.equal((await server.call(`POST /api/run/${id}/retry`)).status, 409);
});

onEachDatabase("JSON lines are taken, and lines that cannot be read are the run's rejects", async (databases) => {
  await databases.useInHomes();
  await using server = await openUploads({ runner: "serve" });
  const body = JSON_LINES;
  const { json } = await server.upload("?identify_by=id", {
    body,
    headers: { "content-type": "application/x-ndjson" },
  });
  const run = await server.ended(json.data.id);
  assert.deepEqual([run.type, run.status, run.accepted, run.rejected], ["json-import", "succeeded", 2, 1]);
  const [reject] = (await server.call(`GET /api/run/${run.id}/rejects`)).json.data;
  assert.deepEqual([reject.line, reject.raw], [3, '{"id":3']);
  const big = (await server.call("GET /api/profile?field=id&value=12345678901234567890")).json.data;
  assert.equal(big.attributes.id, "12345678901234567890");
  const first = (await server.call("GET /api/profile?field=id&value=1")).json.data;
  assert.deepEqual(first.attributes.tags, ["a"]);
});

Deno.test("the content type says what a file is, unless the query does", async () => {
  await using server = await openUploads();
  const typeOf = async (type: string | undefined, query = "") => {
    // A body of bytes has no content type of its own.
    const body = new TextEncoder().encode(CSV);
    const { status, json } = await server.upload(query, {
      body,
      headers: type === undefined ? {} : { "content-type": type },
    });
    return status === 202 ? json.data.type : `${status} ${json.message}`;
  };
  for (const type of ["text/csv", 'Text/CSV; charset="utf-8"; header=present']) {
    assert.equal(await typeOf(type), "csv-import", type);
  }
  const lines = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];
  for (const type of lines) assert.equal(await typeOf(type), "json-import", type);
  assert.equal(
    await typeOf("application/json"),
    '415 The request body has the content type "application/json", which is not known',
  );
  assert.equal(await typeOf(undefined), "415 The request body has no content type");
  assert.equal(await typeOf("application/x-www-form-urlencoded", "?format=csv"), "csv-import");
  assert.equal(await typeOf("text/csv", "?format=json"), "json-import");
  assert.match(await typeOf("text/csv", "?format=xml"), /^400 Query parameter "format" must be "csv" or "json"/);
});

Deno.test("a packed file is stored unpacked, all its members", async () => {
  await using server = await openUploads();
  const body = new Uint8Array([...gzipSync(CSV), ...gzipSync("4,di@example.com,Di\n")]);
  const reply = await server.upload("", { body, headers: { ...csv, "content-encoding": "gzip" } });
  assert.equal(reply.status, 202, reply.text);
  const [folder = "", file = ""] = server.spooled();
  assert.equal(await Deno.readTextFile(join(server.home, "spool", file)), `${CSV}4,di@example.com,Di\n`);
  for (const [path, mode] of [["", 0o700], [folder, 0o700], [file, 0o600]] as const) {
    assert.equal(((await Deno.stat(join(server.home, "spool", path))).mode ?? 0) & 0o777, mode, path);
  }
});

Deno.test("the query takes what the job type's config does, but for stream, folder and file", async () => {
  await using server = await openUploads();
  const query = "?delimiter=;&timestamps=at,seen&timestamp_format=dmy&timestamp_zone=Europe/Zurich&fields=id,at" +
    "&identify_by=id&encoding=windows-1252&reject_threshold=5%25";
  const { json } = await server.upload(query, { body: CSV, headers: csv });
  const { stream: _, file: __, ...config } = json.data.config;
  assert.deepEqual(config, {
    identify_by: ["id"],
    reject_threshold: "5%",
    delimiter: ";",
    timestamps: ["at", "seen"],
    timestamp_format: "dmy",
    timestamp_zone: "Europe/Zurich",
    fields: ["id", "at"],
    encoding: "windows-1252",
  });
  const charset = await server.upload("", { body: CSV, headers: { "content-type": "text/csv; charset=iso-8859-2" } });
  assert.equal(charset.json.data.config.encoding, "iso-8859-2");

  const { paths } = (await server.call("GET /openapi.json")).json;
  const operation = paths["/api/stream/{name}/upload"].post;
  const named = operation.parameters.filter((parameter: { in: string }) => parameter.in === "query");
  assert.deepEqual(
    named.map(({ name }: { name: string }) => name),
    [
      "format",
      "identify_by",
      "reject_threshold",
      "members",
      "timestamp_format",
      "timestamp_zone",
      "encoding",
      "delimiter",
      "timestamps",
      "fields",
      "multi_value",
      "join",
      "timestamp_field",
    ],
  );
  assert.deepEqual(Object.keys(operation.requestBody.content).slice(0, 2), ["text/csv", "application/x-ndjson"]);

  const refused: readonly (readonly [request: string, message: RegExp])[] = [
    ["people/upload?delimiter=;;", /"delimiter".*cannot separate cells/],
    ["people/upload?timestamp_zone=Mars/Olympus", /"timestamp_zone".*not known/],
    ["people/upload?timestamp_format=ymd", /"timestamp_format" must be one of/],
    ["people/upload?reject_threshold=lots", /"reject_threshold" must be/],
    ["people/upload?identify_by=id&fields=name", /"identify_by" must be among/],
    ["people/upload?timestamp_field=at", /There is no "timestamp_field" for an upload of csv/],
    ["people/upload?file=a.csv", /Query parameter "file" is not known/],
    ["people/upload?folder=in", /Query parameter "folder" is not known/],
    ["people/upload?stream=other", /Query parameter "stream" is not known/],
    ["people/upload?delimiter=,&delimiter=;", /Query parameter "delimiter" is given twice/],
    ["__proto__/upload", /"stream" must be/],
    ["a%20b/upload", /"stream" must be/],
  ];
  for (const [request, message] of refused) {
    const reply = await server.call(`POST /api/stream/${request}`, { body: CSV, headers: csv });
    assert.equal(reply.status, 400, request);
    assert.match(reply.json.message, message);
  }
  const json16 = await server.upload("", {
    body: "{}",
    headers: { "content-type": "application/jsonl; charset=utf-16" },
  });
  assert.equal(json16.json.data.config.encoding, "utf-16");
});

onEachDatabase("the same key and content is one run for a day, other content a conflict", async (databases) => {
  await databases.useInHomes();
  await using server = await openUploads();
  const send = async (key: string, body: string, query = "", call: Call = {}) => {
    const reply = await server.upload(query, { body, headers: { ...csv, "Idempotency-Key": key }, ...call });
    return reply.status === 202 ? reply.json.data.id : reply.status;
  };
  const first = await send("2026-03-01", CSV);
  assert.equal(await send("2026-03-01", CSV), first);
  assert.deepEqual(await Promise.all([send("both", CSV), send("both", CSV)]).then(([a, b]) => a === b), true);
  assert.equal(await send("2026-03-01", `${CSV}4\n`), 409);
  assert.equal(await send("2026-03-01", CSV, "?identify_by=id"), 409);
  assert.notEqual(await send("another", CSV), first);
  // A key is its caller's and its stream's.
  assert.notEqual(await send("2026-03-01", `${CSV}4\n`, "", { token: server.token }), 409);
  const other = await server.call("POST /api/stream/others/upload", {
    body: CSV,
    headers: { ...csv, "idempotency-key": "2026-03-01" },
  });
  assert.equal(other.status, 202);
  for (const key of ["é", "k".repeat(256)]) assert.equal(await send(key, CSV), 400);
  await using database = await openDatabase(homeOf(server.home).database);
  const { kysely } = database;
  const { count } = await kysely.selectFrom("runs").select((select) => select.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  assert.equal(server.spooled().length, 2 * Number(count));
  await kysely.updateTable("uploads").set((set) => ({ created_at: set("created_at", "-", 86_400_000) })).execute();
  const later = await send("2026-03-01", `${CSV}4\n`);
  assert.notEqual(later, first);
  assert.equal(await send("2026-03-01", `${CSV}4\n`), later);
});

onEachDatabase("a failed run keeps its file for 7 days, and a retry goes on where it stopped", async (databases) => {
  await databases.useInHomes();
  await using server = await openUploads({ runner: "serve" });
  const rows = Array.from({ length: 150_000 }, (_, id) => id === 149_990 ? `${id},Na"me` : `${id},Name ${id}`);
  const body = `id,name\n${rows.join("\n").replace('Na"me', '"Na"me')}\n`;
  const { json } = await server.upload("?reject_threshold=0", { body, headers: csv });
  const failed = await server.ended(json.data.id);
  assert.deepEqual([failed.status, failed.rejected, failed.failure.kind], ["failed", 1, "data"]);
  assert.deepEqual(server.spooled(), [`1/${failed.id}/`, `1/${failed.id}/upload.csv`]);

  await using database = await openDatabase(homeOf(server.home).database);
  const files = { home: homeOf(server.home), database };
  assert.deepEqual(await sweepSpool(files), []);
  assert.deepEqual(await sweepSpool(files, { account: 2, keepFailed: 0 }), []);
  const retried = await server.call(`POST /api/run/${failed.id}/retry`, { json: { reject_threshold: "1" } });
  assert.equal(retried.status, 202, retried.text);
  const run = await server.ended(failed.id);
  assert.deepEqual([run.status, run.read, run.accepted, run.rejected], ["succeeded", 150_000, 149_999, 1]);
  assert.equal((await server.call("GET /api/stream/people")).json.data.events, 149_999);
  await untilGone(server);

  const second = await server.upload("?fields=nothing", { body: CSV, headers: csv });
  const { id, status, failure } = await server.ended(second.json.data.id);
  assert.deepEqual([status, failure.kind], ["failed", "config"]);
  const aged = { finished_at: Date.now() - 8 * 86_400_000 };
  await database.kysely.updateTable("runs").set(aged).where("id", "=", id).execute();
  assert.deepEqual(await sweepSpool(files), [id]);
  assert.deepEqual(server.spooled(), []);
  const late = await server.call(`POST /api/run/${id}/retry`);
  assert.deepEqual([late.status, late.json.message], [409, `The uploaded file of run "${id}" was removed`]);
});

Deno.test("a run that waits or was stopped keeps its file; erasing may take it from those that have ended", async () => {
  await using server = await openUploads();
  const send = async () => (await server.upload("", { body: CSV, headers: csv })).json.data.id;
  const [waits, stopped] = [await send(), await send()];
  await server.call(`POST /api/run/${stopped}/stop`);
  await using database = await openDatabase(homeOf(server.home).database);
  const files = { home: homeOf(server.home), database };
  assert.deepEqual(await sweepSpool(files), []);
  assert.equal((await server.call(`POST /api/run/${stopped}/retry`)).status, 202);
  await server.call(`POST /api/run/${stopped}/stop`);
  assert.deepEqual(await sweepSpool(files, { account: 1, keepFailed: 0 }), [stopped]);
  assert.deepEqual(server.spooled(), [`1/${waits}/`, `1/${waits}/upload.csv`]);
});

onEachDatabase("erasing somebody removes the files of runs that have ended", async (databases) => {
  await databases.useInHomes();
  await using server = await openUploads({ runner: "serve" });
  const send = async (query: string) => (await server.upload(query, { body: CSV, headers: csv })).json.data.id;
  assert.equal((await server.ended(await send("?identify_by=id"))).status, "succeeded");
  const failed = await send("?fields=nothing");
  assert.equal((await server.ended(failed)).status, "failed");
  while (server.spooled().length > 2) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(server.spooled(), [`1/${failed}/`, `1/${failed}/upload.csv`]);
  const { request_id } = await server.runtime.erasures.request("id", "1");
  const { run_id } = await server.runtime.erasures.get(request_id);
  assert.equal((await server.ended(run_id)).status, "succeeded");
  assert.deepEqual(server.spooled(), []);
  assert.equal((await server.call(`POST /api/run/${failed}/retry`)).status, 409);
});

onEachDatabase("an upload that comes in while somebody is erased is read with refusals in force", async (databases) => {
  await databases.useInHomes();
  await using server = await openUploads({ runner: "serve" });
  assert.equal(
    (await server.ended((await server.upload("?identify_by=id", { body: CSV, headers: csv })).json.data.id))
      .status,
    "succeeded",
  );
  await untilGone(server);
  const rest = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(CSV)),
    pull: async (controller) => {
      await rest.promise;
      controller.enqueue(new TextEncoder().encode("4,dee@example.com,Dee\n1,ann@example.com,too,many\n"));
      controller.close();
    },
  }, { highWaterMark: 0 });
  const { uploads, erasures } = server.runtime;
  const coming = uploads.create({ type: "csv-import", into: "people", config: {}, stream, gzip: false });
  while (server.spooled().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const { request_id, run_id } = await erasures.request("id", "1");
  while ((await erasures.get(request_id)).state !== "archive") await new Promise((resolve) => setTimeout(resolve, 5));
  rest.resolve();
  const upload = await server.ended((await coming).id);
  assert.deepEqual(
    [upload.status, upload.read, upload.accepted, upload.refused, upload.rejected, upload.rejected_erased],
    ["succeeded", 5, 3, 1, 1, 1],
  );
  assert.equal((await server.ended(run_id)).status, "succeeded");
  const { state, completed_at } = await erasures.get(request_id);
  assert.equal(state, "done");
  assert(upload.finished_at <= completed_at!, `${upload.finished_at} > ${completed_at}`);
  assert.deepEqual(server.spooled(), []);
  assert.deepEqual((await server.call(`GET /api/run/${upload.id}/rejects`)).json.data, []);
});

Deno.test("what a crash left of an upload is swept when a server starts; what is about to come in is not", async () => {
  await using server = await openUploads();
  for (const [run, content] of [["a".repeat(32), CSV], ["b".repeat(32), ""]] as const) {
    const folder = join(server.home, "spool", "1", run);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "upload.csv"), content);
  }
  const lines: string[] = [];
  {
    const log = createLog({ write: (line) => lines.push(line) });
    await using _ = await openRuntime({ home: server.home, plugins: [], runner: "worker", log });
  }
  assert.deepEqual(server.spooled().map((path) => path[2]), ["b", "b"]);
  assert.match(lines.join(""), /An uploaded file was removed/);
});

Deno.test("an upload that cannot be taken says why, and leaves nothing", async () => {
  await using server = await openUploads({ limit: 100 });
  const gzip = { ...csv, "content-encoding": "gzip" };
  const packed = new Uint8Array(gzipSync(CSV));
  const pieces = (count: number) => new Blob(Array(count).fill(new Uint8Array(30))).stream();
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(10));
      controller.error(new Error("The line went dead"));
    },
  });
  const form = { headers: { "content-type": "multipart/form-data; boundary=x" }, body: CSV };
  assert.match((await server.upload("?format=csv", form)).json.message, /^The request body is a form/);
  const cases: readonly (readonly [what: string, call: Call, status: number, message: RegExp])[] = [
    ["a form", form, 415, /^The request body is a form, and has to be the file itself$/],
    ["nothing", { headers: csv }, 400, /body is empty/],
    ["nothing, packed", { headers: gzip, body: new Uint8Array(gzipSync("")) }, 400, /body is empty/],
    ["too much, announced", { headers: { ...csv, "content-length": "101" }, body: CSV }, 413, /over 100 bytes/],
    ["too much, as it comes", { headers: csv, body: pieces(4) }, 413, /over 100 bytes/],
    ["too much, unpacked", { headers: gzip, body: new Uint8Array(gzipSync("x".repeat(101))) }, 413, /over 100 bytes/],
    ["a body that breaks", { headers: csv, body: broken }, 400, /ended before it was whole/],
    ["what is no gzip", { headers: gzip, body: CSV }, 400, /cannot be unpacked/],
    ["gzip that is cut off", { headers: gzip, body: packed.subarray(0, packed.length - 9) }, 400, /cannot be unpacked/],
    ["another encoding", { headers: { ...csv, "content-encoding": "br" }, body: CSV }, 415, /"br" is not known/],
  ];
  for (const [what, call, status, message] of cases) {
    const reply = await server.upload("", call);
    assert.equal(reply.status, status, `${what}: ${reply.text}`);
    assert.match(reply.json.message, message, what);
    assert.deepEqual(server.spooled(), [], what);
  }
  assert.equal((await server.upload("", { body: pieces(3), headers: csv })).status, 202);
  assert.deepEqual((await server.call("GET /api/run")).json.data.length, 1);
});

Deno.test("a body that stands still is given up with 408", async () => {
  const silent = new Request("http://waybill.test", { method: "POST", body: new ReadableStream({}) });
  await assert.rejects(new Response(rawBody(silent, 20).stream).text(), (error: { status?: number }) => {
    assert.equal(error.status, 408);
    return true;
  });
});

Deno.test("an upload that is broken off leaves nothing, and one of 250 MB is not held in memory", async () => {
  await using server = await openUploads();
  await using listening = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, server.app.fetch);
  const { port } = listening.addr;
  const { token } = server;
  const url = `http://127.0.0.1:${port}/api/stream/big/upload?format=csv`;
  {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const head = `POST /api/stream/big/upload?format=csv HTTP/1.1\r\nHost: a\r\nAuthorization: ${token}\r\n` +
      "Content-Length: 1000000\r\n\r\nid,name\n";
    await connection.write(new TextEncoder().encode(head));
    while (server.spooled().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    connection.close();
    await untilGone(server);
  }
  const block = new TextEncoder().encode("12345678,somebody@example.com,Somebody or other\n".repeat(1_300));
  const blocks = Math.ceil(250e6 / block.length);
  const before = Deno.memoryUsage().rss;
  let most = 0;
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      most = Math.max(most, Deno.memoryUsage().rss - before);
      if (sent++ < blocks) controller.enqueue(block.slice());
      else controller.close();
    },
  });
  const reply = await fetch(url, { method: "POST", body, headers: { authorization: token } });
  assert.equal(reply.status, 202, await reply.clone().text());
  const { id } = (await reply.json()).data;
  assert.equal((await Deno.stat(join(server.home, "spool", "1", id, "upload.csv"))).size, blocks * block.length);
  assert.ok(most < 125e6, `${most} bytes more at most`);
});
