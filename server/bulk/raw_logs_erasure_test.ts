/** Erasure reaches raw logs: those that are kept, what crashes left of them, and those that are sent meanwhile. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createLog } from "../../core/engine/log.ts";
import { openRuntime } from "../../core/engine/open.ts";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { type LogServer, openLogServer } from "./raw_logs_testing.ts";

const HOUR = 3_600_000;
const ANN = "ann.smith@example.com";

/** Has a process of its own do what waits. */
async function work(home: string, run: string): Promise<void> {
  const log = createLog({ write: () => {} });
  await using runtime = await openRuntime({ home, plugins: [], runner: "serve", log });
  let status: string | undefined;
  for await (const view of runtime.runs.follow(run, { signal: AbortSignal.timeout(300_000) })) status = view.status;
  assert.equal(status, "succeeded");
}

/** Every file of raw logs, by its path. */
function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

async function identify({ server }: LogServer): Promise<void> {
  await server.runtime.mappings.create({ lql: "SELECT id, email FROM people INTO user BY id OR email" });
}

onEachDatabase("rows about the erased leave the logs, and those of everybody else stay", async (databases) => {
  await databases.useInHomes();
  await using logs = await openLogServer();
  await identify(logs);
  const home = join(dirname(logs.server.folder), "home");
  const about: readonly (readonly [name: string, fields: object])[] = [
    ["by customer id", { customer_ids: { customer_id: "7" } }],
    ["by number", { customer_ids: { any: 7 } }],
    ["by e-mail address", { customer_ids: { email: "Ann.Smith@Example.com" } }],
    ["by a field that identifies", { id: "7" }],
    ["within a text", { note: `sent to ${ANN}` }],
  ];
  const others: readonly (readonly [name: string, fields: object])[] = [
    ["the seventh", { nth: 7, customer_ids: { customer_id: "70" } }],
    ["7 Main Street", { note: "7" }],
    ["nobody", {}],
  ];
  const events = [...about, ...others].map(([name, fields]) => ({ type: "e", name, ...fields }));
  // Each in a file of its own member, and some of one member.
  for (const event of events) assert.equal((await logs.send([event])).status, 200);
  assert.deepEqual((await logs.send(events)).json, { accepted: 8, late: 0, refused: 0 });
  const [segment = assert.fail()] = [...filesBelow(join(home, "archive", "1", "logs"))];
  // What crashes leave: bytes past the end that is noted, and a file that no row names.
  const left = await Deno.readFile(segment);
  await Deno.writeFile(segment, left, { append: true });
  await Deno.writeFile(segment.replace(/-1\.jsonl/, "-99.jsonl"), left);
  const { run_id } = await logs.server.runtime.erasures.request("email", ANN);
  const again = await logs.server.runtime.erasures.request("id", "7");
  const meanwhile = await logs.send(events);
  assert.deepEqual(meanwhile.json, { accepted: 3, late: 0, refused: 5 });
  await work(home, run_id);
  assert.equal((await logs.server.runtime.erasures.get(again.request_id)).state, "done");
  for (const path of filesBelow(join(home, "archive", "1", "logs"))) {
    const text = new TextDecoder().decode(gunzipSync(await Deno.readFile(path))).toLowerCase();
    for (const gone of [ANN, '"7"}', ":7}", "by e-mail"]) assert(!text.includes(gone), `"${gone}" is in ${path}`);
  }
  // They are taken again when it is done.
  assert.deepEqual((await logs.send(events.slice(0, 1))).json, { accepted: 1, late: 0, refused: 0 });
  logs.now += 2 * HOUR;
  const rows = await logs.rows("2026/11/21/14");
  const names = [...Array(3)].flatMap(() => others.map(([name]) => name));
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...names, "by customer id"].sort());
});

onEachDatabase(
  "an hour that holds only the erased is empty afterwards, and its links open what is left",
  async (databases) => {
    await databases.useInHomes();
    await using logs = await openLogServer();
    await identify(logs);
    await logs.send([{ type: "s", customer_ids: { email: ANN } }]);
    logs.now += 2 * HOUR;
    const path = `GET /v1/exports/analytics/logs/${logs.app}/2026/11/21/14`;
    const link = (await logs.ask(path)).headers.get("location") ?? "";
    const fetchLink = async () => await logs.server.app.fetch(new Request(link));
    const before = await fetchLink();
    assert.match(new TextDecoder().decode(gunzipSync(await before.bytes())), /ann\.smith/);
    const { run_id } = await logs.server.runtime.erasures.request("email", ANN);
    await work(join(dirname(logs.server.folder), "home"), run_id);
    const after = await fetchLink();
    assert.notEqual(after.headers.get("etag"), before.headers.get("etag"));
    assert.equal(gunzipSync(await after.bytes()).length, 0);
    assert.deepEqual(await logs.rows("2026/11/21/14"), []);
  },
);
