/**
 * The process that executes exports is killed at 50 random points: each file that is there is whole, a run writes one file
 * however often it is killed, and the attempt that gets through leaves nothing else.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type OpenSshServer, requireOpenSsh, startOpenSsh } from "@waybill/waybill/testing";
import type { Database } from "../core/database/database.ts";
import { createPartner, openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { DATABASE_KINDS, openPlace, type Place } from "./support/place.ts";
import { freshSeed, type Random, seeded } from "./support/seeded.ts";
import { startServing } from "./support/waybill_process.ts";

/** The full proof; SQLite takes most of the kills, since they are cheaper there. */
const ALL_KILLS: Readonly<Record<string, number>> = { SQLite: 40, PostgreSQL: 10 };
const SHARE = Deno.env.get("CI") === "true" ? 1 : 0.2;

const ROWS = 40_000;
const note = (id: number) => `note ${(id * 7919) % 10_007}, é`;
const lines = (line: (id: number) => string) => Array.from({ length: ROWS }, (_, id) => line(id)).join("");
const IMPORTED = `id,email,note\n${lines((id) => `${id},p${id}@example.com,"${note(id)}"\n`)}`;
const EXPECTED = `email,id,note\r\n${lines((id) => `p${id}@example.com,${id},"${note(id)}"\r\n`)}`;

/** What an attempt is doing when it is killed: anything, sending the file, or what comes once the file is there. */
const MOMENTS = ["any", "sending", "sent"] as const;

interface Peer {
  readonly place: Place;
  readonly database: Database;
  /** Where the files go. */
  readonly folder: string;
  /** How long an attempt takes that nobody disturbs. */
  readonly undisturbed: Duration;
}

/** In milliseconds. */
interface Duration {
  /** From its start until its file begins. */
  readonly before: number;
  /** From there until the file has its name. */
  readonly sending: number;
  /** From there to the end. */
  readonly after: number;
}

for (const kind of DATABASE_KINDS) {
  const kills = Math.round((ALL_KILLS[kind.name] ?? 0) * SHARE);
  Deno.test({
    name: `kills of exports leave each file whole or not there, and one for each run, on ${kind.name}`,
    ignore: !kind.present || !requireOpenSsh(),
    fn: async () => {
      await using folder = await temporaryFolder();
      await using server = await startOpenSsh();
      await using places = await kind.start();
      const place = await places.make(join(folder.path, "home"));
      await using database = await openPrepared(place, server);
      const undisturbed = await finish(place, database, await queue(place, database), server.folder);
      const peer: Peer = { place, database, folder: server.folder, undisturbed };
      const seed = freshSeed();
      const random = seeded(seed);
      const hits = { any: 0, sending: 0, sent: 0 };
      let runs = 2;
      let run = await queue(place, database);
      for (let kill = 0, tries = 0; kill < kills; tries++) {
        assert.ok(
          tries < 4 * kills + 10,
          `seed ${seed}: runs end before they are killed: ${JSON.stringify(undisturbed)}`,
        );
        if (await statusOf(database, run) === "succeeded") {
          run = await queue(place, database);
          runs++;
        }
        const moment = MOMENTS[tries % MOMENTS.length] ?? "any";
        if (await killOnce(peer, run, moment, random)) {
          kill++;
          hits[moment]++;
        }
        await assertWhole(peer, `seed ${seed}, try ${tries}, ${moment}`);
      }
      if (await statusOf(database, run) !== "succeeded") await finish(place, database, run);
      const left = await assertWhole(peer, `seed ${seed}, at the end`);
      const files = left.filter((name) => name.endsWith(".csv"));
      assert.equal(files.length, runs, `seed ${seed}: ${left.join(" ")}`);
      assert.deepEqual(left, files.flatMap((name) => [name, `${name}.manifest.json`]).sort(), `seed ${seed}`);
      console.log(
        `${kills} kills in ${runs} runs of ${JSON.stringify(undisturbed)} by seed ${seed}: ${JSON.stringify(hits)}`,
      );
      if (kills < ALL_KILLS["SQLite"]!) return;
      for (const [moment, count] of Object.entries(hits)) assert.ok(count > 0, `No kill came here: ${moment}`);
    },
  });
}

/** A job that exports so many people, and its database. */
async function openPrepared(place: Place, server: OpenSshServer): Promise<Database> {
  const file = join(server.folder, "in.csv");
  await Deno.writeTextFile(file, IMPORTED);
  let run: string;
  {
    await using runtime = await openQuietRuntime(place, "none");
    await createPartner(runtime, server);
    const config = { stream: "people", file: "in.csv", identify_by: "id" };
    run = (await runtime.runs.start({ type: "csv-import", auth: "partner", config })).id;
  }
  const database = await openPlace(place);
  await finish(place, database, run);
  await using runtime = await openQuietRuntime(place, "none");
  await runtime.jobs.create({
    ...{ type: "sftp-csv-export", label: "nightly", auth: "partner" },
    config: { audience: "all", timestamp_format: "YYYYMMDDHHmmss", manifest: true },
  });
  for (const one of await database.kysely.selectFrom("runs").select("id").where("status", "=", "queued").execute()) {
    await runtime.runs.stop(one.id);
  }
  await Deno.remove(file);
  return database;
}

/** Queues a run of the job, once the second is over in which the last one started: their names tell no more of the time. */
async function queue(place: Place, { kysely }: Database): Promise<string> {
  const { last } = await kysely.selectFrom("runs").select(({ fn }) => fn.max("started_at").as("last"))
    .executeTakeFirstOrThrow();
  await pause(Math.max(0, Math.floor((last ?? 0) / 1_000) * 1_000 + 1_000 - Date.now()));
  await using runtime = await openQuietRuntime(place, "none");
  return (await runtime.runs.start({ job: "nightly" })).id;
}

/** Lets a run come to its end; gives how long the attempt took, as far as files of `folder` tell it. */
async function finish(place: Place, database: Database, run: string, folder?: string): Promise<Duration> {
  await using waybill = startServing(place);
  const attempts = await attemptsOf(database, run);
  const times = [0, 0, 0];
  const reached = (index: number, is: boolean) => void (is && (times[index] ||= performance.now()));
  for (;;) {
    if (folder !== undefined) {
      reached(0, await attemptsOf(database, run) > attempts);
      reached(1, names(folder).some((name) => name.endsWith(".part")));
      reached(2, names(folder).some((name) => name.endsWith(".csv")));
    }
    const status = await statusOf(database, run);
    if (status === "succeeded") break;
    assert.ok(status === "queued" || status === "running", `the run is ${status}`);
    assert.ok(!waybill.ended(), waybill.log.join("\n"));
    await pause(1);
  }
  const [began = 0, sent = 0, there = 0] = times.map(Math.round);
  return { before: sent - began, sending: there - sent, after: Math.round(performance.now()) - there };
}

/** Starts a process and kills it at such a moment of its attempt; false where the run had ended by then. */
async function killOnce(peer: Peer, run: string, moment: typeof MOMENTS[number], random: Random): Promise<boolean> {
  const { place, database, folder, undisturbed: { before, sending, after } } = peer;
  const attempts = await attemptsOf(database, run);
  const known = new Set(names(folder));
  await using waybill = startServing(place);
  while (await attemptsOf(database, run) === attempts) {
    assert.ok(!waybill.ended(), waybill.log.join("\n"));
    await pause(1);
  }
  if (moment === "any") await pause(random() * (before + sending + after));
  else {
    const end = moment === "sent" ? ".csv" : ".part";
    const isThere = () => names(folder).some((name) => !known.has(name) && name.endsWith(end));
    for (let look = 1; !isThere(); look++) {
      // An attempt that does no more than what is missing has none of these moments.
      if (look % 50 === 0 && await statusOf(database, run) === "succeeded") return false;
      await pause(1);
    }
    await pause(random() * (moment === "sent" ? after / 2 : sending));
  }
  await waybill.kill();
  return await statusOf(database, run) !== "succeeded";
}

/** Every file that others see is right; gives the names of all that are there. */
async function assertWhole({ folder }: Peer, where: string): Promise<string[]> {
  const found = names(folder);
  for (const name of found) {
    if (name.startsWith(".")) continue;
    const text = await Deno.readTextFile(join(folder, name));
    if (name.endsWith(".csv")) assert.ok(text === EXPECTED, `${where}: "${name}" has ${text.length} characters`);
    else assert.equal(JSON.parse(text).rows, ROWS, where);
  }
  return found;
}

const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

async function statusOf({ kysely }: Database, run: string): Promise<string> {
  return (await kysely.selectFrom("runs").select("status").where("id", "=", run).executeTakeFirstOrThrow()).status;
}

async function attemptsOf({ kysely }: Database, run: string): Promise<number> {
  return (await kysely.selectFrom("runs").select("attempts").where("id", "=", run).executeTakeFirstOrThrow()).attempts;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
