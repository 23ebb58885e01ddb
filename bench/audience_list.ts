/**
 * The members of a list audience replaced by an audience import, beside `sqlite3 .import` of the same ids into a table
 * that is sorted by them.
 *
 * @module
 */
import { writeIds } from "./bulk_files.ts";
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { type Measure, measure } from "./measure.ts";
import { WAYBILL } from "./stage.ts";

/** What one round took. */
interface Round {
  readonly waybill: Measure;
  readonly sqlite: Measure;
}

/** Measures both; lines of Markdown. */
export async function benchAudienceList(ids: number, count: number): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-bench-" });
  try {
    const [old, json, bare] = [`${folder}/old.jsonl`, `${folder}/ids.jsonl`, `${folder}/ids.txt`];
    await writeIds(old, bare, ids, 1);
    await writeIds(json, bare, ids, 2);
    const figures: Round[] = [];
    for (let round = 0; round < count; round++) {
      const home = await Deno.makeTempDir({ dir: folder, prefix: "home-" });
      await waybill(home, "app", "create", "--name", "bench");
      await importList(home, old);
      const figure = { waybill: await importList(home, json), sqlite: await importIds(folder, bare) };
      await Deno.remove(home, { recursive: true });
      figures.push(figure);
      console.error(`audience_list: ${figure.waybill.wall} s beside ${figure.sqlite.wall} s`);
    }
    const of = (name: keyof Round) => figures.map((figure) => figure[name]);
    const ratios = timesAsLong(of("waybill"), of("sqlite"));
    const peak = Math.max(...of("waybill").map(({ memory }) => memory));
    return [
      `${ids.toLocaleString("en")} random ids (UUIDs) in the place of as many others; ${rounds(count)}`,
      "",
      ...table(["", "wall s", "CPU s", "peak MiB", "× `sqlite3`", "goal"], [
        [
          "`waybill run audience-import`",
          ...costs(of("waybill")),
          spread(ratios),
          verdict(median(ratios), { is: "≤", limit: 2 }),
        ],
        ["`sqlite3 .import` into a table with a primary key", ...costs(of("sqlite")), "", ""],
      ]),
      "",
      `Peak memory ${verdict(peak, { is: "≤", limit: 320, unit: " MiB" })}.`,
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function importList(home: string, file: string): Promise<Measure> {
  return waybill(home, "run", "audience-import", "--app-id", "bench", "--audience-name", "list", "--file", file);
}

function waybill(home: string, ...args: string[]): Promise<Measure> {
  return measure([...WAYBILL, ...args, "--home", home, "--json"], { WAYBILL_DATABASE_URL: "" });
}

async function importIds(folder: string, file: string): Promise<Measure> {
  const database = `${folder}/peer.db`;
  const commands = ["create table members (id text primary key);", ".mode list", `.import ${file} members`];
  const result = await measure(["sqlite3", database, ...commands]);
  await Deno.remove(database);
  return result;
}
