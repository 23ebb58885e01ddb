/**
 * Whether the journey's time grows with the file and its memory does not.
 *
 * @module
 */
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import type { Measure } from "./measure.ts";
import { type Home, Stage } from "./stage.ts";

/** Bytes of a generated row, about. */
const ROW_BYTES = 122;

/** How much larger the larger file is, in rows. */
const TIMES = 4;

/** By how much the peak of the larger file may exceed that of the smallest to count as flat. */
const FLAT = 1.1;

/** Measures the journey of `rows` rows and of four times as many; lines of Markdown. */
export async function benchScale(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("few.csv"), { rows });
  await writeCustomers(stage.path("many.csv"), { rows: rows * TIMES });
  const few: Measure[] = [];
  const many: Measure[] = [];
  for (let round = 0; round < count; round++) {
    few.push(await journey(stage, "few.csv"));
    many.push(await journey(stage, "many.csv"));
    console.error(`scale: ${few[round]?.wall} s and ${many[round]?.wall} s`);
  }
  const ratios = timesAsLong(many, few);
  const name = (rows: number) => `${rows.toLocaleString("en")} rows`;
  return [
    `Over SFTP, keys in random order. ${rounds(count)}`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", `× ${name(rows)}`, "goal"], [
      [name(rows), ...costs(few), "1", ""],
      [name(rows * TIMES), ...costs(many), spread(ratios), verdict(median(ratios), { is: "≤", limit: 6 })],
    ]),
  ];
}

/** Measures the peak memory of the journey for files of some megabytes, the smallest first; lines of Markdown. */
export async function benchMemory(...megabytes: number[]): Promise<string[]> {
  await using stage = await Stage.open();
  const peaks: number[] = [];
  const lines: string[][] = [];
  for (const size of megabytes) {
    const rows = Math.round(size * 1e6 / ROW_BYTES);
    const bytes = await writeCustomers(stage.path("customers.csv"), { rows });
    const measured = await journey(stage, "customers.csv");
    peaks.push(measured.memory);
    lines.push([
      `${(bytes / 1e6).toFixed(0)} MB, ${rows.toLocaleString("en")} rows`,
      ...costs([measured]),
      verdict(measured.memory, { is: "≤", limit: 320, unit: " MiB" }),
    ]);
    console.error(`memory: ${measured.memory.toFixed(0)} MiB for ${size} MB`);
  }
  const growth = peaks.at(-1)! / peaks[0]!;
  return [
    "The whole process of the journey over SFTP, once each.",
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "goal"], lines),
    "",
    `The largest file takes ${growth.toFixed(2)} × the memory of the smallest; the goal is flat, which is ` +
    `${verdict(growth, { is: "≤", limit: FLAT })}.`,
  ];
}

/** The journey into a data directory of its own. */
async function journey(stage: Stage, file: string): Promise<Measure> {
  await using home: Home = await stage.home();
  return await home.journey(file);
}
