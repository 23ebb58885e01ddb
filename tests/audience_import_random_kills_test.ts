/** Imports of a list are killed at random moments: its members are the old ones or the new ones, and exactly those. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readMembers } from "../core/profiles/audience_members.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { Observer } from "./support/observer.ts";
import { DATABASE_KINDS, openPlace, type Place } from "./support/place.ts";
import { freshSeed, seeded } from "./support/seeded.ts";
import { startServing } from "./support/waybill_process.ts";

const IDS = 60_000, BAD = 200;

/** SQLite takes most of the kills: they are cheaper there. All of them for those who have the time. */
const isWhole = Deno.env.get("CI") === "true";
const KILLS: Readonly<Record<string, number>> = { SQLite: isWhole ? 38 : 6, PostgreSQL: isWhole ? 12 : 3 };

/** Two lists that share every third member, with a line that is none now and then. */
function idsOf(list: "a" | "b"): string {
  const lines: string[] = [];
  for (let id = 0; id < IDS; id++) {
    lines.push(`{"customer_id":"${id % 3 === 0 ? "both" : list}-${id}"}\n`);
    if (id % (IDS / BAD) === 0) lines.push("no JSON\n");
  }
  return lines.join("");
}

/** A list as a reader finds it. */
interface Members {
  readonly version: number;
  readonly keys: readonly bigint[];
}

for (const kind of DATABASE_KINDS) {
  const kills = KILLS[kind.name] ?? 0;
  Deno.test({
    name: `${kills} kills of audience imports leave the old members or the new ones, on ${kind.name}`,
    ignore: !kind.present,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using places = await kind.start();
      const source = join(folder.path, "in");
      await Deno.mkdir(source);
      for (const list of ["a", "b"] as const) await Deno.writeTextFile(join(source, `${list}.jsonl`), idsOf(list));
      const place = await places.make(join(folder.path, "home"));
      await prepare(place, source);
      const undisturbed = { a: [] as readonly bigint[], b: [] as readonly bigint[] };
      /** Longest time from the begin of an attempt to its kill, in milliseconds: what it takes when nobody disturbs it. */
      let longest = 0;
      for (const list of ["a", "b"] as const) {
        longest = await finish(place, await queue(place, list));
        undisturbed[list] = (await membersOf(place)).keys;
        assert.equal(undisturbed[list].length, IDS);
      }
      const seed = freshSeed(), random = seeded(seed);
      let hits = 0;
      for (let version = 3; hits < kills; version++) {
        const [old, list] = version % 2 === 1 ? ["b", "a"] as const : ["a", "b"] as const;
        const run = await queue(place, list);
        for (let isDone = false; !isDone && hits < kills;) {
          isDone = !await killOnce(place, run, random() * longest);
          if (!isDone) hits++;
          const found = await membersOf(place);
          const expected = found.version === version ? undisturbed[list] : undisturbed[old];
          assert.ok(found.version === version || (!isDone && found.version === version - 1), `seed ${seed}`);
          assert.deepEqual(found.keys, expected, `seed ${seed}, version ${version}, kill ${hits}`);
        }
        await finish(place, run);
        assert.deepEqual(await membersOf(place), { version, keys: undisturbed[list] }, `seed ${seed}`);
        await checkRun(place, run);
        // Whatever was killed, most imports are not done before.
        assert.ok(version < 3 * kills + 10, `seed ${seed}: ${hits} of ${kills} kills met an import`);
      }
    },
  });
}

async function prepare(place: Place, folder: string): Promise<void> {
  await using runtime = await openQuietRuntime(place, "none");
  await runtime.auths.create({ method: "local-folder", label: "in", config: { folder } });
  await runtime.apps.create({ name: "weather" });
}

/** Queues the import of a file into the list. */
async function queue(place: Place, list: string): Promise<string> {
  await using runtime = await openQuietRuntime(place, "none");
  const config = { app_id: "weather", audience_name: "n", file: `${list}.jsonl` };
  const { id } = await runtime.runs.start({ type: "audience-import", auth: "in", config });
  return id;
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

/** Kills a process so many milliseconds after it took the run over; false where the run is done. */
async function killOnce(place: Place, run: string, pause: number): Promise<boolean> {
  await using observer = new Observer(place, run);
  const before = await observer.state();
  await using waybill = startServing(place);
  await observer.until(waybill, ({ attempts }) => attempts > before.attempts);
  await new Promise((resolve) => setTimeout(resolve, pause));
  await waybill.kill();
  await observer.settled();
  return (await observer.state()).status === "running";
}

/** The members, of which there is one version. */
async function membersOf(place: Place): Promise<Members> {
  await using database = await openPlace(place);
  const { account_id: account, id: audience, version, members } = await database.kysely.selectFrom("audiences")
    .select(["account_id", "id", "version", "members"]).executeTakeFirstOrThrow();
  const versions = await database.kysely.selectFrom("audience_members").select("version").distinct().execute();
  assert.deepEqual(versions.map((row) => row.version), [version]);
  const pieces = await Array.fromAsync(readMembers(database.kysely, { account, audience, version }));
  const keys = pieces.flatMap((piece) => [...piece]);
  assert.equal(keys.length, members);
  return { version, keys };
}

/** Each row is counted once, and each rejected one kept once, whatever the attempts before had archived. */
async function checkRun(place: Place, run: string): Promise<void> {
  await using runtime = await openQuietRuntime(place, "none");
  const { read, accepted, rejected } = await runtime.runs.get(run);
  assert.deepEqual([read, accepted, rejected], [IDS + BAD, IDS, BAD]);
  assert.equal((await Array.fromAsync(runtime.runs.rejects(run))).length, BAD);
}
