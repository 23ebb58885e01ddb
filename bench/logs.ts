/**
 * Collecting raw logs in batches, each of them on the disk when it is answered, beside a bare handler that parses the same
 * batch and discards it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { median, rounds, spread, table, verdict } from "./figures.ts";
import { startBenchServer } from "./server.ts";
import { Stage, WAYBILL_ARGS } from "./stage.ts";
import { load } from "./wrk.ts";

/** Events of a batch. */
const BATCH = 500;
/** Requests in flight. */
const CONNECTIONS = 16;
/** How long each is asked in a round. */
const SECONDS = 5;

/** A batch as the documented rows are, without what Waybill adds. */
function batch(): string {
  const at_millis = Date.now();
  const line = (number: number) =>
    JSON.stringify({
      device_uuid: crypto.randomUUID(),
      os_ver: "9.1",
      name: "updateWeather",
      lng: -100.92219,
      device_new: false,
      carrier: "AT&T",
      model: "iPad mini (2nd gen)",
      browser: "CFNetwork 758",
      app_ver: "1.1.3",
      uuid: crypto.randomUUID(),
      device_timezone: -18_000,
      advertising_id: crypto.randomUUID(),
      country: "us",
      at_millis: at_millis - number,
      language: "en",
      bundle_id: "com.example.WeatherVane",
      user_type: "anonymous",
      session_uuid: crypto.randomUUID(),
      nth: number,
      install_uuid: crypto.randomUUID(),
      library_ver: "iOSa_3.8.0",
      type: "e",
      platform: "iPad",
      jailbroken: false,
      limit_advertising: true,
      customer_ids: { customer_id: `customer-${number}` },
      lat: 32.701595,
    });
  return Array.from({ length: BATCH }, (_, number) => `${line(number)}\n`).join("");
}

/** Sends batches to both servers in turn; lines of Markdown. */
export async function benchLogs(count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await using home = await stage.home();
  const run = async (...args: readonly string[]) => {
    const all = [...WAYBILL_ARGS, ...args, "--home", home.path, "--json"];
    const { stdout } = await new Deno.Command("deno", { args: all }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  };
  const { app_id } = await run("app", "create", "--name", "bench");
  const { api_key, api_secret } = await run("apikey", "create");
  await using server = await startBenchServer(home.path);
  await using bare = await startBare();
  const body = stage.path("batch.jsonl");
  await Deno.writeTextFile(body, batch());
  const token = `Basic ${btoa(`${api_key}:${api_secret}`)}`;
  const common = { count: 1, token, body, connections: CONNECTIONS, seconds: SECONDS };
  const asked = { url: server.url, path: `/v1/apps/${app_id}/events`, ...common };
  const bareAsked = { url: bare.url, path: "/events", ...common };
  // What is compiled once is not what is measured.
  for (const options of [asked, bareAsked]) await load({ ...options, seconds: 1 });
  const ours: number[] = [], theirs: number[] = [];
  for (let round = 0; round < count; round++) {
    ours.push((await load(asked)).requestsPerSecond);
    theirs.push((await load(bareAsked)).requestsPerSecond);
    console.error(`logs: ${ours[round]} and ${theirs[round]} batches/s`);
  }
  const speeds = ours.map((speed, round) => speed / theirs[round]!);
  const size = (await Deno.stat(body)).size;
  return [
    `Batches of ${BATCH} events (${
      Math.round(size / 1_000)
    } kB), ${CONNECTIONS} requests in flight from wrk on the same ` +
    `machine for ${SECONDS} s each; ${rounds(count)}`,
    "",
    ...table(["", "events/s", "× the bare handler", "goal"], [
      [
        "`POST /v1/apps/…/events`, on the disk when answered",
        spread(ours.map((speed) => speed * BATCH), 0),
        spread(speeds),
        verdict(median(speeds), { is: "≥", limit: 0.3 }),
      ],
      ["bare Hono handler, parses and discards", spread(theirs.map((speed) => speed * BATCH), 0), "1", ""],
    ]),
  ];
}

/** Starts the bare handler; resolves once it listens. */
async function startBare(): Promise<{ readonly url: string } & AsyncDisposable> {
  const child = fileURLToPath(new URL("logs_child.ts", import.meta.url));
  const args = ["run", "--no-prompt", "--quiet", "--allow-net=127.0.0.1", child];
  const process = new Deno.Command("deno", { args, stdin: "null", stdout: "piped" }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: port } = await reader.read();
  return {
    url: `http://127.0.0.1:${port?.trim()}`,
    [Symbol.asyncDispose]: async () => {
      process.kill("SIGTERM");
      await process.status;
      await reader.cancel();
    },
  };
}
