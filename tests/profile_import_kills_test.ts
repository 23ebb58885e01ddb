/** A profile import is killed again and again: profiles, archive and rejects are those of one that nobody disturbed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameContent } from "./support/content.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { Observer } from "./support/observer.ts";
import { DATABASE_KINDS, openPlace, type Place } from "./support/place.ts";
import { freshSeed, type Random, seeded } from "./support/seeded.ts";
import { startServing } from "./support/waybill_process.ts";

const FILES = 80, ROWS = 1_000;

/** SQLite takes most of the kills: they are cheaper there. All of them for those who have the time. */
const isWhole = Deno.env.get("CI") === "true";
const KILLS: Readonly<Record<string, number>> = { SQLite: isWhole ? 38 : 8, PostgreSQL: isWhole ? 12 : 3 };

/** A file whose rows depend on those before them, in it and in others: done twice or not at all, they would show. */
function changesOf(file: number): string {
  const lines = ["no JSON"];
  for (let row = 0; row < ROWS; row++) {
    const n = file * ROWS + row, customer_id = `c-${n * 31 % 997}`;
    const changes: unknown[] = [{ op: "increment", attr: "n", value: n }];
    if (n % 5 === 0) changes.push({ op: "set-add", attr: "tags", value: [`t${n % 7}`, n % 3] });
    if (n % 11 === 0) changes.push({ op: "set-remove", attr: "tags", value: `t${n % 4}` });
    if (n % 97 === 0) changes.push({ op: "assign", attr: "n", value: n % 2 === 0 ? 5 : "gold" });
    if (n % 89 === 0) changes.push({ op: "delete", attr: n % 2 === 0 ? "n" : "tags" });
    lines.push(JSON.stringify({ customer_id, changes }));
  }
  return lines.map((line) => `${line}\n`).join("");
}

for (const kind of DATABASE_KINDS) {
  const kills = KILLS[kind.name] ?? 0;
  Deno.test({
    name: `${kills} kills of a profile import leave what an undisturbed one leaves, on ${kind.name}`,
    ignore: !kind.present,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using places = await kind.start();
      const source = join(folder.path, "in");
      await Deno.mkdir(source);
      for (let file = 0; file < FILES; file++) {
        const day = new Date(Date.UTC(2026, 0, 1 + file)).toISOString().slice(0, 10);
        await Deno.writeTextFile(join(source, `changes_${day}.jsonl`), changesOf(file));
      }
      const undisturbed = await places.make(join(folder.path, "undisturbed"));
      const run = await queue(undisturbed, source);
      const killed = await places.copy(undisturbed, join(folder.path, "killed"));
      const pace = await finish(undisturbed, run) / FILES;
      const seed = freshSeed(), random = seeded(seed);
      let hits = 0;
      for (let kill = 0; kill < kills; kill++) if (await killOnce(killed, run, pace, random)) hits++;
      await finish(killed, run);
      await assertSameContent(killed, undisturbed);
      // Kills that never met the import would show nothing.
      assert.ok(hits > kills / 2, `seed ${seed}: ${hits} of ${kills}`);
    },
  });
}

/** Queues an import of all files that began at a time that its copies share: the time of its events. */
async function queue(place: Place, folder: string): Promise<string> {
  let run = "";
  {
    await using runtime = await openQuietRuntime(place, "none");
    await runtime.auths.create({ method: "local-folder", label: "in", config: { folder } });
    const config = { prefix: "changes_", settle_seconds: 0 };
    ({ id: run } = await runtime.runs.start({ type: "profile-import", auth: "in", config }));
  }
  await using database = await openPlace(place);
  await database.kysely.updateTable("runs").set({ started_at: 1_772_323_200_000 }).where("id", "=", run).execute();
  return run;
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
 * Kills a process some commits after it took the run over, and then somewhere between two, which are `pace` milliseconds
 * apart; false where the run is done.
 */
async function killOnce(place: Place, run: string, pace: number, random: Random): Promise<boolean> {
  await using observer = new Observer(place, run);
  const before = await observer.state();
  if (before.status === "succeeded") return false;
  await using waybill = startServing(place);
  await observer.until(waybill, ({ attempts }) => attempts > before.attempts);
  const more = Math.floor(random() * 2) * ROWS;
  await observer.until(
    waybill,
    ({ status, rows_read }) => status === "succeeded" || rows_read >= before.rows_read + more,
  );
  await new Promise((resolve) => setTimeout(resolve, random() * pace));
  await waybill.kill();
  await observer.settled();
  return (await observer.state()).status === "running";
}
