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
import { type Load, load, type LoadOptions } from "./wrk.ts";

/** Requests in flight: enough that no thread waits for the next, which is what requests a second are the measure of. */
const CONNECTIONS = 32;

/** A second load, where a thread, wrk's included, that waits for a core shows in the slowest answers. */
const FEW_CONNECTIONS = 8;

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
  const asked = { count: rows, token, seconds: SECONDS };
  const profile = "/api/entity/user/email/user%d@example.com";
  const servers: readonly Asked[] = [
    { name: "`/api/entity/user/email/…`, token check and segments", url: server.url, path: profile, ...asked },
    { name: `the same, \`serve --threads ${THREADS}\``, url: threaded.url, path: profile, ...asked },
    { name: "bare Hono handler, one read of SQLite", url: bare.url, path: "/profile/user%d@example.com", ...asked },
  ];
  // What is compiled and cached once is not what is measured.
  for (const options of servers) await load({ ...options, connections: CONNECTIONS });
  return [
    `${rows.toLocaleString("en")} profiles, ${AUDIENCES} audiences, random e-mail addresses, wrk on the same machine ` +
    `for ${SECONDS} s each; the goals are for ${CONNECTIONS} requests in flight; ${rounds(count)}`,
    ...await compared(servers, count, CONNECTIONS),
    ...await compared(servers, count, FEW_CONNECTIONS),
  ];
}

/** A server, and what it is asked for. */
type Asked = Omit<LoadOptions, "connections"> & { readonly name: string };

/** Asks all in turn, the last of them the one that the others are compared with; a table. */
async function compared(servers: readonly Asked[], count: number, connections: number): Promise<string[]> {
  const loads: Load[][] = servers.map(() => []);
  for (let round = 0; round < count; round++) {
    for (const [place, options] of servers.entries()) loads[place]!.push(await load({ ...options, connections }));
    const speeds = loads.map((rounds) => rounds[round]!.requestsPerSecond.toFixed(0));
    console.error(`entity: ${speeds.join(", ")} requests/s, ${connections} in flight`);
  }
  const bare = loads.at(-1)!;
  const rows = servers.map(({ name }, place) => {
    const own = loads[place]!;
    const tails = own.map(({ p50, p99 }) => p99 / p50);
    const speeds = own.map(({ requestsPerSecond }, round) => requestsPerSecond / bare[round]!.requestsPerSecond);
    const goals = own !== bare && connections === CONNECTIONS;
    return [
      name,
      spread(own.map(({ requestsPerSecond }) => requestsPerSecond), 0),
      spread(own.map(({ p50 }) => p50)),
      spread(own.map(({ p99 }) => p99)),
      spread(tails),
      goals ? verdict(median(tails), { is: "≤", limit: 10 }) : "",
      spread(speeds),
      goals ? verdict(median(speeds), { is: "≥", limit: 0.4 }) : "",
    ];
  });
  const heads = [`${connections} in flight`, "requests/s", "p50 ms", "p99 ms", "p99 / p50", "goal", "× bare", "goal"];
  return ["", ...table(heads, rows)];
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
