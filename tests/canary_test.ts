/** Secrets are write-only: of 1,000 none comes back, in whatever form, wherever one looks. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "kysely";
import { openDatabase } from "../core/database/open.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { type Call, openTestServer, type Reply, type TestServer } from "../server/server_testing.ts";
import { searchBytes } from "./support/search_bytes.ts";

/** How every canary begins. */
const MARKER = `cAn4Ry${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;

/** What a token is: each of those that were made is a canary. */
const TOKEN = "waybill_[A-Za-z0-9_-]{43}";

/** What a link's signature is: told to whoever made it, and written down nowhere. */
const SIGNATURE = "v1\\.[A-Za-z0-9_-]{43}";

/** The forms in which a canary may lie somewhere, as regular expressions over bytes. */
function formsOf(marker: string): string[] {
  const bytes = new TextEncoder().encode(marker);
  const base64 = [0, 1, 2].map((before) => {
    const text = new Uint8Array([...new Uint8Array(before), ...bytes]).toBase64({ omitPadding: true });
    // What surrounds it changes the first and the last characters.
    return text.slice(before === 0 ? 0 : before + 1, -1).replaceAll(/[+/]/g, "[-+/_]");
  });
  const wide = [...marker].map((letter) => `${letter}\\x00`).join("");
  return [marker, marker.toLowerCase(), ...base64, bytes.toHex(), wide.slice(0, -"\\x00".length)];
}

const CANARY_FORMS = formsOf(MARKER);

/** Where a text holds a secret, with what stands around it. */
function leaksIn(text: string): string[] {
  return [...CANARY_FORMS, TOKEN, SIGNATURE].flatMap((form) =>
    Array.from(text.matchAll(new RegExp(form, "g")), ({ index }) => text.slice(Math.max(0, index - 120), index + 80))
  ).slice(0, 10);
}

let made = 0;
function canary(): string {
  made++;
  return `${MARKER}n${String(made).padStart(4, "0")}`;
}

const JSON_TYPE = { "content-type": "application/json" };

/** Auths with three secrets each, some of them changed. */
async function saveAuths(server: TestServer): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let number = 0; number < 150; number++) {
    const config = { host: "127.0.0.1", port: 1, username: "u", password: canary() };
    const json = {
      provider_id: "file-service",
      method: "sftp",
      label: `partner-${number}`,
      config: number % 2 === 0 ? config : Object.entries(config).map(([name, value]) => ({ name, value })),
      oauthtoken: { token: canary() },
      oauth2token: { access_token: canary(), scope: ["a"] },
    };
    replies.push(await server.call("POST /api/auth", { json }));
    assert.equal(replies.at(-1)?.status, 201, replies.at(-1)?.text);
    if (number % 3 !== 0) continue;
    const change = { config: { password: canary() }, oauth2token: { access_token: canary() } };
    replies.push(await server.call(`PUT /api/auth/partner-${number}`, { json: change }));
    assert.equal(replies.at(-1)?.status, 200);
  }
  return replies;
}

/** Requests that are refused, each with a canary in it. */
function refused(weak: string): readonly (() => readonly [request: string, call: Call, status: number])[] {
  const sftp = { method: "sftp", label: "new" };
  const good = { host: "127.0.0.1", username: "u" };
  return [
    () => ["POST /api/auth", { json: { ...sftp, config: { ...good, passwrd: canary() } } }, 400],
    () => ["POST /api/auth", { json: { ...sftp, config: { ...good, password: [canary()] } } }, 400],
    () => ["POST /api/auth", { json: { ...sftp, config: { ...good, private_key: canary() } } }, 400],
    () => ["POST /api/auth", { json: { ...sftp, config: canary() } }, 400],
    () => ["POST /api/auth", { json: { ...sftp, config: [canary()] } }, 400],
    () => ["POST /api/auth", { json: { ...sftp, config: { password: canary() } } }, 400],
    () => ["POST /api/auth", { json: { ...sftp, config: [{ name: "password", value: canary(), more: 1 }] } }, 400],
    () => {
      const twice = [{ name: "password", value: canary() }, { name: "password", value: canary() }];
      return ["POST /api/auth", { json: { ...sftp, config: twice } }, 400];
    },
    () => ["POST /api/auth", { json: { ...sftp, label: "partner-1", config: { ...good, password: canary() } } }, 409],
    () => ["POST /api/auth", { json: { method: "stfp", label: "new", config: { password: canary() } } }, 404],
    () => ["POST /api/auth", { json: { ...sftp, config: { ...good, password: "p" }, oauthtoken: canary() } }, 400],
    () => ["POST /api/auth", { json: { ...sftp, config: good, secret: canary() } }, 400],
    () => ["POST /api/auth/nope", { json: { ...sftp, config: { ...good, password: canary() } } }, 400],
    () => ["POST /api/auth", { body: `{"config":{"password":"${canary()}"`, headers: JSON_TYPE }, 400],
    () => ["POST /api/auth", { body: `password=${canary()}` }, 415],
    () => ["POST /api/auth", { body: `"${canary()}${"x".repeat(1024 * 1024)}"`, headers: JSON_TYPE }, 413],
    () => ["POST /api/auth", { json: { ...sftp, config: { password: canary() } }, token: weak }, 403],
    () => ["POST /api/auth", { json: { ...sftp, config: { password: canary() } }, token: null }, 401],
    () => ["GET /api/auth", { token: canary() }, 401],
    () => [`GET /api/auth?access_token=${canary()}`, { token: null }, 401],
    () => [`GET /api/nowhere?access_token=${canary()}`, {}, 404],
    () => ["PUT /api/auth/nowhere", { json: { config: { password: canary() } } }, 404],
    () => ["PUT /api/auth/partner-1", { json: { config: { password: { value: canary() } } } }, 400],
    () => ["PUT /api/auth/partner-1", { json: { config: { host: "", password: canary() } } }, 400],
    () => ["POST /api/auth/createtoken", { json: { name: "x", scopes: ["data"], token: canary() } }, 400],
    () => ["PUT /api/account/settings", { json: { pii_fields: canary(), secret: canary() } }, 400],
  ];
}

/** Everything in the database as text; bytes as hexadecimal digits. */
async function dumpOf(address: Parameters<typeof openDatabase>[0]): Promise<string> {
  await using database = await openDatabase(address);
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = current_schema()`
    .execute(database.kysely);
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ text: string }>`select cast(t as text) as text from ${sql.table(name)} t`
      .execute(database.kysely);
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join("\n");
}

Deno.test("the search finds a canary in every form that it looks for", async () => {
  const folder = await Deno.makeTempDir({ prefix: "waybill-canary-" });
  try {
    const forms = [
      `"${MARKER}"`,
      MARKER.toLowerCase(),
      ...["", "x", "xy"].map((before) => btoa(`${before}${MARKER}more`)),
      new TextEncoder().encode(MARKER).toHex(),
      [...MARKER].join("\0"),
    ];
    for (const [index, form] of forms.entries()) await Deno.writeTextFile(join(folder, `${index}`), form);
    await Deno.writeFile(join(folder, "token"), new TextEncoder().encode(`\0\xffwaybill_${"Aa0_-".repeat(9)}`));
    const found = await searchBytes(folder, [...CANARY_FORMS, TOKEN]);
    const files = new Set(found.map(({ file }) => file.slice(folder.length + 1)));
    assert.deepEqual([...files].sort(), [...forms.keys()].map(String).concat("token"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

onEachDatabase("of 1,000 secrets none is in a response, a log line, an error or a database page", async (databases) => {
  await databases.useInHomes();
  made = 0;
  const home = await Deno.makeTempDir({ prefix: "waybill-canary-" });
  try {
    {
      await using server = await openTestServer({ runner: "serve", home });
      const tokens = [server.token];
      const replies = await useSecrets(server, tokens);
      assert.ok(made + tokens.length >= 1_000, `${made} secrets and ${tokens.length} tokens`);
      const said = [
        ...replies.map(({ text, headers }) => `${text}\n${JSON.stringify([...headers])}`),
        ...server.lines,
      ].join("\n");
      assert.match(said, /partner-149/);
      assert.deepEqual(leaksIn(said), []);
      if (databases.kind === "postgres") await searchPostgres(tokens);
      // While it is open: the write-ahead log holds what the pages do not.
      assert.deepEqual(await searchBytes(home, [...CANARY_FORMS, TOKEN, SIGNATURE]), []);
      assert.equal((await searchBytes(home, ["partner-149"])).length > 0, databases.kind === "sqlite");
    }
    assert.deepEqual(await searchBytes(home, [...CANARY_FORMS, TOKEN, SIGNATURE]), []);
    assert.equal((await searchBytes(home, ["partner-149"])).length > 0, databases.kind === "sqlite");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

/** Saves, changes and deletes what has secrets, and has requests, checks and runs fail; gives what was answered. */
async function useSecrets(server: TestServer, tokens: string[]): Promise<Reply[]> {
  const replies = await saveAuths(server);
  for (let number = 0; number < 200; number++) {
    const json = { name: `vendor ${number}`, scopes: ["observer"], description: "Files", expires: "100h" };
    const { status, json: { data } } = await server.call("POST /api/auth/createtoken", { json });
    assert.equal(status, 201);
    tokens.push(data.token);
  }
  const requests = refused(tokens.at(-1) ?? "");
  for (let round = 0; round < 10; round++) {
    for (const request of requests) {
      const [what, call, status] = request();
      const reply = await server.call(what, call);
      assert.equal(reply.status, status, `${what}: ${reply.text}`);
      replies.push(reply);
    }
  }
  const check = await server.call("POST /api/auth/partner-1/check");
  assert.equal(check.json.data.ok, false);
  const config = { stream: "s", file: "customers.csv" };
  const json = { type: "csv-import", auth: "partner-2", label: "nightly", config };
  replies.push(check, await server.call("POST /api/job", { json }), await server.call("POST /api/job/nightly/plan"));
  const run = await server.call("POST /api/job/nightly/run");
  const path = `/api/run/${run.json.data.id}`;
  // Nobody listens at that port: it says so, and waits to try again.
  while ((await server.call(`GET ${path}`)).json.data.failure === null) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Its answer is the one that may tell the signature; another is altered.
  const link = await server.call(`POST ${path}/rejects/link`, { json: {} });
  const opened = String(link.json.data.url).slice("http://waybill.test".length);
  assert.match(opened, new RegExp(`signature=${SIGNATURE}$`));
  for (const [tried, status] of [[opened, 200], [`${opened}x`, 404]] as const) {
    replies.push(await server.call(`GET ${tried}`, { token: null }));
    assert.equal(replies.at(-1)?.status, status);
  }
  for (const number of [1, 4, 7]) replies.push(await server.call(`DELETE /api/auth/partner-${number}`));
  for (const list of ["auth", "token", "job", "run", "artifact", "audit?limit=1000", "account", "auth/partner-3"]) {
    replies.push(await server.call(`GET /api/${list}`));
    assert.equal(replies.at(-1)?.status, 200, list);
  }
  replies.push(run, await server.call(`GET ${path}`), await server.call("GET /openapi.json"));
  return replies;
}

async function searchPostgres(tokens: readonly string[]): Promise<void> {
  const dump = await dumpOf({ path: "", url: Deno.env.get("WAYBILL_DATABASE_URL") });
  assert.match(dump, /partner-149/);
  assert.deepEqual(leaksIn(dump), []);
  for (const token of tokens) assert.ok(!dump.includes(new TextEncoder().encode(token).toHex()));
}
