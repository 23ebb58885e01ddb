/**
 * How soon `--help` is printed and `serve` answers.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { costs, type Goal, median, table, verdict } from "./figures.ts";
import { type Measure, measure, readReport, timed } from "./measure.ts";
import { WAYBILL } from "./stage.ts";

const PERMISSIONS = WAYBILL.slice(0, -1);
const SERVER = fileURLToPath(new URL("../server/main.ts", import.meta.url));

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

async function measureServe(home: string): Promise<Measure> {
  const report = `${home}/time.txt`;
  const [program = "", ...args] = timed(report, [...PERMISSIONS, SERVER, "--home", home, "--port", "0"]);
  const started = performance.now();
  const timing = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  const log = timing.stderr.pipeThrough(new TextDecoderStream());
  await untilHealthy(await addressIn(log));
  const wall = (performance.now() - started) / 1_000;
  await terminateChildOf(timing.pid);
  await Promise.all([timing.status, log.pipeTo(new WritableStream())]);
  return { ...await readReport(report), wall };
}

/** The URL that the server's log names; the rest of it stays to be read. */
async function addressIn(log: ReadableStream<string>): Promise<string> {
  let text = "";
  for await (const piece of log.values({ preventCancel: true })) {
    text += piece;
    const url = /listens on (http:\S+),/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`The server ended before it listened: ${text}`);
}

async function untilHealthy(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/healthz`);
    await response.body?.cancel();
    if (response.status === 200) return;
  }
}

/** GNU time passes no signal on. */
async function terminateChildOf(pid: number): Promise<void> {
  const { stdout } = await new Deno.Command("/usr/bin/ps", { args: ["-o", "pid=", "--ppid", String(pid)] }).output();
  const child = new TextDecoder().decode(stdout).trim();
  await new Deno.Command("/usr/bin/kill", { args: ["-TERM", child] }).output();
}
