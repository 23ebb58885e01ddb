/**
 * `deno task bench`: Waybill beside the tools that users would take instead, written to `bench/RESULTS.md`.
 *
 * `deno task bench journey [rows] [pairs]` and `deno task bench memory [megabytes,…]` run a part and print it.
 *
 * @module
 */
import { benchHealthz } from "./healthz.ts";
import { benchJourney, benchMemory } from "./journey.ts";
import { measure, spread } from "./measure.ts";

const RESULTS = new URL("./RESULTS.md", import.meta.url);

/** Start-up of `--help`. */
async function benchHelp(): Promise<string[]> {
  const main = new URL("../cli/main.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", main, "--help"];
  const walls: number[] = [];
  for (let run = 0; run < 10; run++) walls.push((await measure(command)).wall);
  return [`\`waybill --help\`: ${spread(walls)} s of 10 runs, median (least–greatest); the goal is 0.2 s.`];
}

async function output(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

async function machine(): Promise<string[]> {
  const processor = (await output("lscpu")).split("\n").find((line) => line.startsWith("Model name"))?.split(":")[1];
  return [
    `- ${navigator.hardwareConcurrency} cores (${processor?.trim() ?? "unknown"}), ${Deno.build.os} ${Deno.build.arch}`,
    `- Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    `- sqlite3 ${(await output("sqlite3", "--version")).split(" ")[0]}`,
    `- ${await new Deno.Command("ssh", { args: ["-V"] }).output().then(({ stderr }) =>
      new TextDecoder().decode(stderr).trim()
    )}`,
    `- ${new Date().toISOString().slice(0, 10)}`,
  ];
}

async function main([part, first, second]: string[]): Promise<void> {
  if (part === "journey") {
    console.log((await benchJourney(Number(first ?? 1_000_000), Number(second ?? 3))).join("\n"));
    return;
  }
  if (part === "memory") {
    console.log((await benchMemory((first ?? "100,1000").split(",").map(Number))).join("\n"));
    return;
  }
  const lines = [
    "# What was measured",
    "",
    "Written by `deno task bench`. Machines drift: trust the ratios, not the seconds.",
    "",
    ...await machine(),
    "",
    "## The journey",
    "",
    ...await benchJourney(1_000_000, 5),
    "",
    "## Peak memory of the journey",
    "",
    ...await benchMemory([100, 1_000]),
    "",
    "## `/healthz` during a million-row import",
    "",
    ...await benchHealthz(1_000_000),
    "",
    "## Start-up",
    "",
    ...await benchHelp(),
    "",
  ];
  await Deno.writeTextFile(RESULTS, lines.join("\n"));
  console.log(lines.join("\n"));
}

if (import.meta.main) await main(Deno.args);
