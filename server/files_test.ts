/** Signed links: who has one gets its file, until it expires or is revoked, and nobody else learns a thing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { type Call, openTestServer, type Reply, type TestServer } from "./server_testing.ts";

/** Half a second past a whole one. */
const START = 1_800_000_000_500;
const REJECTED = '"4,broken\n';

/** Imports a file with a row that cannot be read; gives the run's id. */
async function rejectRows(server: TestServer): Promise<string> {
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config: { folder: server.folder } },
  });
  const config = { stream: "customers", file: "customers.csv", identify_by: ["id"] };
  const { id } = (await server.call("POST /api/run", { json: { type: "csv-import", config } })).json.data;
  for await (const _ of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
  return id;
}

/** Makes a link; gives what was answered, and path and query of the link. */
async function link(server: TestServer, run: string, json: object = {}) {
  const made = await server.call(`POST /api/run/${run}/rejects/link`, { json });
  assert.equal(made.status, 201, made.text);
  const { url, ...artifact } = made.json.data;
  return { made, artifact, url: String(url), path: String(url).slice("http://waybill.test".length) };
}

const fetchFile = (server: TestServer, path: string, call: Call = {}) =>
  server.call(`GET ${path}`, { token: null, ...call });

/** What there is of a reply but what names the request. */
function told({ status, json, headers }: Reply): string {
  const { request_id: _, ...body } = json;
  return JSON.stringify([status, body, [...headers].filter(([name]) => name !== "x-request-id")]);
}

onEachDatabase("a link opens its file without a token, and shows once", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer({ runner: "serve" });
  const run = await rejectRows(server);
  const lines = await link(server, run);
  const { artifact, made } = lines;
  assert.equal(made.headers.get("location"), `/api/artifact/${artifact.id}`);
  assert.deepEqual([artifact.kind, artifact.status, artifact.run_id, artifact.fetches], ["rejects", "ready", run, 0]);
  assert.equal(artifact.created_by.name, "test");
  const got = await fetchFile(server, lines.path);
  assert.equal(got.status, 200);
  const rows = got.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(rows, (await server.call(`GET /api/run/${run}/rejects`)).json.data);
  assert.equal(artifact.size, new TextEncoder().encode(got.text).length);
  const headers = Object.fromEntries(got.headers);
  assert.equal(headers["content-type"], "application/x-ndjson");
  assert.equal(headers["content-length"], String(artifact.size));
  assert.equal(headers["content-disposition"], `attachment; filename="rejects-${run.slice(0, 8)}.jsonl"`);
  assert.equal(headers["cache-control"], "private, no-store, no-transform");
  assert.equal(headers["referrer-policy"], "no-referrer");
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["etag"], `"${artifact.sha256.slice(0, 32)}"`);
  const csv = await fetchFile(server, (await link(server, run, { format: "csv" })).path);
  assert.equal(csv.text, `id,email,name\n${REJECTED}`);
  assert.equal(csv.headers.get("content-type"), "text/csv");
  // Whoever sees lists has no link.
  const list = await server.call("GET /api/artifact");
  assert.deepEqual(list.json.data.length, 2);
  assert.doesNotMatch(list.text + (await server.call(`GET /api/artifact/${artifact.id}`)).text, /signature|http/);
});

onEachDatabase("a link is good at 23:59:59 and not at 24:00:01, and so is one of another time", async (databases) => {
  await databases.useInHomes();
  let now = START;
  await using server = await openTestServer({ runner: "serve", clock: () => Promise.resolve(now) });
  const run = await rejectRows(server);
  const day = await link(server, run);
  const minute = await link(server, run, { expires_in: 60 });
  const longest = await link(server, run, { expires_in: 604_800 });
  const status = async (path: string) => (await fetchFile(server, path)).status;
  const state = async (id: string) => (await server.call(`GET /api/artifact/${id}`)).json.data.status;
  now = START + 59_000;
  assert.equal(await status(minute.path), 200);
  now = START + 61_000;
  assert.deepEqual([await status(minute.path), await state(minute.artifact.id)], [404, "expired"]);
  now = START + 86_399_000;
  assert.deepEqual([await status(day.path), await state(day.artifact.id)], [200, "ready"]);
  now = Date.parse(day.artifact.expires_at) - 1;
  assert.equal(await status(day.path), 200);
  now++;
  assert.equal(await status(day.path), 404);
  now = START + 86_401_000;
  assert.deepEqual([await status(day.path), await state(day.artifact.id)], [404, "expired"]);
  assert.equal(await status(longest.path), 200);
  for (const expires_in of [0, -1, 1.5, 604_801, "60", null]) {
    const wrong = await server.call(`POST /api/run/${run}/rejects/link`, { json: { expires_in } });
    assert.equal(wrong.status, 400, String(expires_in));
  }
});

Deno.test("a link that is altered in any byte, has expired, was revoked or never was is answered alike", async () => {
  let now = START;
  await using server = await openTestServer({ runner: "serve", clock: () => Promise.resolve(now) });
  const run = await rejectRows(server);
  const { path, artifact } = await link(server, run, { expires_in: 600 });
  const [short, revoked] = [await link(server, run, { expires_in: 1 }), await link(server, run)];
  assert.equal((await server.call(`DELETE /api/artifact/${revoked.artifact.id}`)).status, 204);
  now += 2_000;
  const wrong = told(await fetchFile(server, path.replace(artifact.id, "0".repeat(32))));
  assert.match(wrong, /^\[404,.*The link is not good/);
  assert.equal(told(await fetchFile(server, short.path)), wrong);
  assert.equal(told(await fetchFile(server, revoked.path)), wrong);
  // Those of one link at another's place, and what is left out.
  const signature = (path: string) => path.split("signature=")[1] ?? "";
  const [plain = ""] = path.split("?");
  for (
    const other of [
      path.replace(signature(path), signature(revoked.path)),
      path.replace("expires=", "expires=0"),
      path.replace("v1.", "v2."),
      `${path}=`,
      plain,
      plain + path.slice(path.indexOf("?")).replace("&signature", "&x"),
      `${plain}?signature=${signature(path)}`,
      `${plain}?expires=&signature=`,
    ]
  ) assert.equal(told(await fetchFile(server, other)), wrong, other);
  let looked = 0;
  for (let at = 1; at < path.length; at++) {
    const byte = path.charCodeAt(at);
    for (const other of [byte ^ 1, byte ^ 2, byte ^ 32, byte + 1].map((code) => String.fromCharCode(code))) {
      if (!/[!-~]/.test(other)) continue;
      const altered = path.slice(0, at) + other + path.slice(at + 1);
      const { status } = await fetchFile(server, altered);
      assert.equal(status, 404, altered);
      looked++;
    }
  }
  assert.ok(looked > 3 * path.length);
  // Parameters that others add do no harm, nor does a header of another service.
  assert.equal((await fetchFile(server, `${path}&utm_source=mail`)).status, 200);
  const headers = { authorization: "Basic YTpi" };
  assert.equal((await fetchFile(server, path, { headers })).status, 200);
});

onEachDatabase("a revoked link opens nothing at once, and its file is gone", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer({ runner: "serve" });
  const run = await rejectRows(server);
  const [one, other] = [await link(server, run), await link(server, run)];
  const folder = join(server.folder, "..", "home", "artifacts", "1");
  const files = () => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  assert.deepEqual(files(), [one.artifact.id, other.artifact.id].sort());
  assert.equal((await Deno.stat(join(folder, one.artifact.id))).mode! & 0o777, 0o600);
  assert.equal((await server.call(`DELETE /api/artifact/${one.artifact.id}`)).status, 204);
  assert.equal((await fetchFile(server, one.path)).status, 404);
  assert.deepEqual(files(), [other.artifact.id]);
  const shown = (await server.call(`GET /api/artifact/${one.artifact.id}`)).json.data;
  assert.deepEqual([shown.status, typeof shown.ended_at], ["revoked", "string"]);
  const again = await server.call(`DELETE /api/artifact/${one.artifact.id}`);
  assert.deepEqual([again.status, again.json.message], [
    409,
    `Artifact "${one.artifact.id}" opens nothing any more: it is revoked`,
  ]);
  assert.equal((await fetchFile(server, other.path)).status, 200);
});

Deno.test("a link is good after a restart, and not in another account's place", async () => {
  const home = await Deno.makeTempDir({ prefix: "waybill-links-" });
  try {
    let path = "";
    {
      await using server = await openTestServer({ runner: "serve", home });
      path = (await link(server, await rejectRows(server))).path;
      const { id } = await server.runtime.accounts.create({ name: "other" });
      const [, , account = ""] = path.split("/");
      assert.equal((await fetchFile(server, path.replace(account, id))).status, 404);
    }
    await using server = await openTestServer({ home });
    const got = await fetchFile(server, path);
    assert.deepEqual([got.status, JSON.parse(got.text).raw], [200, REJECTED.trimEnd()]);
    // What was restored without its files has none.
    await Deno.remove(join(home, "artifacts"), { recursive: true });
    assert.equal((await fetchFile(server, path)).status, 404);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("parts of a file are fetched, and HEAD tells of it without fetching it", async () => {
  await using server = await openTestServer({ runner: "serve" });
  const run = await rejectRows(server);
  const { path, artifact } = await link(server, run, { format: "csv" });
  const whole = `id,email,name\n${REJECTED}`;
  const etag = `"${artifact.sha256.slice(0, 32)}"`;
  const get = (headers: Record<string, string>) => fetchFile(server, path, { headers });
  const head = await server.call(`HEAD ${path}`, { token: null, headers: { range: "bytes=1-2" } });
  assert.deepEqual(
    [head.status, head.text, head.headers.get("content-length"), head.headers.get("etag")],
    [200, "", String(whole.length), etag],
  );
  const fetches = async () => (await server.call(`GET /api/artifact/${artifact.id}`)).json.data.fetches;
  assert.equal((await get({ "if-none-match": etag })).status, 304);
  assert.equal(await fetches(), 0);
  const part = await get({ range: "bytes=3-7" });
  assert.deepEqual([part.status, part.text], [206, whole.slice(3, 8)]);
  assert.equal(part.headers.get("content-range"), `bytes 3-7/${whole.length}`);
  assert.equal(part.headers.get("content-length"), "5");
  assert.equal((await get({ range: "bytes=-4", "if-range": etag })).text, whole.slice(-4));
  assert.equal((await get({ range: "bytes=4-", "if-range": '"other"' })).text, whole);
  const beyond = await get({ range: "bytes=99-" });
  assert.deepEqual([beyond.status, beyond.headers.get("content-range")], [416, `bytes */${whole.length}`]);
  assert.equal((await get({ "if-match": '"other"' })).status, 412);
  assert.equal(await fetches(), 1);
  const empty = await link(server, await emptyRun(server), { format: "csv" });
  assert.deepEqual([(await fetchFile(server, empty.path)).text, empty.artifact.size], ["", 0]);
});

/** A run that rejected nothing. */
async function emptyRun(server: TestServer): Promise<string> {
  await Deno.writeTextFile(join(server.folder, "good.csv"), "id\n1\n");
  const config = { stream: "customers", file: "good.csv", identify_by: ["id"] };
  return (await server.call("POST /api/run", { json: { type: "csv-import", config } })).json.data.id;
}

onEachDatabase(
  "who made a link and when it was fetched is written down, and its signature nowhere",
  async (databases) => {
    await databases.useInHomes();
    let now = START;
    await using server = await openTestServer({ runner: "serve", clock: () => Promise.resolve(now) });
    const run = await rejectRows(server);
    const { path, artifact } = await link(server, run);
    const signature = /signature=v1\.(.+)$/.exec(path)?.[1] ?? "";
    assert.equal(signature.length, 43);
    for (let part = 0; part < 3; part++) await fetchFile(server, path, { headers: { range: `bytes=${part}-${part}` } });
    now += 60_000;
    await fetchFile(server, path);
    await fetchFile(server, path.replace(signature, `${signature.slice(0, -1)}!`));
    // As programs send it that take all of a link for a path.
    await fetchFile(server, path.replace("?", "%3F"));
    await server.call(`DELETE /api/artifact/${artifact.id}`);
    await fetchFile(server, path);
    const entries = (await server.call("GET /api/audit")).json.data
      .filter(({ kind }: { kind: string }) => kind === "artifact").reverse();
    const maker = artifact.created_by;
    assert.equal(maker.kind, "token");
    assert.deepEqual(
      entries.map((
        { action, actor, id, label, detail }: Record<string, unknown>,
      ) => [action, actor, id, label, detail]),
      [
        ["create", maker, artifact.id, artifact.name, {
          content: "rejects",
          run,
          size: artifact.size,
          expires: artifact.expires_at,
        }],
        ...[1, 2].map(() => [
          "download",
          { kind: "link", id: artifact.id, name: "link of test" },
          artifact.id,
          artifact.name,
          { made_by: maker },
        ]),
        ["revoke", maker, artifact.id, artifact.name, {}],
      ],
    );
    const shown = (await server.call(`GET /api/artifact/${artifact.id}`)).json.data;
    assert.deepEqual([shown.fetches, shown.fetched_at], [2, new Date(now).toISOString()]);
    assert.deepEqual(await server.runtime.audit.verify().then(({ ok }) => ok), true);
    const logged = server.lines.join("\n");
    assert.match(logged, new RegExp(`"path":"/files/[0-9a-f]{32}/${artifact.id}/${artifact.name}","status":404`));
    assert.ok(!logged.includes(signature.slice(0, 20)), "The signature is in the log");
  },
);

Deno.test("links begin with WAYBILL_PUBLIC_URL, else with what the caller reached", async () => {
  await using server = await openTestServer({ runner: "serve" });
  const run = await rejectRows(server);
  assert.match((await link(server, run)).url, /^http:\/\/waybill\.test\/files\//);
  try {
    for (const base of ["https://waybill.example.com", "https://example.com/waybill/"]) {
      Deno.env.set("WAYBILL_PUBLIC_URL", base);
      const made = await server.call(`POST /api/run/${run}/rejects/link`, { json: {} });
      assert.ok(made.json.data.url.startsWith(`${base.replace(/\/$/, "")}/files/`), made.json.data.url);
      assert.equal((await fetchFile(server, /\/files\/.*/.exec(made.json.data.url)?.[0] ?? "")).status, 200);
    }
    for (const wrong of ["waybill.example.com", "ftp://example.com", "https://u:p@example.com", "https://x.com/?a=b"]) {
      Deno.env.set("WAYBILL_PUBLIC_URL", wrong);
      const refused = await server.call(`POST /api/run/${run}/rejects/link`, { json: {} });
      assert.equal(refused.status, 400, wrong);
      assert.match(refused.json.message, /^WAYBILL_PUBLIC_URL is not an address/);
      assert.ok(!refused.text.includes("u:p@"));
    }
  } finally {
    Deno.env.delete("WAYBILL_PUBLIC_URL");
  }
  assert.equal((await server.call("GET /api/artifact")).json.data.length, 3, "What was refused made nothing");
});

onEachDatabase(
  "artifacts are listed in pages, newest first, and found by the beginning of an id",
  async (databases) => {
    await databases.useInHomes();
    let now = START;
    await using server = await openTestServer({ runner: "serve", clock: () => Promise.resolve(now) });
    const run = await rejectRows(server);
    const ids: string[] = [];
    for (let nth = 0; nth < 5; nth++) {
      // Two of the same moment.
      if (nth !== 3) now += 1_000;
      ids.push((await link(server, run)).artifact.id);
    }
    const listed: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const { json } = await server.call(`GET /api/artifact?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      assert.ok(json.data.length <= 2);
      listed.push(...json.data.map(({ id }: { id: string }) => id));
      cursor = json.next;
    }
    const [same = [], rest = []] = [listed.slice(1, 3), [listed[0], ...listed.slice(3)]];
    assert.deepEqual(rest, [ids[4], ids[1], ids[0]]);
    assert.deepEqual(same.sort(), [ids[2], ids[3]].sort());
    assert.equal((await server.call(`GET /api/artifact/${ids[0]?.slice(0, 12)}`)).json.data.id, ids[0]);
    assert.equal((await server.call("GET /api/artifact?cursor=nope")).status, 400);
    // What a page ended with may be forgotten before the next one is asked for: a cursor needs no artifact.
    const { next } = (await server.call("GET /api/artifact?limit=1")).json;
    const gone = next.replace(/-.*/, `-${"0".repeat(32)}`);
    assert.equal((await server.call(`GET /api/artifact?cursor=${gone}`)).json.data[2].id, ids[1]);
  },
);
