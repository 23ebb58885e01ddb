/**
 * How soon `--help` is printed and `serve` answers.
 *
 * @module
 */
import { costs, type Goal, median, table, verdict } from "./figures.ts";
import { type Measure, measure } from "./measure.ts";
import { startBenchServer } from "./server.ts";
import { WAYBILL } from "./stage.ts";

/** Starts both so many times; lines of Markdown. */
export async function benchStartup(count: number): Promise<string[]> {
  const home = await Deno.makeTempDir({ prefix: "waybill-bench-" });
  try {
    // The first start makes the data directory and fills Deno's cache.
    await measureServe(home);
    const help: Measure[] = [];
    const serve: Measure[] = [];
    for (let round = 0; round < count; round++) {
      help.push(await measure([...WAYBILL, "--help"]));
      serve.push(await measureServe(home));
    }
    const line = (name: string, measures: readonly Measure[], goal?: Goal) => [
      name,
      ...costs(measures),
      goal === undefined ? "" : verdict(median(measures.map(({ wall }) => wall)), goal),
    ];
    return [
      `${count} starts each; median (least–greatest), peaks the highest.`,
      "",
      ...table(["", "wall s", "CPU s", "peak MiB", "goal"], [
        line("`waybill --help`", help, { is: "≤", limit: 0.2, unit: " s" }),
        line("`waybill serve`, until `/healthz` answers; CPU and memory until it ended again", serve),
      ]),
    ];
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Starts a server and ends it again. */
async function measureServe(home: string): Promise<Measure> {
  return await (await startBenchServer(home)).end();
}
