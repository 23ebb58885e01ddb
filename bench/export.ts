/**
 * Exporting an audience to an SFTP server, beside the programs that one would string together for it.
 *
 * @module
 */
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { CUSTOMER_COLUMNS } from "./generate.ts";
import { type GnuPg, openGnuPg } from "./gnupg.ts";
import { type Measure, measure } from "./measure.ts";
import { startBenchServer } from "./server.ts";
import { type Home, Stage, WAYBILL, WAYBILL_ARGS } from "./stage.ts";
import { type Load, load } from "./wrk.ts";

/** How long look-ups are asked for, in seconds: less than an export takes. */
const SECONDS = 2;

/** How often a folder is looked at for its first byte, in milliseconds. */
const LOOK = 5;

/** What a file is: as it comes, or compressed and encrypted. */
type Form = "plain" | "packed";

/** An export in one form, by one program. */
interface Exported extends Measure {
  /** Seconds from the start to the first byte on the server's disk. */
  readonly firstByte: number;
}

/** What one round took. */
interface Round {
  readonly waybill: Readonly<Record<Form, Exported>>;
  readonly peer: Readonly<Record<Form | "own", Measure>>;
}

/** Measures both forms, and look-ups while an export runs; lines of Markdown. */
export async function benchExport(rows: number, count: number): Promise<string[]> {
  await using place = await openPlace(rows);
  const figures: Round[] = [];
  for (let round = 0; round < count; round++) {
    const waybill = { packed: await place.waybill("packed"), plain: await place.waybill("plain") };
    const peer = {
      packed: await place.peer("packed"),
      plain: await place.peer("plain"),
      own: await place.peer("own"),
    };
    figures.push({ waybill, peer });
    const seconds = ({ packed, plain }: Readonly<Record<Form, Measure>>) => `${packed.wall} s, ${plain.wall} s plain`;
    console.error(`export: ${seconds(waybill)} beside ${seconds(peer)}`);
  }
  const lines = (["packed", "plain"] as const).flatMap((form) => {
    const [ours, theirs] = [figures.map(({ waybill }) => waybill[form]), figures.map(({ peer }) => peer[form])];
    const ratios = timesAsLong(ours, theirs);
    const first = ours.map(({ firstByte }) => firstByte);
    const goal = verdict(median(ratios), { is: "≤", limit: 1.5 });
    const early = verdict(median(first), { is: "≤", limit: 1, unit: " s" });
    return [
      [`Waybill, ${FORMS[form]}`, ...costs(ours), spread(ratios), goal, spread(first), early],
      [PEERS[form], ...costs(theirs), "", "", "", ""],
    ];
  });
  const own = figures.map(({ peer }) => peer.own);
  const beside = spread(timesAsLong(figures.map(({ waybill }) => waybill.plain), own));
  lines.push([PEERS.own, ...costs(own), `Waybill: ${beside}`, "", "", ""]);
  const peak = Math.max(...figures.flatMap(({ waybill }) => Object.values(waybill)).map(({ memory }) => memory));
  return [
    `${
      rows.toLocaleString("en")
    } profiles of ${CUSTOMER_COLUMNS.length} fields to OpenSSH on loopback, whole processes; ` +
    `the programs read the same rows from a flat table. ${rounds(count)}`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× the programs' time", "goal", "first byte s", "goal"], lines),
    "",
    `Peak memory: ${peak.toFixed(0)} MiB, ${verdict(peak, { is: "≤", limit: 320, unit: " MiB" })}.`,
    "",
    await place.lookUps(rows, count),
  ];
}

const FORMS: Readonly<Record<Form, string>> = { plain: "CSV", packed: "CSV, gzip, PGP" };

const PEERS: Readonly<Record<Form | "own", string>> = {
  plain: "`sqlite3 -csv` to a file, `sftp`",
  own: "the same, from Waybill's own table by `json_extract`",
  packed: "`sqlite3 -csv \\| gzip -6 \\| gpg --encrypt` to a file, `sftp`",
};

/** Profiles, the same rows in a flat table, and a server to send them to. */
interface Place extends AsyncDisposable {
  waybill(form: Form): Promise<Exported>;
  /** The programs do the same from a flat table, or from Waybill's own. */
  peer(form: Form | "own"): Promise<Measure>;
  /** How look-ups fare while an export runs on the same server: a sentence. */
  lookUps(rows: number, count: number): Promise<string>;
}

async function openPlace(rows: number): Promise<Place> {
  await using made = new AsyncDisposableStack();
  const stage = made.use(await Stage.open());
  const gnupg = made.use(await openGnuPg(stage.folder));
  await writeCustomers(stage.path("customers.csv"), { rows });
  const home = made.use(await stage.home({ local: true }));
  await home.journey("customers.csv");
  await Deno.remove(stage.path("customers.csv"));
  await createAuths(stage, home, gnupg);
  const flat = `${stage.folder}/flat.db`;
  await flatten(home.path, flat);
  const kept = made.move();
  return {
    waybill: (form) => runWaybill(stage, home, form),
    peer: (form) =>
      form === "own"
        ? runPrograms(stage, gnupg, { path: `${home.path}/waybill.db`, query: OWN }, "plain")
        : runPrograms(stage, gnupg, { path: flat, query: "select * from customers" }, form),
    lookUps: (rows, count) => lookUps(home, rows, count),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function createAuths({ server, key, folder }: Stage, home: Home, gnupg: GnuPg): Promise<void> {
  const publicKey = `${folder}/public.asc`;
  await measure([...gnupg.command, "--armor", "--output", publicKey, "--export"]);
  const login = ["--host", server.host, "--port", String(server.port), "--username", server.username];
  const options = [...login, "--private-key-file", key, "--folder", server.folder, "--home", home.path];
  await measure([...WAYBILL, "auth", "create", "sftp", "--label", "plain", ...options]);
  const pgp = ["--pgp-public-key-file", publicKey];
  await measure([...WAYBILL, "auth", "create", "sftp-pgp-public", "--label", "packed", ...pgp, ...options]);
}

/** The options of an export in a form. */
function exportOf(form: Form): string[] {
  return ["sftp-csv-export", "--audience", "all", "--auth", form, "--compress", form === "packed" ? "gzip" : "none"];
}

async function runWaybill(stage: Stage, home: Home, form: Form): Promise<Exported> {
  await empty(stage.server.folder);
  const started = performance.now();
  let running = true;
  const run = measure([...WAYBILL, "run", ...exportOf(form), "--home", home.path, "--json"])
    .finally(() => running = false);
  let firstByte = NaN;
  while (running && Number.isNaN(firstByte)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
    for await (const { name } of Deno.readDir(stage.server.folder)) {
      const { size } = await Deno.stat(`${stage.server.folder}/${name}`).catch(() => ({ size: 0 }));
      if (size > 0 && Number.isNaN(firstByte)) firstByte = (performance.now() - started) / 1_000;
    }
  }
  return { ...await run, firstByte };
}

/** Rows of a database. */
interface Source {
  readonly path: string;
  readonly query: string;
}

async function runPrograms(stage: Stage, gnupg: GnuPg, { path, query }: Source, form: Form): Promise<Measure> {
  await empty(stage.server.folder);
  const file = `${stage.folder}/export`;
  const rows = words(["sqlite3", "-readonly", "-header", "-csv", path, query]);
  const encrypt = words([...gnupg.command, ...gnupg.recipient, "--encrypt"]);
  const made = form === "plain" ? rows : `${rows} | gzip -6 | ${encrypt}`;
  const script = `set -e\n${made} > ${words([file])}\n${words(stage.send(file, stage.path("export")))}`;
  const measured = await measure(["/bin/bash", "-o", "pipefail", "-c", script]);
  await Deno.remove(file);
  return measured;
}

async function lookUps(home: Home, rows: number, count: number): Promise<string> {
  const text = await waybill(home, "token", "create", "--name", "bench", "--scopes", "admin");
  const { token }: { readonly token: string } = JSON.parse(text);
  await using server = await startBenchServer(home.path);
  const headers = { authorization: `Bearer ${token}` };
  const { id }: { readonly id: string } = JSON.parse(
    await waybill(home, "job", "create", ...exportOf("packed"), "--label", "bench"),
  );
  const common = { url: server.url, token, connections: 8, count: rows, seconds: SECONDS };
  const asked = { ...common, path: "/api/entity/user/email/user%d@example.com" };
  const idle = async () => {
    for (;;) {
      const response = await fetch(`${server.url}/api/run?job=${id}`, { headers });
      const { data }: { readonly data: readonly { readonly status: string }[] } = await response.json();
      if (data.every(({ status }) => status !== "queued" && status !== "running")) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await load(asked);
  await idle();
  const alone: Load[] = [], during: Load[] = [];
  for (let round = 0; round < count; round++) {
    alone.push(await load(asked));
    const response = await fetch(`${server.url}/api/job/${id}/run`, { method: "POST", headers });
    if (!response.ok) throw new Error(await response.text());
    await response.body?.cancel();
    during.push(await load(asked));
    await idle();
  }
  const ratios = during.map(({ requestsPerSecond }, round) => requestsPerSecond / alone[round]!.requestsPerSecond);
  return `While an export with gzip and PGP ran on the same server, entity look-ups by ${common.connections} clients came to ` +
    `${spread(ratios)} × their rate without it (${
      spread(alone.map(({ requestsPerSecond }) => requestsPerSecond), 0)
    } a ` +
    `second): ${verdict(median(ratios), { is: "≥", limit: 0.5 })}.`;
}

/** The attributes of all profiles as columns. */
const OWN = `select ${
  CUSTOMER_COLUMNS.map((name) => `json_extract(attributes, '$.${name}') as ${name}`).join(", ")
} from profiles order by id`;

async function flatten(home: string, flat: string): Promise<void> {
  const statements = [
    `attach '${home}/waybill.db' as waybill`,
    `create table customers as ${OWN}`,
  ];
  await measure(["/usr/bin/sqlite3", flat, statements.join(";")]);
}

async function empty(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) await Deno.remove(`${folder}/${name}`);
}

/** Runs the command line to its end and gives what it printed. */
async function waybill(home: Home, ...args: readonly string[]): Promise<string> {
  const rest = [...WAYBILL_ARGS, ...args, "--home", home.path, "--json"];
  // By its name, which the task may run; its path may be another, behind a link.
  const { success, stdout, stderr } = await new Deno.Command("deno", { args: rest }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Words as a shell takes them. */
function words(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
