/** Two server processes on one database share the rate limits of an API key, to the request, and restarts keep them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { PLUGINS, temporaryFolder } from "./support/home.ts";

const REQUESTS = 1_000;

onEachDatabase("1,000 requests at once over two processes: exactly the limit is let in", async (databases) => {
  await databases.useInHomes();
  await using root = await temporaryFolder();
  const home = join(root.path, "home");
  let authorization = "";
  {
    await using runtime = await openRuntime({
      home,
      plugins: PLUGINS,
      runner: "none",
      log: createLog({ write: () => {} }),
    });
    const { api_key, api_secret } = await runtime.apiKeys.create();
    authorization = `Basic ${btoa(`${api_key}:${api_secret}`)}`;
  }
  // An hour's limit: none of it is over before the test is.
  const limits = { rate_limits: { "audience-import-status": { requests: 60, seconds: 3_600 } } };
  await Deno.writeTextFile(join(home, "waybill.json"), JSON.stringify(limits));
  const ask = async (url: string) => {
    const path = "/v1/imports/audiences/list/status/3b4a65e5-2beb-4011-85df-c9f594217d90";
    const reply = await fetch(`${url}${path}`, { headers: { authorization } });
    await reply.body?.cancel();
    return { status: reply.status, after: Number(reply.headers.get("retry-after")) };
  };
  {
    await using one = await startServer(home);
    await using other = await startServer(home);
    const urls = [one.url, other.url];
    const replies = await Promise.all(Array.from({ length: REQUESTS }, (_, at) => ask(urls[at % 2]!)));
    // Who is let in asks for an import that is not there.
    const counts = Map.groupBy(replies, ({ status }) => status);
    assert.deepEqual([counts.get(404)?.length, counts.get(429)?.length], [60, REQUESTS - 60]);
    for (const { after } of counts.get(429)!) assert(after > 3_000 && after <= 3_600);
    await one.stop("SIGKILL");
    assert.equal((await ask(other.url)).status, 429);
  }
  await using again = await startServer(home);
  assert.equal((await ask(again.url)).status, 429);
});
