/**
 * Erasing a thousand people beside erasing one, out of the same store.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import { Stage, WAYBILL } from "./stage.ts";

const CHILD = fileURLToPath(new URL("./erasure_child.ts", import.meta.url));
const MANY = 1_000;

/** What one round took. */
interface Round {
  readonly one: Measure;
  readonly many: Measure;
  readonly meanwhile: Measure;
}

/** Measures all three, each on a copy of one store of `rows` profiles; lines of Markdown. */
export async function benchErasure(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("customers.csv"), { rows });
  await using home = await stage.home({ local: true });
  await home.journey("customers.csv");
  const ids = await someIds(stage.path("customers.csv"), rows);
  const lists = { one: join(stage.folder, "one.txt"), many: join(stage.folder, "many.txt") };
  await Deno.writeTextFile(lists.one, ids[0]!);
  await Deno.writeTextFile(lists.many, ids.join("\n"));
  const erase = async (list: string, mode: "waiting" | "working") => {
    const copy = join(stage.folder, "copy");
    await copyFolder(home.path, copy);
    try {
      const flags = WAYBILL.slice(0, -1);
      return await measure([...flags, CHILD, copy, list, mode], { WAYBILL_DATABASE_URL: "" });
    } finally {
      await Deno.remove(copy, { recursive: true });
    }
  };
  const figures: Round[] = [];
  for (let round = 0; round < count; round++) {
    const figure = {
      one: await erase(lists.one, "waiting"),
      many: await erase(lists.many, "waiting"),
      meanwhile: await erase(lists.many, "working"),
    };
    figures.push(figure);
    console.error(`erasure: ${figure.one.wall} s, ${figure.many.wall} s, ${figure.meanwhile.wall} s`);
  }
  const of = (name: keyof Round) => figures.map((figure) => figure[name]);
  const line = (title: string, name: keyof Round) => {
    const ratios = timesAsLong(of(name), of("one"));
    return [title, ...costs(of(name)), spread(ratios), verdict(median(ratios), { is: "≤", limit: 3 })];
  };
  const many = `${ids.length.toLocaleString("en")} people`;
  return [
    `Out of ${rows.toLocaleString("en")} profiles, each with one event and two identities. From the first request ` +
    `until all are done, with the start of the process. ${rounds(count)}`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× one person", "goal"], [
      ["one person", ...costs(of("one")), "1", ""],
      line(`${many} who wait for the run`, "many"),
      line(`${many} whom a working server is asked for: a run for the first, one for the others`, "meanwhile"),
    ]),
  ];
}

/** Ids from all over the file. */
async function someIds(path: string, rows: number): Promise<string[]> {
  const every = Math.max(1, Math.floor(rows / MANY));
  const lines = (await Deno.readTextFile(path)).split("\n").slice(1, rows + 1);
  return lines.filter((_, row) => row % every === 0).slice(0, MANY).map((line) => line.split(",")[0]!);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { mode: 0o700 });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
