/** An import of what changed in a large file is killed again and again: it leaves what an undisturbed one leaves. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameContent } from "./support/content.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { Observer } from "./support/observer.ts";
import { DATABASE_KINDS, homePath, openPlace, type Place } from "./support/place.ts";
import { freshSeed, type Random, seeded } from "./support/seeded.ts";
import { startServing } from "./support/waybill_process.ts";

/** So many that they are compared on a thread of their own. */
const ROWS = 120_000;

/** SQLite takes most of the kills: they are cheaper there. All of them for those who have the time. */
const isWhole = Deno.env.get("CI") === "true";
const KILLS: Readonly<Record<string, number>> = { SQLite: isWhole ? 30 : 7, PostgreSQL: isWhole ? 10 : 3 };

/** The file of a day: on the second one, every `edited`th row is another, some are gone, new, or cannot be read. */
function fileOf(day: number, edited: number): string {
  const lines = ["customer_id,note"];
  for (let row = 0; row < ROWS; row++) {
    if (day === 2 && row % 40_001 === 7) continue;
    if (row % 30_011 === 5) lines.push(`"cut${row}"x,y`);
    const changes = day === 2 && row % edited === 0;
    lines.push(`c-${row},${changes ? "changed" : "as it was"} ${"long ".repeat(20)}${row}`);
  }
  if (day === 2) lines.push("c-new,new");
  return lines.map((line) => `${line}\n`).join("");
}

// Few changes are kept while the file is read; for many it is read once more.
for (const [changes, edited] of [["few", 5_000], ["many", 2]] as const) {
  for (const kind of DATABASE_KINDS) {
    const kills = KILLS[kind.name] ?? 0;
    Deno.test({
      name: `${kills} kills of an import of ${changes} changes leave what an undisturbed one leaves, on ${kind.name}`,
      ignore: !kind.present,
      fn: async () => {
        await using folder = await temporaryFolder();
        await using places = await kind.start();
        const source = join(folder.path, "in");
        await Deno.mkdir(source);
        for (const day of [1, 2]) {
          await Deno.writeTextFile(join(source, `people_2026010${day}.csv`), fileOf(day, edited));
        }
        const undisturbed = await places.make(join(folder.path, "undisturbed"));
        await finish(undisturbed, await queue(undisturbed, source, 1));
        const run = await queue(undisturbed, source, 2);
        const killed = await places.copy(undisturbed, join(folder.path, "killed"));
        const took = await finish(undisturbed, run);
        const seed = freshSeed(), random = seeded(seed);
        let hits = 0;
        for (let kill = 0; kill < kills; kill++) if (await killOnce(killed, run, took / 2, random)) hits++;
        await finish(killed, run);
        await assertSameContent(killed, undisturbed);
        assert.deepEqual(await snapshot(killed), await snapshot(undisturbed));
        // Kills that never met the import would show nothing.
        assert.ok(hits > 0, `seed ${seed}: ${hits} of ${kills}`);
      },
    });
  }
}

/** Queues the import of a day's file that began at a time that its copies share: the time of its events. */
async function queue(place: Place, folder: string, day: number): Promise<string> {
  let run = "";
  {
    await using runtime = await openQuietRuntime(place, "none");
    if (day === 1) await runtime.auths.create({ method: "local-folder", label: "in", config: { folder } });
    const config = {
      file: `people_2026010${day}.csv`,
      stream: "people",
      identify_by: "customer_id",
      diff: true,
      diff_keys: "customer_id",
      removed_marker: "left",
    };
    ({ id: run } = await runtime.runs.start({ type: "csv-import", auth: "in", config }));
  }
  await using database = await openPlace(place);
  const began = 1_772_323_200_000 + day;
  await database.kysely.updateTable("runs").set({ started_at: began }).where("id", "=", run).execute();
  return run;
}

/** The snapshot that the next file is compared with. */
async function snapshot(place: Place): Promise<Uint8Array> {
  await using database = await openPlace(place);
  const { file } = await database.kysely.selectFrom("snapshots").select("file").executeTakeFirstOrThrow();
  return await Deno.readFile(join(snapshotsOf(place), file));
}

function snapshotsOf(place: Place): string {
  return join(homePath(place), "snapshots", "1");
}

/** Lets a run come to its end; gives how many milliseconds that took from the begin of its attempt on, 0 where it has. */
async function finish(place: Place, run: string): Promise<number> {
  await using observer = new Observer(place, run);
  const before = await observer.state();
  if (before.status === "succeeded") return 0;
  await using waybill = startServing(place);
  await observer.until(waybill, ({ attempts }) => attempts > before.attempts);
  const began = performance.now();
  await observer.until(waybill, ({ status }) => status === "succeeded");
  const took = performance.now() - began;
  waybill.signal("SIGTERM");
  assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));
  return took;
}

/**
 * Kills a process within `took` milliseconds of its begin of the run, or as soon as the file's snapshot is being written;
 * false where the run is done.
 */
async function killOnce(place: Place, run: string, took: number, random: Random): Promise<boolean> {
  await using observer = new Observer(place, run);
  const before = await observer.state();
  if (before.status === "succeeded") return false;
  const snapshots = async () => (await Array.fromAsync(Deno.readDir(snapshotsOf(place)))).length;
  const present = await snapshots();
  await using waybill = startServing(place);
  await observer.until(waybill, ({ attempts }) => attempts > before.attempts);
  if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * took));
  else while (await snapshots() === present && (await observer.state()).status === "running");
  await waybill.kill();
  await observer.settled();
  return (await observer.state()).status === "running";
}
