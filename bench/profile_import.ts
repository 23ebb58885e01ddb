/**
 * A profile import whose lines assign one attribute each, beside `sqlite3` reading the same lines.
 *
 * @module
 */
import { writeAssignments } from "./bulk_files.ts";
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { type Measure, measure } from "./measure.ts";
import { WAYBILL } from "./stage.ts";

/** What one round took. */
interface Round {
  readonly waybill: Measure;
  readonly sqlite: Measure;
}

/** Measures both; lines of Markdown. */
export async function benchProfileImport(rows: number, count: number): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-bench-" });
  try {
    const file = `${folder}/changes.jsonl`;
    const size = await writeAssignments(file, rows);
    const figures: Round[] = [];
    for (let round = 0; round < count; round++) {
      const figure = { waybill: await importChanges(folder, file), sqlite: await importLines(folder, file) };
      figures.push(figure);
      console.error(`profile_import: ${figure.waybill.wall} s beside ${figure.sqlite.wall} s`);
    }
    const of = (name: keyof Round) => figures.map((figure) => figure[name]);
    const ratios = timesAsLong(of("waybill"), of("sqlite"));
    const peak = Math.max(...of("waybill").map(({ memory }) => memory));
    return [
      `${rows.toLocaleString("en")} lines of one \`assign\` each, of as many new profiles in random order, ${
        (size / 1e6).toFixed(0)
      } MB; ${rounds(count)}`,
      "",
      ...table(["", "wall s", "CPU s", "peak MiB", "× `sqlite3`", "goal"], [
        [
          "`waybill run profile-import`",
          ...costs(of("waybill")),
          spread(ratios),
          verdict(median(ratios), { is: "≤", limit: 2 }),
        ],
        ["`sqlite3`: the lines, with one `json_extract` of each", ...costs(of("sqlite")), "", ""],
      ]),
      "",
      `Peak memory ${verdict(peak, { is: "≤", limit: 320, unit: " MiB" })}.`,
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function importChanges(folder: string, file: string): Promise<Measure> {
  const home = await Deno.makeTempDir({ dir: folder, prefix: "home-" });
  const result = await measure([...WAYBILL, "run", "profile-import", "--home", home, "--file", file, "--json"], {
    WAYBILL_DATABASE_URL: "",
  });
  await Deno.remove(home, { recursive: true });
  return result;
}

async function importLines(folder: string, file: string): Promise<Measure> {
  const database = `${folder}/peer.db`;
  // A character that no line holds keeps each in one column.
  const reading = [
    "create table lines (line text);",
    ".mode ascii",
    '.separator "\\037" "\\n"',
    `.import ${file} lines`,
  ];
  const extracting = "create table ids as select json_extract(line, '$.customer_id') as id from lines;";
  const result = await measure(["sqlite3", database, ...reading, extracting]);
  await Deno.remove(database);
  return result;
}
