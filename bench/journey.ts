/**
 * The journey, a CSV file on an SFTP server becoming profiles with two identities a row, and the same file again with
 * one row in a hundred changed, beside `sqlite3 .import`.
 *
 * @module
 */
import { costs, type Goal, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { CUSTOMER_COLUMNS } from "./generate.ts";
import { type Measure, measure } from "./measure.ts";
import { Stage } from "./stage.ts";

/** One row in so many differs in the file that comes the second time. */
const CHANGED_EVERY = 100;

/** What one round took. */
interface Round {
  readonly first: Measure;
  readonly changed: Measure;
  readonly local: Measure;
  readonly flat: Measure;
  readonly unique: Measure;
}

/** Measures the journey; lines of Markdown. */
export async function benchJourney(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  const size = await writeCustomers(`${stage.folder}/first.csv`, { rows });
  await writeCustomers(`${stage.folder}/changed.csv`, { rows, changedEvery: CHANGED_EVERY });
  const figures: Round[] = [];
  for (let round = 0; round < count; round++) figures.push(await measureRound(stage));
  const of = (name: keyof Round) => figures.map((figure) => figure[name]);
  const line = (title: string, name: keyof Round, flatGoal?: Goal, uniqueGoal?: Goal) => {
    const ratios = [timesAsLong(of(name), of("flat")), timesAsLong(of(name), of("unique"))] as const;
    const goals = [flatGoal, uniqueGoal].map((goal, peer) => goal && verdict(median(ratios[peer] ?? []), goal));
    return [title, ...costs(of(name)), spread(ratios[0]), goals[0] ?? "", spread(ratios[1]), goals[1] ?? ""];
  };
  return [
    `${rows.toLocaleString("en")} rows, ${(size / 1e6).toFixed(0)} MB, ${CUSTOMER_COLUMNS.length} columns, keys in ` +
    `random order, from OpenSSH on loopback; \`.import\` reads the local file. ${rounds(count)}`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× flat `.import`", "goal", "× unique `.import`", "goal"], [
      line(
        "Waybill, SFTP to archive and profiles with two identities a row",
        "first",
        { is: "≤", limit: 2.0 },
        { is: "≤", limit: 1.4 },
      ),
      line("Waybill, the same file again, 1 % of its rows changed", "changed", { is: "≤", limit: 1.5 }),
      line("Waybill, the first from a local folder", "local"),
      line("`sqlite3 .import` into a flat table", "flat"),
      line("`sqlite3 .import` into a table with two UNIQUE columns", "unique"),
    ]),
  ];
}

async function measureRound(stage: Stage): Promise<Round> {
  await using home = await stage.home();
  await using near = await stage.home({ local: true });
  // One path on the server, as a partner who sends the file every night has it.
  const send = (name: string) => Deno.copyFile(`${stage.folder}/${name}`, stage.path("customers.csv"));
  await send("first.csv");
  const first = await home.journey("customers.csv");
  const flat = await importFlat(stage);
  const unique = await importUnique(stage);
  const local = await near.journey("customers.csv");
  await send("changed.csv");
  const changed = await home.journey("customers.csv");
  console.error(`journey: ${first.wall} s, ${changed.wall} s again, beside ${flat.wall} s and ${unique.wall} s`);
  return { first, changed, local, flat, unique };
}

/** Imports the file into a table that `.import` makes of its header. */
function importFlat(stage: Stage): Promise<Measure> {
  return importInto(stage, ".mode csv", `.import ${stage.path("customers.csv")} customers`);
}

/** Imports the file into a table that keeps the identities apart. */
function importUnique(stage: Stage): Promise<Measure> {
  const columns = CUSTOMER_COLUMNS.map((name) =>
    `${name} text${["customer_id", "email"].includes(name) ? " unique" : ""}`
  );
  const create = `create table customers (${columns.join(", ")});`;
  return importInto(stage, create, ".mode csv", `.import --skip 1 ${stage.path("customers.csv")} customers`);
}

async function importInto(stage: Stage, ...commands: string[]): Promise<Measure> {
  const database = `${stage.folder}/peer.db`;
  const result = await measure(["sqlite3", database, ...commands]);
  await Deno.remove(database);
  return result;
}
