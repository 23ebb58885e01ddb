/**
 * The same rows imported from JSON lines and from CSV.
 *
 * @module
 */
import { openCsv } from "../core/codecs/mod.ts";
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import { type Home, Stage, WAYBILL } from "./stage.ts";

const FORMS = ["csv", "json", "spaced"] as const;

/** What a round measures: CSV, JSON lines as Waybill writes them, and with blanks as other programs do. */
type Form = typeof FORMS[number];

/** Measures the imports; lines of Markdown. */
export async function benchJson(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("customers.csv"), { rows });
  const size = await writeLines(stage.path("customers.csv"), stage.path("json.jsonl"), (line) => line);
  await writeLines(stage.path("customers.csv"), stage.path("spaced.jsonl"), spaced);
  const measures: Record<Form, Measure[]> = { csv: [], json: [], spaced: [] };
  for (let round = 0; round < count; round++) {
    for (const form of FORMS) {
      await using home = await stage.home({ local: true });
      measures[form].push(form === "csv" ? await home.journey("customers.csv") : await json(home, `${form}.jsonl`));
    }
    console.error(`json: ${FORMS.map((form) => `${form} ${measures[form][round]?.wall} s`).join(", ")}`);
  }
  const line = (title: string, form: Form) => {
    const ratios = timesAsLong(measures[form], measures.csv);
    const told = form === "csv" ? ["", ""] : [spread(ratios), verdict(median(ratios), { is: "≤", limit: 1.2 })];
    return [title, ...costs(measures[form]), ...told];
  };
  return [
    `${rows.toLocaleString("en")} rows from a local folder, two identities a row, ${
      (size / 1e6).toFixed(0)
    } MB of JSON. ` +
    rounds(count),
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× the time of CSV", "goal"], [
      line("CSV", "csv"),
      line("JSON lines", "json"),
      line("JSON lines with blanks, and what is not ASCII escaped", "spaced"),
    ]),
  ];
}

function json(home: Home, file: string): Promise<Measure> {
  return measure([
    ...WAYBILL,
    ...["run", "json-import", "--home", home.path, "--auth", "bench", "--file", file, "--stream", "customers"],
    ...["--identify-by", "customer_id,email", "--timestamp-field", "updated_at", "--json"],
  ], { WAYBILL_DATABASE_URL: "" });
}

/** Writes the rows of a CSV file as JSON lines; gives their size in bytes. */
async function writeLines(from: string, to: string, form: (line: string) => string): Promise<number> {
  using source = await Deno.open(from);
  using target = await Deno.open(to, { write: true, create: true, truncate: true });
  await using csv = await openCsv(source.readable);
  const decoder = new TextDecoder(), encoder = new TextEncoder();
  let size = 0;
  for await (const { batch } of csv.chunks) {
    const lines = decoder.decode(batch.bytes).split("\n").slice(0, -1).map(form);
    const bytes = encoder.encode(lines.join("\n") + "\n");
    for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
    size += bytes.length;
  }
  return size;
}

/** A line as Python writes it unless told otherwise. */
function spaced(line: string): string {
  const fields = Object.entries<string>(JSON.parse(line));
  const written = `{${fields.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(", ")}}`;
  return written.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
