/** The server is killed while it imports an upload: the next one goes on, and every row counts once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { openRuntime } from "../core/engine/open.ts";
import { createLog } from "../core/engine/log.ts";
import { PLUGINS, temporaryFolder } from "./support/home.ts";

/** Five commits and more, so that a kill after the first comes before the last. */
const ROWS = 550_000;

function customers(): Uint8Array<ArrayBuffer> {
  const lines = ["id,email,name"];
  for (let row = 0; row < ROWS; row++) lines.push(`${row},u${row}@example.com,"Name, ${row}"`);
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

onEachDatabase("an upload that kill -9 interrupts is gone on with, and every row counts once", async (databases) => {
  await databases.useInHomes();
  await using root = await temporaryFolder();
  const home = join(root.path, "home");
  const open = () => openRuntime({ home, plugins: PLUGINS, runner: "none", log: createLog({ write: () => {} }) });
  let token = "";
  {
    await using runtime = await open();
    ({ token } = await runtime.tokens.create({ name: "test", scopes: ["admin"] }));
  }
  let id = "";
  let killed = 0;
  {
    await using server = await startServer(home);
    server.useToken(token);
    const reply = await fetch(`${server.url}/api/stream/customers/upload?identify_by=id,email`, {
      method: "POST",
      headers: { authorization: token, "content-type": "text/csv" },
      body: customers(),
    });
    assert.equal(reply.status, 202, await reply.clone().text());
    ({ id } = (await reply.json()).data);
    while (killed === 0) killed = (await server.api(`GET /api/run/${id}`)).accepted;
    await server.stop("SIGKILL");
  }
  assert.ok(killed < ROWS, "The import was too quick to be killed");
  {
    await using server = await startServer(home);
    server.useToken(token);
    let run = await server.api(`GET /api/run/${id}`);
    while (run.status === "running" || run.status === "queued") run = await server.api(`GET /api/run/${id}`);
    assert.deepEqual(
      [run.status, run.read, run.accepted, run.rejected, run.profiles_created, run.attempts],
      ["succeeded", ROWS, ROWS, 0, ROWS, 2],
      JSON.stringify(run),
    );
    assert.equal((await server.api("GET /api/stream/customers")).events, ROWS);
    assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
  }
  assert.deepEqual(Array.from(Deno.readDirSync(join(home, "spool", "1"))), []);
});

Deno.test("a worker imports what a server without one took in", async () => {
  await using root = await temporaryFolder();
  const home = join(root.path, "home");
  const options = { home, plugins: PLUGINS, log: createLog({ write: () => {} }) };
  await using server = await openRuntime({ ...options, runner: "none" });
  await using _ = await openRuntime({ ...options, runner: "worker" });
  const stream = new Blob(['{"id":1}\n{"id":2}\n']).stream();
  const { id } = await server.uploads.create({ type: "json-import", into: "s", config: {}, stream, gzip: false });
  let status: string | undefined;
  for await (const run of server.runs.follow(id, { signal: AbortSignal.timeout(240_000) })) status = run.status;
  assert.equal(status, "succeeded");
  assert.equal((await server.streams.get("s")).events, 2);
});
