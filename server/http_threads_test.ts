import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { serverCommand, type ServerProcess, startServer } from "./serve_process_testing.ts";

/** Requests that each come on a connection of their own: all of three threads get some of them. */
const MANY = 40;

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "waybill-threads-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A request on a new connection. */
async function ask(url: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly text: string }> {
  using client = Deno.createHttpClient({});
  const response = await fetch(url, { ...init, client });
  return { status: response.status, text: await response.text() };
}

/** What many requests got, each answer once. */
async function answers(ask: () => Promise<string>): Promise<string[]> {
  return [...new Set(await Promise.all(Array.from({ length: MANY }, ask)))];
}

async function startThree(home: string): Promise<{ readonly server: ServerProcess; readonly token: string }> {
  const server = await startServer(home, ["--threads", "3", "--log-level", "info"]);
  const token = /never shown again\.\n\n {2}(\S+)\n/.exec(server.stderr())?.[1] ?? "";
  server.useToken(token);
  return { server, token };
}

async function importPeople(server: ServerProcess, folder: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "people.csv"), "email,country\nann@example.com,CH\nbo@example.com,DE\n");
  await server.api("POST /api/auth", { method: "local-folder", label: "here", config: { folder } });
  const config = { stream: "people", file: "people.csv", identify_by: ["email"] };
  const { id } = await server.api("POST /api/run", { type: "csv-import", auth: "here", config });
  let run = await server.api(`GET /api/run/${id}`);
  while (run.status === "queued" || run.status === "running") run = await server.api(`GET /api/run/${id}`);
  assert.equal(run.status, "succeeded", JSON.stringify(run));
}

onEachDatabase("whatever is written is heeded by every thread's next answer", async (databases) => {
  await databases.useInHomes();
  await using root = await temporaryFolder();
  const { server, token } = await startThree(join(root.path, "home"));
  await using _ = server;
  await importPeople(server, root.path);
  const headers = { authorization: token };
  const entity = async (token: string) => {
    const url = `${server.url}/api/entity/user/email/ann@example.com`;
    const { status, text } = await ask(url, { headers: { authorization: token } });
    return status === 200 ? JSON.stringify(JSON.parse(text).data.segments) : String(status);
  };
  assert.deepEqual(await answers(() => entity(token)), ['["all"]']);
  for (let round = 0; round < 3; round++) {
    const { id } = await server.api("POST /api/audience", { filter: `FILTER country = "CH" ALIAS swiss_${round}` });
    assert.deepEqual(await answers(() => entity(token)), [`["swiss_${round}","all"]`]);
    assert.equal((await ask(`${server.url}/api/audience/${id}`, { method: "DELETE", headers })).status, 204);
    assert.deepEqual(await answers(() => entity(token)), ['["all"]']);
    const made = await server.api("POST /api/auth/createtoken", { name: `short-${round}`, scopes: ["admin"] });
    assert.deepEqual(await answers(() => entity(made.token)), ['["all"]']);
    assert.equal((await ask(`${server.url}/api/auth/${made.id}`, { method: "DELETE", headers })).status, 204);
    assert.deepEqual(await answers(() => entity(made.token)), ["401"]);
  }
  const health = async (path: string) => (await ask(`${server.url}${path}`)).text;
  assert.deepEqual(await answers(() => health("/healthz")), ['{"status":"ok"}']);
  assert.deepEqual(await answers(() => health("/readyz")), ['{"status":"ready"}']);
  const { id } = await server.api("POST /api/audience", { filter: 'FILTER country = "DE" ALIAS german' });
  const size = async () => {
    const { text } = await ask(`${server.url}/api/audience/${id}/size`, { headers });
    return JSON.stringify(JSON.parse(text).data.size ?? text);
  };
  assert.deepEqual(await answers(size), ["1"]);
  assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
});

Deno.test("requests in flight on every thread are answered before the server ends, and the log's lines are whole", async () => {
  await using root = await temporaryFolder();
  const { server, token } = await startThree(join(root.path, "home"));
  await using _ = server;
  // Whoever wants to write waits for this one.
  using database = new DatabaseSync(join(root.path, "home", "waybill.db"), { timeout: 60_000 });
  database.exec("begin immediate");
  const made = Array.from({ length: MANY }, async (_, number) => {
    const headers = { authorization: token, "content-type": "application/json" };
    const body = JSON.stringify({ filter: `FILTER id = ${number} ALIAS a${number}` });
    return (await ask(`${server.url}/api/audience`, { method: "POST", headers, body })).status;
  });
  // Answered after them: by now each thread has begun with what was sent before.
  for (let round = 0; round < 3; round++) await answers(async () => (await ask(`${server.url}/healthz`)).text);
  const stopped = server.stop("SIGTERM");
  while (!server.stderr().includes("Stopping: requests in flight finish")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  database.exec("rollback");
  assert.deepEqual([...new Set(await Promise.all(made))], [201]);
  assert.equal(await stopped, 0, server.stderr());
  const lines = server.stderr().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  assert.equal(lines.filter(({ path }) => path === "/api/audience").length, MANY);
});

Deno.test("a server that is killed with its threads loses nothing that it confirmed", async () => {
  await using root = await temporaryFolder();
  const home = join(root.path, "home");
  const { server, token } = await startThree(home);
  await using _ = server;
  const names = await Promise.all(Array.from({ length: MANY }, async (_, number) => {
    const headers = { authorization: token, "content-type": "application/json" };
    const body = JSON.stringify({ filter: `FILTER id = ${number} ALIAS a${number}` });
    assert.equal((await ask(`${server.url}/api/audience`, { method: "POST", headers, body })).status, 201);
    return `a${number}`;
  }));
  await server.stop("SIGKILL");
  await using again = await startServer(home, ["--threads", "2"]);
  again.useToken(token);
  const kept: { readonly slug: string }[] = await again.api("GET /api/audience");
  for (const name of names) assert.ok(kept.some(({ slug }) => slug === name), name);
  assert.equal(await again.stop("SIGTERM"), 0, again.stderr());
});

Deno.test("threads do not share a port with another server", async () => {
  await using root = await temporaryFolder();
  await using server = await startServer(join(root.path, "home"), ["--threads", "2"]);
  const { port } = new URL(server.url);
  for (const threads of ["1", "2"]) {
    const flags = ["--home", join(root.path, "other"), "--port", port, "--no-sftp", "--threads", threads];
    const { code, stderr } = await (await serverCommand(flags)).output();
    assert.equal(code, 3);
    assert.match(new TextDecoder().decode(stderr), new RegExp(`^error: Port ${port} is in use`));
  }
});

Deno.test("where Deno lets nobody share a port, the server says so and does not start", async () => {
  await using root = await temporaryFolder();
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  const path = join(root.path, "deno.json");
  await Deno.writeTextFile(path, JSON.stringify({ imports: config.imports, unstable: [] }));
  const lock = join(root.path, "deno.lock");
  await Deno.copyFile(new URL("../deno.lock", import.meta.url), lock);
  const flags = ["--home", join(root.path, "home"), "--port", "0", "--no-sftp", "--threads", "2"];
  const deno = [`--config=${path}`, `--lock=${lock}`, "--cached-only", "--quiet"];
  const { code, stderr } = await (await serverCommand(flags, deno)).output();
  assert.equal(code, 3);
  assert.match(
    new TextDecoder().decode(stderr),
    /^error: Several threads cannot answer HTTP: .*\nhint: .*--unstable-net/,
  );
});
