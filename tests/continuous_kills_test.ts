/**
 * A partner delivers encrypted, zipped files day after day, and a continuous job imports them, while its process is killed
 * and its connection cut, again and again.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { openGnuPg, requireGnuPg } from "../core/codecs/pgp/gnupg_testing.ts";
import type { Database } from "../core/database/database.ts";
import { assertSameContent } from "./support/content.ts";
import { type DatedFile, deliver, makeDatedFile } from "./support/dated_files.ts";
import { Disturber, planDisturbances } from "./support/disturbances.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { DATABASE_KINDS, homePath, openPlace, type Place } from "./support/place.ts";
import { freshSeed, seeded } from "./support/seeded.ts";
import { startServing } from "./support/waybill_process.ts";

/** Disturbances: the full proof on SQLite; on PostgreSQL that it is no other there. */
const DISTURBANCES = { SQLite: 50, PostgreSQL: 8 } as const;

/** Files that come before a run of the job is due. */
const FILES = 3;

/** The rows of the first to come of them, and so on. */
const ROWS = [300, 2_500, 900] as const;

/** A job of a place, whose first run is queued. */
async function makeJob(
  place: Place,
  pgpKey: string,
  login: Readonly<Record<string, string | number>>,
): Promise<string> {
  await using runtime = await openQuietRuntime(place, "none");
  await runtime.auths.create({
    method: "sftp-pgp-private",
    label: "partner",
    config: { ...login, pgp_private_key: pgpKey },
  });
  const { id } = await runtime.jobs.create({
    type: "csv-import",
    label: "nightly",
    auth: "partner",
    config: {
      stream: "customers",
      folder: "in",
      file: "customers_20250101.zip.pgp",
      prefix: "customers_",
      identify_by: "customer_id,email",
      timestamps: "updated_at",
      after_import: "move",
      move_to: "done",
      keep_updated: true,
      frequency: "weekly",
    },
  });
  return id;
}

/** The id of the latest run, once there are so many. */
async function runOf({ kysely }: Database, count: number): Promise<string> {
  for (;;) {
    const runs = await kysely.selectFrom("runs").select("id").orderBy("created_at").execute();
    const run = runs[count - 1];
    if (run !== undefined) return run.id;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs the job once for each delivery, undisturbed. */
async function importUndisturbed(place: Place, job: string, folder: string, deliveries: readonly DatedFile[][]) {
  await using waybill = startServing(place);
  await using database = await openPlace(place);
  await using runtime = await openQuietRuntime(place, "none");
  for (const [index, files] of deliveries.entries()) {
    await deliver(join(folder, "in"), files);
    const id = index === 0 ? await runOf(database, 1) : (await runtime.runs.start({ job })).id;
    for (let status = ""; status !== "succeeded";) {
      const run = await database.kysely.selectFrom("runs").select(["status", "attempts", "failure"])
        .where("id", "=", id).executeTakeFirstOrThrow();
      assert.ok(run.attempts <= 1 && ["queued", "running", "succeeded"].includes(run.status), `${run.failure}`);
      assert.ok(!waybill.ended(), waybill.log.join("\n"));
      status = run.status;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  waybill.signal("SIGTERM");
  assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));
}

const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

for (const kind of DATABASE_KINDS) {
  const count = DISTURBANCES[kind.name];
  Deno.test({
    name:
      `${kind.name}: a continuous import of encrypted, zipped, dated files that is killed and cut off at ${count} ` +
      "random points leaves what an undisturbed one leaves",
    ignore: !requireOpenSsh() || !requireGnuPg() || !kind.present,
    fn: async () => {
      const seed = freshSeed();
      console.log(`${count} kills and cuts by seed ${seed}, which WAYBILL_TEST_SEED repeats`);
      const random = seeded(seed);
      await using folder = await temporaryFolder();
      await using server = await startOpenSsh();
      await using proxy = await startProxy(server);
      await using places = await kind.start();
      await using gpg = await openGnuPg();
      const { secret } = await gpg.makeKey("ours", { sign: "ed25519", encrypt: "cv25519" });
      await Deno.mkdir(join(server.folder, "in"));

      const disturbedPlace = await places.make(join(folder.path, "disturbed"));
      const { host, port } = proxy;
      const job = await makeJob(disturbedPlace, secret, {
        host,
        port,
        username: server.username,
        private_key: server.privateKey,
        folder: server.folder,
      });
      const undisturbedPlace = await places.copy(disturbedPlace, join(folder.path, "undisturbed"));

      const deliveries: DatedFile[][] = [];
      {
        await using database = await openPlace(disturbedPlace);
        const disturbed = { place: disturbedPlace, database, proxy, random };
        await using disturber = new Disturber(disturbed, planDisturbances(count, random));
        while (!disturber.over) {
          const files: DatedFile[] = [];
          for (let file = 0; file < FILES; file++) {
            const day = deliveries.length * FILES + file;
            files.push(await makeDatedFile(gpg, "<ours@test.invalid>", day, ROWS[file]!));
          }
          deliveries.push(files);
          await deliver(join(server.folder, "in"), files);
          // As if its time had come.
          if (deliveries.length > 1) {
            const due = { due_at: Date.now() - 1, wake_at: 1 };
            await database.kysely.updateTable("schedules").set(due).execute();
            disturber.start();
          }
          const bytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
          await disturber.run(await runOf(database, deliveries.length), bytes);
        }
        await disturber.end();
        const told = Map.groupBy(disturber.done, (kind) => kind).entries().map(([kind, { length }]) =>
          `${kind} ${length}`
        );
        console.log(`${deliveries.length} deliveries; ${[...told].sort().join(", ")}`);
        assert.equal(disturber.done.length, count);
      }
      const files = deliveries.flat();
      const all = files.map(({ name }) => name);
      assert.deepEqual([...names(join(server.folder, "in")), ...names(join(server.folder, "done"))].sort(), all);
      assert.deepEqual(names(join(homePath(disturbedPlace), "work")), []);

      await Deno.remove(join(server.folder, "in"), { recursive: true });
      await Deno.remove(join(server.folder, "done"), { recursive: true });
      await Deno.mkdir(join(server.folder, "in"));
      await importUndisturbed(undisturbedPlace, job, server.folder, deliveries);
      assert.deepEqual(names(join(server.folder, "done")), all);

      const sizes = await assertSameContent(disturbedPlace, undisturbedPlace);
      const sum = (of: (file: DatedFile) => number) => files.reduce((total, file) => total + of(file), 0);
      assert.equal(sizes["stream archive"], sum(({ rows }) => rows));
      assert.equal(sizes["rejects archive"], sum(({ broken }) => broken));
      assert.equal(sizes.imported_files, files.length);
      assert.equal(sizes.runs, deliveries.length);
    },
  });
}
