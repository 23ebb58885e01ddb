import assert from "node:assert/strict";
import { SYSTEM } from "./actor.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { openCore } from "./core.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { newId } from "./ids.ts";
import { addRun, readRun } from "./import_testing.ts";
import { holdFence, LeaseLost } from "./claim.ts";
import { runsOf } from "./runs.ts";

async function start(processes: ReadonlySet<string> = new Set()) {
  const folder = await makeFolder();
  const core = await openCore({ home: folder.path, plugins: [] });
  const runs = runsOf(core, {
    actor: SYSTEM,
    account: 1,
    resolve: () => Promise.reject(new Error("Not asked for")),
    queued: () => Promise.resolve(),
    progress: async () => undefined,
    done: () => undefined,
    halted: () => undefined,
    alive: async () => ({ processes, serving: false }),
  });
  return {
    database: core.database,
    runs,
    [Symbol.asyncDispose]: async () => {
      await core[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

onEachDatabase(
  "a stopped run that no living process works on ends at once, and its process commits no more",
  async (databases) => {
    await databases.useInHomes();
    await using peer = await start();
    const { database, runs } = peer;
    for (const columns of [{ lease_owner: newId(), lease_until: 8e15 }, { lease_owner: null, lease_until: null }]) {
      const run = await addRun(database, { status: "running", fence: 4, ...columns });
      const { status, failure: why } = await runs.stop(run);
      assert.deepEqual([status, why?.kind], ["cancelled", "cancelled"]);
      assert.equal((await readRun(database, run)).fence, 5);
      await assert.rejects(
        database.write((transaction) => holdFence(transaction, { account: 1, run, fence: 4 })),
        LeaseLost,
      );
    }
  },
);

onEachDatabase("a run of a paused job, or whose auth is gone, is not retried", async (databases) => {
  await databases.useInHomes();
  await using peer = await start();
  const { database, runs } = peer;
  const id = newId();
  const time = { created_at: 0, updated_at: 0 };
  const auth = { account_id: 1, id: "a", provider_id: "p", method: "m", label: "A", description: "", config: "{}" };
  const nothing = { secrets: null, secret_names: "[]", peer: null, user_id: null, user_name: null, operator: 1 };
  await database.kysely.insertInto("auths").values({ ...auth, ...nothing, ...time }).execute();
  const job = { account_id: 1, id, type: "t", label: "Nightly", description: "", auth_id: "a", config: "{}" } as const;
  await database.kysely.insertInto("jobs").values({ ...job, status: "paused", personal: 0, revision: 1, ...time })
    .execute();
  const run = await addRun(database, { job_id: id, status: "failed" });
  await assert.rejects(
    runs.retry(run),
    failure("config", /^Job "Nightly" is paused$/, {
      code: "conflict",
      hint: /`waybill job resume Nightly`, then `waybill run retry [0-9a-f]+`/,
    }),
  );
  const waiting = await addRun(database, { job_id: id });
  assert.equal((await runs.get(waiting)).next_step, `waybill job resume ${id}`);
  const without = await addRun(database, { auth_id: newId(), status: "failed" });
  await assert.rejects(
    runs.retry(without),
    failure("config", /^The auth of run ".*" was deleted$/, { code: "conflict" }),
  );
  assert.deepEqual([(await readRun(database, run)).status, (await readRun(database, without)).status], [
    "failed",
    "failed",
  ]);
});
