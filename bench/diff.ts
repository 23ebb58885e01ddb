/**
 * A file with ten edits, compared with the one before it, beside its plain import.
 *
 * @module
 */
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import { type Home, Stage, WAYBILL } from "./stage.ts";

/** Rows that are other in the second file. */
const EDITS = 10;

/** What one round took. */
interface Round {
  readonly plain: Measure;
  readonly diff: Measure;
}

/** Measures both; lines of Markdown. */
export async function benchDiff(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("customers_20260101.csv"), { rows });
  await writeCustomers(stage.path("customers_20260102.csv"), { rows });
  await edit(stage.path("customers_20260102.csv"));
  const figures: Round[] = [];
  for (let round = 0; round < count; round++) {
    await using plain = await stage.home({ local: true });
    await using compared = await stage.home({ local: true });
    await diff(compared, "customers_20260101.csv");
    const figure = {
      plain: await plain.journey("customers_20260102.csv"),
      diff: await diff(compared, "customers_20260102.csv"),
    };
    figures.push(figure);
    console.error(`diff: ${figure.plain.wall} s plain, ${figure.diff.wall} s compared`);
  }
  const of = (name: keyof Round) => figures.map((figure) => figure[name]);
  const ratios = timesAsLong(of("diff"), of("plain"));
  return [
    `${rows.toLocaleString("en")} rows from a local folder, two identities a row, ${EDITS} of them edited; ${
      rounds(count)
    }`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× the time of", "", "goal"], [
      ["plain import", ...costs(of("plain")), "", "", ""],
      [
        "compared with the file before (`--diff`)",
        ...costs(of("diff")),
        "the plain one",
        spread(ratios),
        verdict(median(ratios), { is: "≤", limit: 0.4 }),
      ],
    ]),
  ];
}

/** Changes a letter in rows all over the file. */
async function edit(path: string): Promise<void> {
  const { size } = await Deno.stat(path);
  using file = await Deno.open(path, { read: true, write: true });
  const buffer = new Uint8Array(4_096);
  for (let number = 0; number < EDITS; number++) {
    const offset = Math.floor((size * (number + 0.5)) / EDITS);
    await file.seek(offset, Deno.SeekMode.Start);
    const read = await file.read(buffer) ?? 0;
    const text = new TextDecoder("latin1").decode(buffer.subarray(0, read));
    const at = text.search(/(?<=@)[a-z]/);
    if (at < 0) throw new Error(`There is no address behind byte ${offset}`);
    await file.seek(offset + at, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(text.charCodeAt(at) === 0x7a ? 0x79 : 0x7a));
  }
}

function diff(home: Home, file: string): Promise<Measure> {
  return measure([
    ...WAYBILL,
    ...["run", "csv-import", "--home", home.path, "--auth", "bench", "--file", file, "--stream", "customers"],
    ...["--identify-by", "customer_id,email", "--timestamps", "updated_at", "--diff", "--diff-keys", "customer_id"],
    "--json",
  ], { WAYBILL_DATABASE_URL: "" });
}
