/**
 * Looking a profile up by e-mail address, token check and audiences included, beside a bare handler with one read.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { median, rounds, spread, table, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { startBenchServer } from "./server.ts";
import { Stage, WAYBILL_ARGS } from "./stage.ts";
import { type Load, load } from "./wrk.ts";

/** Requests in flight. */
const CONNECTIONS = 8;

/** How long each is asked in a round. */
const SECONDS = 5;

/** Threads of the second server: as many as the goal's machine has cores. */
const THREADS = 2;

/** As many audiences as the goal speaks of. */
const AUDIENCES = 50;

const CITIES = ["Zürich", "New York", "São Paulo", "München", "Lyon", "Tokyo", "Kraków", "Portland", "東京", "Austin"];
const COUNTRIES = ["CH", "US", "BR", "DE", "FR", "JP", "PL"];

/** Filters of many kinds, the same at each call. */
export function filters(count: number): string[] {
  const kinds = [
    (n: number) => `FILTER country = "${COUNTRIES[n % COUNTRIES.length]}"`,
    (n: number) => `FILTER AND (city IN ("${CITIES[n % CITIES.length]}", "Lyon"), amount > ${10 * n})`,
    (n: number) => `FILTER OR (email CONTAINS "${n}@example", note LIKE "*VIP*")`,
    (n: number) => `FILTER AND (EXISTS phone, NOT country = "${COUNTRIES[n % COUNTRIES.length]}", amount < ${20 * n})`,
    (n: number) => `FILTER AND (updated_at > "2024-0${1 + n % 9}-01", last_name != "Smith")`,
    (n: number) => `FILTER AND (INCLUDE bench_${n - n % 6}, birthday < "19${40 + n}-01-01")`,
  ];
  return Array.from({ length: count }, (_, n) => `${kinds[n % kinds.length]!(n)} ALIAS bench_${n}`);
}

/** Imports `rows` profiles, makes the audiences, and asks all servers in turn; lines of Markdown. */
export async function benchEntity(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("customers.csv"), { rows });
  await using home = await stage.home({ local: true });
  await home.journey("customers.csv");
  const token = await createToken(home.path);
  await using server = await startBenchServer(home.path);
  await using threaded = await startBenchServer(home.path, ["--threads", String(THREADS)]);
  for (const filter of filters(AUDIENCES)) await makeAudience(server.url, token, filter);
  await using bare = await startBare(`${stage.folder}/bare.db`, rows);
  const common = { count: rows, token, connections: CONNECTIONS, seconds: SECONDS };
  const asked = { url: server.url, path: "/api/entity/user/email/user%d@example.com", ...common };
  const threadedAsked = { ...asked, url: threaded.url };
  const bareAsked = { url: bare.url, path: "/profile/user%d@example.com", ...common };
  // What is compiled and cached once is not what is measured.
  for (const options of [asked, threadedAsked, bareAsked]) await load(options);
  const ours: Load[] = [], threads: Load[] = [], theirs: Load[] = [];
  for (let round = 0; round < count; round++) {
    ours.push(await load(asked));
    threads.push(await load(threadedAsked));
    theirs.push(await load(bareAsked));
    const speeds = [ours, threads, theirs].map((loads) => loads[round]!.requestsPerSecond.toFixed(0));
    console.error(`entity: ${speeds.join(", ")} requests/s`);
  }
  const speeds = (loads: readonly Load[]) =>
    loads.map(({ requestsPerSecond }, round) => requestsPerSecond / theirs[round]!.requestsPerSecond);
  const tails = (loads: readonly Load[]) => loads.map(({ p50, p99 }) => p99 / p50);
  const cells = (loads: readonly Load[]) => [
    spread(loads.map(({ requestsPerSecond }) => requestsPerSecond), 0),
    spread(loads.map(({ p50 }) => p50)),
    spread(loads.map(({ p99 }) => p99)),
    spread(tails(loads)),
  ];
  const row = (name: string, loads: readonly Load[]) => [
    name,
    ...cells(loads),
    verdict(median(tails(loads)), { is: "≤", limit: 10 }),
    spread(speeds(loads)),
    verdict(median(speeds(loads)), { is: "≥", limit: 0.4 }),
  ];
  return [
    `${
      rows.toLocaleString("en")
    } profiles, ${AUDIENCES} audiences, random e-mail addresses, ${CONNECTIONS} requests in ` +
    `flight from wrk on the same machine for ${SECONDS} s each; ${rounds(count)}`,
    "",
    ...table(["", "requests/s", "p50 ms", "p99 ms", "p99 / p50", "goal", "× the bare handler", "goal"], [
      row("`/api/entity/user/email/…`, token check and segments", ours),
      row(`the same, \`serve --threads ${THREADS}\``, threads),
      ["bare Hono handler, one read of SQLite", ...cells(theirs), "", "1", ""],
    ]),
  ];
}

async function createToken(home: string): Promise<string> {
  const made = ["token", "create", "--name", "bench", "--scopes", "admin", "--home", home, "--json"];
  const { stdout } = await new Deno.Command("deno", { args: [...WAYBILL_ARGS, ...made] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).token;
}

async function makeAudience(url: string, token: string, filter: string): Promise<void> {
  const response = await fetch(`${url}/api/audience`, {
    method: "POST",
    headers: { authorization: token, "content-type": "application/json" },
    body: JSON.stringify({ filter }),
  });
  if (response.status !== 201) throw new Error(`${filter}: ${await response.text()}`);
  await response.body?.cancel();
}

/** Starts the bare handler over a database of its own; resolves once it listens. */
async function startBare(path: string, rows: number): Promise<{ readonly url: string } & AsyncDisposable> {
  const child = fileURLToPath(new URL("entity_child.ts", import.meta.url));
  const permissions = ["--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
  const args = ["run", "--no-prompt", "--quiet", ...permissions, child, path, String(rows)];
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
