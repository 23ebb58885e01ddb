/** The server is killed while it imports a list, again and again: the list is the old one, then the new one, once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { PLUGINS, temporaryFolder } from "./support/home.ts";

const IDS = 200_000, BAD = 1_000;

/** Each id twice, a bad line every now and then. */
function ids(): Blob {
  const lines: string[] = [];
  for (let id = 0; id < IDS; id++) {
    lines.push(`{"customer_id":"user-${id}"}\n{"customer_id":"user-${id}"}\n`);
    if (id % (IDS / BAD) === 0) lines.push("no JSON\n");
  }
  return new Blob(lines);
}

/** Kills of one import; those that come too late find it done. */
const KILLS = 3;

onEachDatabase(
  "kill -9 at any moment of a list's import leaves the old members or the new ones, once",
  async (databases) => {
    await databases.useInHomes();
    await using root = await temporaryFolder();
    const home = join(root.path, "home");
    let authorization = "", token = "", app_id = "";
    {
      await using runtime = await openRuntime({
        home,
        plugins: PLUGINS,
        runner: "none",
        log: createLog({ write: () => {} }),
      });
      ({ token } = await runtime.tokens.create({ name: "test", scopes: ["admin"] }));
      ({ app_id } = await runtime.apps.create({ name: "weather" }));
      const { api_key, api_secret } = await runtime.apiKeys.create();
      authorization = `Basic ${btoa(`${api_key}:${api_secret}`)}`;
    }
    const lists = "/v1/imports/audiences/list/";
    const send = async (url: string, method: string, path: string, fields: Record<string, string | Blob>) => {
      const body = new FormData();
      for (const [name, value] of Object.entries(fields)) body.append(name, value);
      const reply = await fetch(`${url}${path}`, { method, headers: { authorization }, body });
      const json = await reply.json();
      assert.equal(reply.status, 202, JSON.stringify(json));
      return String(json.activity_id).replaceAll("-", "");
    };
    const form = { app_id, identifier_type: "customer_id" };
    const open = ["queued", "running"];
    let run = "";
    {
      await using server = await startServer(home);
      server.useToken(token);
      const file = new Blob(['{"customer_id":"old"}\n']);
      const first = await send(server.url, "POST", lists, { ...form, audience_name: "n", file });
      while (open.includes((await server.api(`GET /api/run/${first}`)).status));
      const [{ id }] = await (await fetch(`${server.url}${lists}app/${app_id}`, { headers: { authorization } })).json();
      run = await send(server.url, "PUT", `${lists}${id}`, { ...form, file: ids() });
      await server.stop("SIGKILL");
    }
    const state = async (url: string) => {
      const [list] = await (await fetch(`${url}${lists}app/${app_id}`, { headers: { authorization } })).json();
      return [list.version, list.record_count];
    };
    for (let kill = 1; kill <= KILLS; kill++) {
      await using server = await startServer(home);
      server.useToken(token);
      // Ever later: while it reads, while it replaces, after.
      let bytes = 0;
      for (let status = "queued"; open.includes(status) && bytes < kill * 2_500_000;) {
        const view = await server.api(`GET /api/run/${run}`);
        status = view.status;
        bytes = view.progress?.done ?? 0;
      }
      const [version, count] = await state(server.url);
      assert.deepEqual([version, count], version === 1 ? [1, 1] : [2, IDS]);
      await server.stop("SIGKILL");
    }
    await using server = await startServer(home);
    server.useToken(token);
    let view = await server.api(`GET /api/run/${run}`);
    while (open.includes(view.status)) view = await server.api(`GET /api/run/${run}`);
    assert.deepEqual(
      [view.status, view.read, view.accepted, view.rejected],
      ["succeeded", 2 * IDS + BAD, 2 * IDS, BAD],
      JSON.stringify(view),
    );
    assert.deepEqual(await state(server.url), [2, IDS]);
    // Each rejected row once, whatever the attempts before had archived.
    const rejects = await server.api(`GET /api/run/${run}/rejects`);
    assert.equal(rejects.length, BAD);
    assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
    assert.deepEqual(Array.from(Deno.readDirSync(join(home, "spool", "1"))), []);
  },
);
