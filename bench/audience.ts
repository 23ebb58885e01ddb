/**
 * Counting audiences, by the command line and over HTTP, beside `sqlite3` counting with the same conditions.
 *
 * @module
 */
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import { measureResponsiveness } from "./responsiveness.ts";
import { type BenchServer, startBenchServer } from "./server.ts";
import { type Home, Stage, WAYBILL, WAYBILL_ARGS } from "./stage.ts";

/** Profiles with a number, a time, a set, and texts. */
const LQL = `
SELECT customer_id,
  email(email) AS email,
  concat(first_name, " ", last_name) AS name,
  toupper(country) AS country,
  set(city) AS cities,
  count(customer_id) AS updates,
  sum(tonumber(amount)) AS spent,
  birthday KIND DATE,
  todate(updated_at) AS last_update
FROM customers INTO user BY customer_id OR email`;

const field = (name: string) => `json_extract(attributes, '$.${name}')`;
const IN_CITIES = `exists (select 1 from json_each(${field("cities")}) where value in ('Tokyo', 'Austin'))`;

/** A filter, and what says the same in SQL. */
interface Question {
  readonly slug: string;
  readonly title: string;
  readonly filter: string;
  readonly condition: string;
}

/** Those that others include come before. */
const QUESTIONS: readonly Question[] = [
  { slug: "compared", title: "`spent > 500`", filter: "spent > 500", condition: `${field("spent")} > 500` },
  {
    slug: "three",
    title: "`AND` of three",
    filter: 'AND (country = "CH", spent > 500, updates = 1)',
    condition: `${field("country")} = 'CH' and ${field("spent")} > 500 and ${field("updates")} = 1`,
  },
  { slug: "set", title: "a set", filter: 'cities INTERSECTS ("Tokyo", "Austin")', condition: IN_CITIES },
  {
    slug: "contained",
    title: "`CONTAINS`",
    filter: 'email CONTAINS "99@"',
    condition: `instr(${field("email")}, '99@') > 0`,
  },
  {
    slug: "included",
    title: "two `INCLUDE`",
    filter: "AND (INCLUDE compared, NOT INCLUDE set)",
    condition: `${field("spent")} > 500 and not ${IN_CITIES}`,
  },
  {
    slug: "dated",
    title: "date math",
    filter: 'last_update > "now-1000d"',
    condition: `${field("last_update")} > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1000 days')`,
  },
];

/** Members that may come or go between two counts: date math is told from now. */
const DRIFT = 10;

/** What one question took in a round. */
interface Round {
  readonly sqlite: Measure;
  readonly command: Measure;
  /** Seconds. */
  readonly http: number;
}

/** A store and what asks it. */
interface Asked {
  readonly home: Home;
  readonly flat: string;
  /** Its size, over HTTP. */
  size(slug: string): Promise<number>;
}

/** Measures `rows` profiles, and the memory of a tenth of them; lines of Markdown. */
export async function benchAudience(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  const tenth = Math.ceil(rows / 10);
  const small = await measureTable(stage, tenth, 1);
  const large = await measureTable(stage, rows, count);
  const lines = QUESTIONS.map(({ slug, title }) => {
    const of = large.figures.get(slug)!;
    const [sqlite, command] = [of.map((round) => round.sqlite), of.map((round) => round.command)];
    const asLong = timesAsLong(command, sqlite);
    const overHttp = of.map((round) => round.http / round.sqlite.wall);
    return [
      title,
      ...costs(sqlite).slice(0, 2),
      ...costs(command).slice(0, 2),
      spread(of.map(({ http }) => http)),
      spread(asLong),
      verdict(median(asLong), { is: "≤", limit: 1.5 }),
      spread(overHttp),
      verdict(median(overHttp), { is: "≤", limit: 1.5 }),
    ];
  });
  const peak = ({ figures }: typeof small) =>
    Math.max(...[...figures.values()].flat().map(({ command }) => command.memory));
  const head = [
    "",
    "`sqlite3` wall s",
    "CPU s",
    "`audience size` wall s",
    "CPU s",
    "HTTP wall s",
    "× `sqlite3`",
    "goal",
  ];
  const { answers, failures, worst, p99, longestGap } = large.health;
  return [
    `${rows.toLocaleString("en")} profiles of nine fields, and the same JSON in a table of its own for Debian's ` +
    `\`sqlite3\`; whole processes, start included, but for HTTP, where a server runs; ${rounds(count)}`,
    "",
    ...table([...head, "HTTP × `sqlite3`", "goal"], lines),
    "",
    `Peak memory of \`audience size\`: ${peak(small).toFixed(0)} MiB over ${tenth.toLocaleString("en")} profiles, ` +
    `${peak(large).toFixed(0)} MiB over ${rows.toLocaleString("en")}: ` +
    `${verdict(peak(large) / peak(small), { is: "≤", limit: 1.1, unit: " ×" })}. ` +
    `The server's: ${small.server.memory.toFixed(0)} and ${large.server.memory.toFixed(0)} MiB.`,
    "",
    `While they were counted over HTTP, \`/healthz\` answered ${answers} times (${failures} failures): 99 % within ` +
    `${p99.toFixed(1)} ms, the slowest in ${worst.toFixed(1)} ms, ` +
    `${verdict(worst, { is: "≤", limit: 50, unit: " ms" })}. ` +
    `Whoever asked was itself kept from running for up to ${longestGap.toFixed(1)} ms.`,
  ];
}

async function measureTable(stage: Stage, rows: number, count: number) {
  await writeCustomers(stage.path("customers.csv"), { rows });
  await using home = await stage.home({ local: true });
  const lql = `${stage.folder}/audience.lql`;
  await Deno.writeTextFile(lql, LQL);
  await waybill(home, "mapping", "create", "--file", lql);
  await home.journey("customers.csv");
  for (const { slug, filter } of QUESTIONS) {
    await waybill(home, "audience", "create", "--slug", slug, "--filter", `FILTER ${filter}`);
  }
  const flat = `${stage.folder}/flat.db`;
  await copyProfiles(home.path, flat);
  const { token } = JSON.parse(
    await waybill(home, "token", "create", "--name", "bench", "--scopes", "admin", "--json"),
  );
  await using server = await startBenchServer(home.path);
  const asked: Asked = { home, flat, size: (slug) => sizeOverHttp(server, token, slug) };
  for (const question of QUESTIONS) await checkSizes(asked, question);
  const figures = new Map(QUESTIONS.map(({ slug }): [string, Round[]] => [slug, []]));
  for (let round = 0; round < count; round++) {
    for (const question of QUESTIONS) {
      const figure = await measureRound(asked, question);
      figures.get(question.slug)!.push(figure);
      console.error(`audience ${question.slug}: ${figure.sqlite.wall} s, ${figure.command.wall} s, ${figure.http} s`);
    }
  }
  const counting = (async () => {
    for (const { slug } of QUESTIONS) await asked.size(slug);
  })();
  const health = await measureResponsiveness(`${server.url}/healthz`, counting);
  await Deno.remove(flat);
  return { figures, health, server: await server.end() };
}

/** Fails where the two do not count the same. */
async function checkSizes({ flat, size }: Asked, { slug, condition }: Question): Promise<void> {
  const { stdout } = await new Deno.Command("/usr/bin/sqlite3", { args: ["-readonly", flat, counted(condition)] })
    .output();
  const [expected, found] = [Number(new TextDecoder().decode(stdout)), await size(slug)];
  if (!(Math.abs(expected - found) <= DRIFT)) throw new Error(`"${slug}" has ${found} members, not ${expected}`);
}

async function measureRound({ home, flat, size }: Asked, { slug, condition }: Question): Promise<Round> {
  const sqlite = await measure(["/usr/bin/sqlite3", "-readonly", flat, counted(condition)]);
  const command = await measure([...WAYBILL, "audience", "size", slug, "--home", home.path], {
    WAYBILL_DATABASE_URL: "",
  });
  const began = performance.now();
  await size(slug);
  return { sqlite, command, http: (performance.now() - began) / 1_000 };
}

function counted(condition: string): string {
  return `select count(*) from profiles where ${condition}`;
}

async function sizeOverHttp({ url }: BenchServer, token: string, slug: string): Promise<number> {
  const response = await fetch(`${url}/api/audience/${slug}/size`, { headers: { authorization: token } });
  const answer = await response.json();
  if (response.status !== 200) throw new Error(`${slug}: ${JSON.stringify(answer)}`);
  return answer.data.size;
}

/** Puts the same JSON into a table of its own, for `sqlite3` alone. */
async function copyProfiles(home: string, flat: string): Promise<void> {
  const statements = [
    "pragma page_size = 8192",
    "create table profiles (id integer primary key, attributes text not null)",
    `attach '${home}/waybill.db' as waybill`,
    "insert into main.profiles select id, attributes from waybill.profiles order by id",
  ];
  const { success, stderr } = await new Deno.Command("/usr/bin/sqlite3", { args: [flat, statements.join(";")] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Runs a command to its end and gives what it printed. */
async function waybill(home: Home, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: [...WAYBILL_ARGS, ...args, "--home", home.path],
    env: { WAYBILL_DATABASE_URL: "" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
