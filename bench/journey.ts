/**
 * The journey, a CSV file on an SFTP server becoming profiles with two identities a row, beside `sqlite3 .import` of
 * the same file into a flat table; and its peak memory for 100 MB and 1 GB.
 *
 * @module
 */
import { startOpenSsh } from "../core/testing/mod.ts";
import { generateCustomers } from "./generate.ts";
import { type Measure, measure, median, spread } from "./measure.ts";

/** Bytes of a generated row, about. */
const ROW_BYTES = 122;

const DENO = [
  Deno.execPath(),
  "run",
  "--quiet",
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-sys=hostname,uid,statfs",
  new URL("../cli/main.ts", import.meta.url).pathname,
];

/** A server with files, and homes whose auth leads to it. */
class Stage implements AsyncDisposable {
  private constructor(
    private readonly server: Awaited<ReturnType<typeof startOpenSsh>>,
    /** Scratch folder. */
    readonly folder: string,
  ) {}

  static async open(): Promise<Stage> {
    return new Stage(await startOpenSsh(), await Deno.makeTempDir({ prefix: "waybill-bench-" }));
  }

  /** Puts a generated file on the server; gives its path on this machine. */
  async file(name: string, rows: number): Promise<string> {
    const path = `${this.server.folder}/${name}`;
    using file = await Deno.open(path, { write: true, createNew: true });
    for await (const bytes of generateCustomers({ rows })) {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    }
    return path;
  }

  /** A new data directory whose only auth leads to the server, or to its folder on this machine. */
  async home(name: string, local = false): Promise<string> {
    const home = `${this.folder}/${name}`;
    if (local) {
      const auth = ["--home", home, "--label", "bench", "--folder", this.server.folder];
      await measure([...DENO, "auth", "create", "local-folder", ...auth]);
      return home;
    }
    const key = `${this.folder}/key`;
    await Deno.writeTextFile(key, this.server.privateKey, { mode: 0o600 });
    const { host, port, username, folder } = this.server;
    await measure([
      ...DENO,
      ...["auth", "create", "sftp", "--home", home, "--label", "bench", "--host", host, "--port", String(port)],
      ...["--username", username, "--private-key-file", key, "--folder", folder],
    ]);
    return home;
  }

  /** Runs the journey into a home. */
  journey(home: string, name: string): Promise<Measure> {
    return measure([
      ...DENO,
      ...["run", "csv-import", "--home", home, "--auth", "bench", "--file", name, "--stream", "customers"],
      ...["--identify-by", "customer_id,email", "--timestamps", "updated_at", "--json"],
    ]);
  }

  /** Imports the file into a new flat table. */
  async peer(path: string): Promise<Measure> {
    const database = `${this.folder}/peer.db`;
    const result = await measure(["sqlite3", database, ".mode csv", `.import ${path} customers`]);
    await Deno.remove(database);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Interleaved pairs of the journey and `.import`; lines of Markdown. */
export async function benchJourney(rows: number, pairs: number): Promise<string[]> {
  await using stage = await Stage.open();
  const path = await stage.file("customers.csv", rows);
  const figures: { first: Measure; again: Measure; local: Measure; peer: Measure }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const home = await stage.home(`home-${pair}`);
    const first = await stage.journey(home, "customers.csv");
    const peer = await stage.peer(path);
    const again = await stage.journey(home, "customers.csv");
    await Deno.remove(home, { recursive: true });
    const near = await stage.home(`near-${pair}`, true);
    const local = await stage.journey(near, "customers.csv");
    figures.push({ first, again, local, peer });
    await Deno.remove(near, { recursive: true });
    console.error(`pair ${pair + 1}: ${first.wall} s beside ${peer.wall} s; again ${again.wall} s`);
  }
  const line = (name: string, pick: (figure: typeof figures[number]) => Measure) => {
    const measures = figures.map(pick);
    const ratios = figures.map((figure) => pick(figure).wall / figure.peer.wall);
    return `| ${name} | ${spread(measures.map(({ wall }) => wall))} | ${spread(measures.map(({ cpu }) => cpu))} | ${
      spread(ratios)
    } | ${Math.round(median(measures.map(({ memory }) => memory)))} |`;
  };
  return [
    `${rows.toLocaleString("en")} rows, ${((await Deno.stat(path)).size / 1e6).toFixed(0)} MB, 11 columns, keys in ` +
    `random order, over SFTP from OpenSSH on loopback; ${pairs} interleaved pairs; median (least–greatest).`,
    "",
    "| | wall s | CPU s | × `.import` | peak MiB |",
    "|---|---|---|---|---|",
    line("Waybill, SFTP to archive and profiles with two identities a row", ({ first }) => first),
    line("Waybill, the same from a local folder", ({ local }) => local),
    line("Waybill, the same file over SFTP again", ({ again }) => again),
    line("`sqlite3 .import` of the local file into a flat table", ({ peer }) => peer),
  ];
}

/** Peak memory of the journey for files of some sizes; lines of Markdown. */
export async function benchMemory(megabytes: readonly number[]): Promise<string[]> {
  await using stage = await Stage.open();
  const lines = ["| file | rows | wall s | CPU s | peak MiB |", "|---|---|---|---|---|"];
  for (const size of megabytes) {
    const rows = Math.round(size * 1e6 / ROW_BYTES);
    const path = await stage.file(`${size}.csv`, rows);
    const home = await stage.home(`home-${size}`);
    const { wall, cpu, memory } = await stage.journey(home, `${size}.csv`);
    lines.push(
      `| ${((await Deno.stat(path)).size / 1e6).toFixed(0)} MB | ${rows.toLocaleString("en")} | ${wall.toFixed(1)} | ` +
        `${cpu.toFixed(1)} | ${Math.round(memory)} |`,
    );
    await Deno.remove(home, { recursive: true });
    await Deno.remove(path);
  }
  return lines;
}
