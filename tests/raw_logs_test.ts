/** Raw logs with the programs that people use: sent by curl, fetched by curl, unpacked by gunzip, zcat and Python. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { openLogServer } from "../server/bulk/raw_logs_testing.ts";
import { createApp } from "../server/app.ts";
import { type ServerProcess, startServer } from "../server/serve_process_testing.ts";
import { PLUGINS, temporaryFolder } from "./support/home.ts";

const HOUR = 3_600_000;

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("curl sends and fetches a log; gunzip, zcat and Python unpack it, an empty one too", async () => {
  await using root = await temporaryFolder();
  await using logs = await openLogServer();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, logs.server.app.fetch);
  try {
    const { api_key, api_secret } = await logs.server.runtime.apiKeys.create();
    const base = `http://${api_key}:${api_secret}@127.0.0.1:${server.addr.port}`;
    const events = join(root.path, "events.jsonl");
    await Deno.writeTextFile(events, '{"type":"e","name":"one"}\n{"type":"s"}\n');
    await run("/usr/bin/gzip", "--keep", events);
    const send = ["-sS", "--fail-with-body", `${base}/v1/apps/${logs.app}/events`];
    const answer = '{"accepted":2,"late":0,"refused":0}';
    assert.equal(await run("/usr/bin/curl", ...send, "--data-binary", `@${events}`), answer);
    const packed = ["-H", "Content-Encoding: gzip", "--data-binary", `@${events}.gz`];
    assert.equal(await run("/usr/bin/curl", ...send, ...packed), answer);
    logs.now += 2 * HOUR;
    for (const [hour, count] of [[14, 4], [9, 0]] as const) {
      const file = join(root.path, `${hour}.log.gz`);
      // As documented, with the host and the ids changed.
      const url = `${base}/v1/exports/analytics/logs/${logs.app}/2026/11/21/${hour}`;
      const shown = await run("/usr/bin/curl", "-sSi", url);
      assert.match(shown, /^HTTP\/1\.1 302 Found\r\n/);
      assert.match(shown, /\r\ncontent-length: 0\r\n/);
      assert.match(
        shown,
        new RegExp(
          `\r\nlocation: http://127\\.0\\.0\\.1:\\d+/files/\\S+/${String(hour).padStart(2, "0")}\\.log\\.gz\\?`,
        ),
      );
      await run("/usr/bin/curl", "-sSL", "--fail", "-o", file, url);
      const text = await run("/usr/bin/zcat", file);
      assert.equal(text.split("\n").length - 1, count);
      const program = "import gzip, sys; sys.stdout.write(gzip.open(sys.argv[1], 'rt').read())";
      assert.equal(await run("/usr/bin/python3", "-c", program, file), text);
      await run("/usr/bin/gunzip", file);
      assert.equal(await Deno.readTextFile(file.replace(/\.gz$/, "")), text);
    }
    const url = `${base}/v1/exports/analytics/logs/${logs.app}/2026/11/21/14`;
    const whole = await logs.file("2026/11/21/14");
    const parts = join(root.path, "parts");
    for (const range of ["0-9", `10-${whole.length - 5}`, "-4"]) {
      await run("/usr/bin/curl", "-sSL", "--fail", "-r", range, "-o", `${parts}${range}`, url);
    }
    const read = ["0-9", `10-${whole.length - 5}`, "-4"].map((range) => [...Deno.readFileSync(`${parts}${range}`)]);
    assert.deepEqual(read.flat(), [...whole]);
  } finally {
    await server.shutdown();
  }
});

/** The names of all events of an app, in logs that are complete at a later time. */
async function namesOf(runtime: Runtime, app: string, authorization: string, hours: readonly number[]) {
  const server = createApp(runtime, {
    log: createLog({ write: () => {} }),
    stopping: new AbortController().signal,
    ready: () => Promise.resolve(),
  });
  const names: string[] = [];
  for (const hour of hours) {
    const path = new Date(hour).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/");
    const url = `http://waybill.test/v1/exports/analytics/logs/${app}/${path}`;
    const reply = await server.fetch(new Request(url, { headers: { authorization } }));
    assert.equal(reply.status, 302, await reply.clone().text());
    const file = await server.fetch(new Request(reply.headers.get("location") ?? ""));
    const text = new TextDecoder().decode(gunzipSync(await file.bytes()));
    names.push(...text.split("\n").slice(0, -1).map((line) => JSON.parse(line).name));
  }
  return names;
}

onEachDatabase(
  "two processes that are killed while they collect: what was answered is there exactly once",
  async (databases) => {
    await databases.useInHomes();
    await using root = await temporaryFolder();
    const home = join(root.path, "home");
    const log = createLog({ write: () => {} });
    const open = (ahead = 0) =>
      openRuntime({ home, plugins: PLUGINS, runner: "none", log, clock: () => Promise.resolve(Date.now() + ahead) });
    let app = "", authorization = "";
    {
      await using runtime = await open();
      app = (await runtime.apps.create({ name: "weather" })).app_id;
      await runtime.enabledExports.enable({ type: "log-export", app });
      const { api_key, api_secret } = await runtime.apiKeys.create();
      authorization = `Basic ${btoa(`${api_key}:${api_secret}`)}`;
    }
    const begun = Date.now();
    const servers: ServerProcess[] = [await startServer(home), await startServer(home)];
    const keyed: string[] = [], answered: string[] = [], unanswered: string[] = [];
    let over = false;
    const post = async (server: number, batch: readonly string[], headers: Record<string, string>) => {
      const body = batch.map((name) => `${JSON.stringify({ type: "e", name, text: "x".repeat(200) })}\n`).join("");
      const init = { method: "POST", body, headers: { authorization, ...headers } };
      const reply = await fetch(`${servers[server]!.url}/v1/apps/${app}/events`, init);
      const text = await reply.text();
      assert.equal(reply.status, 200, text);
    };
    const send = async (sender: number) => {
      for (let number = 0; !over; number++) {
        const batch = Array.from({ length: 1 + number % 40 }, (_, index) => `${sender}-${number}-${index}`);
        const hasKey = number % 2 === 0;
        const headers: Record<string, string> = hasKey ? { "idempotency-key": `${sender}-${number}` } : {};
        for (let tries = 0;; tries++) {
          try {
            await post((sender + tries) % 2, batch, headers);
            (hasKey ? keyed : answered).push(...batch);
            break;
          } catch (error) {
            if (!(error instanceof TypeError)) throw error;
            // Its server is gone: what has a key is sent again, to the other one.
            if (!hasKey) {
              unanswered.push(...batch);
              break;
            }
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      }
    };
    try {
      const senders = Promise.all([0, 1, 2, 3, 4, 5].map(send));
      senders.catch(() => over = true);
      for (let kill = 0; kill < 3; kill++) {
        const until = answered.length + keyed.length + 300;
        while (!over && answered.length + keyed.length < until) await new Promise((resolve) => setTimeout(resolve, 5));
        await servers[kill % 2]!.stop("SIGKILL");
        servers[kill % 2] = await startServer(home);
      }
      over = true;
      await senders;
    } finally {
      over = true;
      for (const server of servers) await server[Symbol.asyncDispose]();
    }
    const first = Math.floor(begun / HOUR) * HOUR;
    const hours = [first];
    while (hours.at(-1)! + HOUR <= Date.now()) hours.push(hours.at(-1)! + HOUR);
    await using runtime = await open(2 * HOUR);
    const names = await namesOf(runtime, app, authorization, hours);
    const there = new Set(names);
    assert.equal(there.size, names.length, "An event is there twice");
    assert.deepEqual([...answered, ...keyed].filter((name) => !there.has(name)), []);
    const known = new Set([...answered, ...keyed, ...unanswered]);
    assert.deepEqual(names.filter((name) => !known.has(name)), []);
  },
);
