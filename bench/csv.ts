/**
 * CSV to JSON lines beside csv-parse, papaparse and udsv.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { convertCommand, LIBRARIES, type Library } from "./csv_child.ts";
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type Measure, measure } from "./measure.ts";

/** Measures the conversion of a generated file; lines of Markdown. */
export async function benchCsv(rows: number, count: number): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-bench-" });
  try {
    const file = `${folder}/customers.csv`;
    const size = await writeCustomers(file, { rows }) / 1_048_576;
    await requireSameOutput(file, `${folder}/output.jsonl`);
    const measures: Record<Library, Measure[]> = { waybill: [], "csv-parse": [], papaparse: [], udsv: [] };
    for (let round = 0; round < count; round++) {
      for (const library of LIBRARIES) {
        measures[library].push(await measure(convertCommand(library, file, "/dev/null")));
      }
      console.error(`csv: ${LIBRARIES.map((library) => `${library} ${measures[library][round]?.wall} s`).join(", ")}`);
    }
    const line = (library: Library) => {
      const ratios = timesAsLong(measures.udsv, measures[library]);
      return [
        library === "waybill" ? "Waybill" : library,
        spread(measures[library].map(({ wall }) => size / wall), 0),
        ...costs(measures[library]),
        spread(ratios),
        library === "waybill" ? verdict(median(ratios), { is: "≥", limit: 1 }) : "",
      ];
    };
    return [
      `${rows.toLocaleString("en")} rows, ${
        size.toFixed(0)
      } MiB, from a file to /dev/null, a process each, its start ` +
      `included; the output of all is the same, byte by byte. ${rounds(count)}`,
      "",
      ...table(["", "MiB/s", "wall s", "CPU s", "peak MiB", "× udsv's speed", "goal"], LIBRARIES.map(line)),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Fails where a library does other work than the rest. */
async function requireSameOutput(file: string, output: string): Promise<void> {
  const hashes = new Map<Library, string>();
  for (const library of LIBRARIES) {
    await measure(convertCommand(library, file, output));
    const hash = createHash("sha256");
    using made = await Deno.open(output);
    for await (const bytes of made.readable) hash.update(bytes);
    hashes.set(library, hash.digest("hex"));
  }
  for (const [library, hash] of hashes) {
    if (hash !== hashes.get("waybill")) throw new Error(`${library} makes other JSON lines than Waybill`);
  }
}
