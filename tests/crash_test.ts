import assert from "node:assert/strict";
import { join } from "node:path";
import { requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { assertSameContent } from "./support/content.ts";
import { type CustomerFile, writeCustomerFile } from "./support/customer_file.ts";
import { prepareImport, temporaryFolder } from "./support/home.ts";
import {
  type Attempt,
  type Phase,
  phaseOf,
  PHASES,
  type Plan,
  planKills,
  reach,
  type Watched,
} from "./support/kills.ts";
import { Observer } from "./support/observer.ts";
import { DATABASE_KINDS, homePath, type Place, type Places } from "./support/place.ts";
import { freshSeed, type Random, seeded } from "./support/seeded.ts";
import { startServing } from "./support/waybill_process.ts";

const ROWS = 200_000;
const JOINS = 2_000;

/** The full proof. */
const ALL_KILLS = 50;

/** Kills on each database: all of them for those who have the time. */
const KILLS = Number(Deno.env.get("WAYBILL_TEST_KILLS") || (Deno.env.get("CI") === "true" ? ALL_KILLS : 20));

/** The commits of an import that nothing disturbs, the largest of them. */
interface Commits {
  /** In bytes of the file. */
  readonly bytes: number;
  /** In rows, of those in the second half of the file. */
  readonly rows: number;
  /** From one to the next, in milliseconds, on average. */
  readonly pace: number;
}

/** Imports without a disturbance. */
async function importUndisturbed(place: Place, run: string, total: number): Promise<Commits> {
  await using waybill = startServing(place);
  await using observer = new Observer(place, run);
  let [offset, rows, largestBytes, largestRows, commits, first, last] = [0, 0, 0, 0, 0, 0, 0];
  const { attempts } = await observer.until(waybill, ({ status, checkpoint, rows_read }) => {
    const next: number = JSON.parse(checkpoint ?? "{}").current?.position.position.offset ?? offset;
    largestBytes = Math.max(largestBytes, next - offset);
    if (rows > total / 2) largestRows = Math.max(largestRows, rows_read - rows);
    if (rows_read > rows) {
      commits++;
      last = performance.now();
      first ||= last;
    }
    [offset, rows] = [next, rows_read];
    return status === "succeeded";
  });
  assert.equal(attempts, 1);
  waybill.signal("SIGTERM");
  assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));
  return { bytes: largestBytes, rows: largestRows, pace: (last - first) / (commits - 1) };
}

/** A kill as it turned out. */
interface Kill {
  readonly phase: Phase;
  readonly rows: number;
}

/** Starts a process, kills it when the plan says so, and tells what it was doing; undefined where the run had ended. */
async function killOnce(place: Place, plan: Plan, watched: Watched, random: Random): Promise<Kill | undefined> {
  const { observer, proxy } = watched;
  const before = await observer.state();
  const { received } = proxy;
  await using waybill = startServing(place);
  const start = await observer.until(waybill, ({ attempts }) => attempts > before.attempts);
  assert.deepEqual([start.rows_read, start.checkpoint], [before.rows_read, before.checkpoint]);
  const attempt: Attempt = { waybill, start, received };
  await reach(plan, attempt, watched, random);
  await waybill.kill();
  await observer.settled();
  const end = await observer.state();
  if (end.status === "succeeded" && plan.phase === "after the last commit") return undefined;
  assert.equal(end.status, "running", "The process was killed before it could end the run");
  return { phase: await phaseOf(end, attempt, watched), rows: end.rows_read };
}

/** Kills all over the file. Behind the row `latest`, a moment that lets the process commit could come after the run's end. */
async function killThroughout(
  place: Place,
  watched: Watched,
  latest: number,
  random: Random,
): Promise<Kill[]> {
  const kills: Kill[] = [];
  const plans = planKills(KILLS, watched.rows, random);
  for (const [index, planned] of plans.entries()) {
    const missing = PHASES.find((phase) => phase !== LAST && !kills.some((kill) => kill.phase === phase));
    const phase = missing !== undefined && index > plans.length / 2 ? missing : planned.phase;
    const commits = phase === "during a commit" || phase === "after a commit";
    const isNear = (kills.at(-1)?.rows ?? 0) > latest;
    const plan: Plan = {
      phase: !commits || !isNear ? phase : random() < 0.5 ? "download and parse" : "before a commit",
      rows: Math.min(planned.rows, latest),
    };
    const kill = await killOnce(place, plan, watched, random);
    assert.ok(kill !== undefined);
    kills.push(kill);
  }
  return kills;
}

const LAST = "after the last commit";

/** Fails unless every phase was hit, and the kills lie all over the file. */
function assertSpread(kills: readonly Kill[], rows: number): void {
  const phases = PHASES.map((phase) => [phase, kills.filter((kill) => kill.phase === phase).length] as const);
  const within = kills.filter(({ phase }) => phase !== LAST);
  const thirds = [0, 1, 2].map((third) => within.filter((kill) => Math.floor(3 * kill.rows / rows) === third).length);
  console.log(`${kills.length} kills: ${phases.map(([phase, count]) => `${phase} ${count}`).join(", ")}`);
  console.log(`By thirds of the rows that were committed by then: ${thirds.join(", ")}`);
  for (const [phase, count] of phases) assert.ok(count > 0, `No kill came here: ${phase}`);
  for (const [third, count] of thirds.entries()) assert.ok(count > 0, `No kill came in third ${third + 1} of the file`);
}

/** Kills a process between its last commit and the run's end, then the next one before it finds that out. */
async function killBehindTheRows(
  places: Places,
  place: Place,
  watched: Omit<Watched, "observer">,
  latest: number,
  run: string,
  random: Random,
): Promise<{ readonly place: Place; readonly kills: Kill[] }> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    // A try that comes too late is none: the next one starts from the same place.
    const copy = await places.copy(place, `${homePath(place)}-${attempt}`);
    await using observer = new Observer(copy, run);
    const all = { ...watched, observer };
    const first = await killOnce(copy, { phase: LAST, rows: latest }, all, random);
    if (first === undefined) continue;
    const second = await killOnce(copy, { phase: "connect", rows: 0 }, all, random);
    assert.ok(second !== undefined);
    return { place: copy, kills: [first, second] };
  }
  throw new Error("The run ended before each of ten kills after its last commit");
}

for (const kind of DATABASE_KINDS) {
  Deno.test({
    name: `${kind.name}: an import of ${ROWS} rows that is killed again and again, in every phase, leaves what an ` +
      "undisturbed one leaves",
    ignore: !requireOpenSsh() || !kind.present,
    fn: async () => {
      const seed = freshSeed();
      console.log(
        `${KILLS} kills by seed ${seed}, which WAYBILL_TEST_SEED repeats` +
          (KILLS < ALL_KILLS ? `; WAYBILL_TEST_KILLS=${ALL_KILLS} is the full proof, as under CI=true` : ""),
      );
      const random = seeded(seed);
      await using folder = await temporaryFolder();
      await using server = await startOpenSsh();
      await using proxy = await startProxy(server);
      await using places = await kind.start();
      const file = await writeCustomerFile(join(server.folder, "customers.csv"), ROWS, 7, {
        joins: JOINS,
        // Short rows, of which more than 20,000 go into a commit, are committed by a thread of their own.
        width: [1, 14],
      });
      const undisturbed = await places.make(join(folder.path, "undisturbed"));
      const run = await prepareImport(undisturbed, { ...server, host: proxy.host, port: proxy.port }, {
        stream: "customers",
        file: "customers.csv",
        identify_by: "customer_id,email",
        timestamps: "updated_at",
      });
      const queued = await places.copy(undisturbed, join(folder.path, "killed"));
      const rows = file.rows + file.broken;
      const largest = await importUndisturbed(undisturbed, run, rows);

      const watched = { proxy, rows, size: file.size, commit: largest.bytes, pace: largest.pace };
      const latest = rows - 2 * largest.rows;
      const kills: Kill[] = [];
      {
        await using observer = new Observer(queued, run);
        kills.push(...await killThroughout(queued, { ...watched, observer }, latest, random));
      }
      const { place: killed, kills: last } = await killBehindTheRows(places, queued, watched, latest, run, random);
      kills.push(...last);
      assertSpread(kills, rows);

      {
        await using waybill = startServing(killed);
        await using observer = new Observer(killed, run);
        const { attempts } = await observer.until(waybill, ({ status }) => status === "succeeded");
        assert.equal(attempts, KILLS + 1);
        waybill.signal("SIGTERM");
        assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));
        assert.equal(await observer.leftOver(), 0, "What killed commits wrote was cut off at the take-over");
      }
      await assertImported(killed, undisturbed, file);
    },
  });
}

/** Fails unless a place holds what the undisturbed one does, and that is what the file holds. */
async function assertImported(place: Place, undisturbed: Place, file: CustomerFile): Promise<void> {
  const sizes = await assertSameContent(place, undisturbed);
  assert.equal(sizes["stream archive"], file.rows);
  assert.equal(sizes["rejects archive"], file.broken);
  assert.equal(sizes.profiles, file.customers);
  assert.equal(sizes.identities, file.identities);
}
