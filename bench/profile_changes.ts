/**
 * Following a profile table: a file of changes beside the export of everything, and what it costs imports.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import type { Reading } from "./profile_changes_child.ts";
import { Stage, WAYBILL } from "./stage.ts";

const CHILD = fileURLToPath(new URL("./profile_changes_child.ts", import.meta.url));

/** One profile of so many changes before changes are read. */
const EVERY = 100;
/** How often both files are read in a round. */
const READINGS = 3;

/** What reading took, and its process. */
type Read = Reading & Measure;

/** What one round took. */
interface Round {
  readonly full: Read;
  readonly changes: Read;
  /** Both as somebody gets them: the command that exports to a file, from its start to its end. */
  readonly whole: Readonly<Record<"full" | "changes", Measure>>;
  /** Imports of new profiles, and of changes to all that are there, into a table that is followed or not. */
  readonly followed: Readonly<Record<"made" | "changed", Measure>>;
  readonly plain: Readonly<Record<"made" | "changed", Measure>>;
}

/** Measures all of them; lines of Markdown. */
export async function benchProfileChanges(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("customers.csv"), { rows });
  await writeCustomers(stage.path("some.csv"), { rows, changedEvery: EVERY });
  await writeCustomers(stage.path("all.csv"), { rows, changedEvery: 1 });
  const figures: Round[] = [];
  for (let round = 0; round < count; round++) {
    await using one = await stage.home({ local: true });
    await using other = await stage.home({ local: true });
    const report = join(stage.folder, "report");
    const child = (what: "follow" | "settle" | "full" | "changes") =>
      measure([...WAYBILL.slice(0, -1), CHILD, one.path, what, report], { WAYBILL_DATABASE_URL: "" });
    const read = async (what: "full" | "changes"): Promise<Read> => {
      const reads: Read[] = [];
      for (let reading = 0; reading < READINGS; reading++) {
        const process = await child(what);
        reads.push({ ...process, ...JSON.parse(await Deno.readTextFile(report)) });
      }
      return reads.sort((a, b) => a.seconds - b.seconds)[READINGS >> 1]!;
    };
    const run = async (type: "profile" | "profile_changes"): Promise<Measure> => {
      const options = ["--auth", "bench", "--job-type", type, "--output", `${type}.jsonl`, "--home", one.path];
      const runs: Measure[] = [];
      for (let reading = 0; reading < READINGS; reading++) {
        runs.push(await measure([...WAYBILL, "run", "profile-export", ...options], { WAYBILL_DATABASE_URL: "" }));
      }
      return runs.sort((a, b) => a.wall - b.wall)[READINGS >> 1]!;
    };
    await child("follow");
    await child("settle");
    const made = { followed: await one.journey("customers.csv"), plain: await other.journey("customers.csv") };
    await child("settle");
    await one.journey("some.csv");
    const reading = { changes: await read("changes"), full: await read("full") };
    const whole = { changes: await run("profile_changes"), full: await run("profile") };
    await child("settle");
    const changed = { followed: await one.journey("all.csv"), plain: await other.journey("all.csv") };
    figures.push({
      ...reading,
      whole,
      followed: { made: made.followed, changed: changed.followed },
      plain: { made: made.plain, changed: changed.plain },
    });
    const { changes, full } = reading;
    console.error(
      `profile_changes: ${changes.seconds} s of ${full.seconds} s, ${whole.changes.wall} s of ${whole.full.wall} s`,
    );
  }
  const seconds = (name: "full" | "changes") => figures.map((figure) => figure[name].seconds);
  const ratios = figures.map(({ changes, full }) => changes.seconds / full.seconds);
  const reading = (title: string, name: "full" | "changes") => {
    const [{ [name]: { rows } }] = figures as [Round];
    const memory = Math.max(...figures.map((figure) => figure[name].memory)).toFixed(0);
    return [title, rows.toLocaleString("en"), spread(seconds(name), 3), memory];
  };
  const wholes = (name: "full" | "changes") => figures.map(({ whole }) => whole[name]);
  const imports = (title: string, name: "made" | "changed") => {
    const [ours, theirs] = [figures.map(({ followed }) => followed[name]), figures.map(({ plain }) => plain[name])];
    const times = timesAsLong(ours, theirs);
    const cpu = ours.map((one, pair) => one.cpu / theirs[pair]!.cpu);
    return [title, ...costs(ours), spread(times), spread(cpu), verdict(median(times), { is: "≤", limit: 1.1 })];
  };
  return [
    `${
      rows.toLocaleString("en")
    } profiles; rows are written to a file. From the mark to the last byte, without the start ` +
    `of the process. ${rounds(count)}`,
    "",
    ...table(["", "rows", "s", "peak MiB", "× everything", "goal"], [
      [...reading("every profile", "full"), "1", ""],
      [
        ...reading(`what changed, of 1 profile in ${EVERY}`, "changes"),
        spread(ratios, 3),
        verdict(median(ratios), { is: "≤", limit: 0.05 }),
      ],
    ]),
    "",
    "The same by `waybill run profile-export`, whole processes, start and all:",
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× everything"], [
      ["every profile", ...costs(wholes("full")), "1"],
      ["what changed", ...costs(wholes("changes")), spread(timesAsLong(wholes("changes"), wholes("full")))],
    ]),
    "",
    "Imports into a followed table, whole processes, beside the same into one that nobody follows:",
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× not followed", "CPU", "goal"], [
      imports("new profiles", "made"),
      imports("changes of every profile", "changed"),
    ]),
  ];
}
