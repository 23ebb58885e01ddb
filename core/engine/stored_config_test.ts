import assert from "node:assert/strict";
import { z } from "zod";
import { memorySpool } from "../codecs/spool_memory.ts";
import { defineAuth } from "../contracts/auth.ts";
import { defineJob } from "../contracts/job.ts";
import { definePlugin } from "../contracts/plugin.ts";
import { defineProvider } from "../contracts/provider.ts";
import { collectLog } from "../testing/collect_log.ts";
import { Archive } from "../profiles/archive.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { NOBODY } from "./alive.ts";
import { authsOf } from "./auths.ts";
import { Connections, openConnection } from "./connections.ts";
import type { EngineContext } from "./context.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { executeRun } from "./execute_run.ts";
import { homeOf } from "./home.ts";
import { addRun, readRun } from "./import_testing.ts";
import { jobsOf } from "./jobs.ts";
import { claimRun } from "./queue.ts";
import { buildRegistry, type Registry } from "./registry.ts";
import { resolveRun } from "./resolve_run.ts";
import { COMMAND_RETRIES } from "./retry.ts";
import { knownKeys } from "./stored_config.ts";

/** The plugin before its upgrade took the keys `depth` and `realm` away, and after. */
function registryOf(version: 1 | 2): Registry {
  const login = z.object({ host: z.string(), token: z.string().optional().meta({ secret: true }) });
  const auth = defineAuth({
    id: "aging-login",
    title: "Login",
    summary: "Logs in.",
    config: version === 1 ? login.extend({ realm: z.string().optional() }) : login,
    connect: async () => ({ [Symbol.asyncDispose]: async () => {} }),
    check: async function* () {},
  });
  const provider = defineProvider({ id: "aging", title: "Aging", summary: "Ages.", auths: [auth] });
  const config = z.object({ file: z.string() });
  const job = defineJob({
    id: "aging-import",
    title: "Import",
    summary: "Imports.",
    provider,
    direction: "import",
    auths: [auth],
    config: version === 1 ? config.extend({ depth: z.int().optional() }) : config,
    checkpoint: z.object({}),
    into: () => ({ stream: "people", identifyBy: [] }),
    plan: async ({ config }) => ({ summary: `Would read ${config.file}`, facts: {}, notes: ["It is small"] }),
    run: async () => {},
  });
  return buildRegistry([
    definePlugin({ name: "aging", version: `${version}.0.0`, api: 1, providers: [provider], jobs: [job] }),
  ]);
}

const GONE = 'The saved "depth" is ignored: job type "aging-import" no longer has it';

interface Peer extends AsyncDisposable {
  /** The engine with the plugin upgraded. */
  readonly context: EngineContext;
  readonly folder: string;
}

/** An auth and a job that were saved before the upgrade. */
async function upgraded(databases: TestDatabases): Promise<Peer> {
  const engine = await startEngine(databases);
  const before = { ...engine.context, registry: registryOf(1) };
  await authsOf(before, async () => NOBODY).create({
    method: "aging-login",
    label: "In",
    config: { host: "here", realm: "old" },
  });
  await using connections = new Connections(before);
  await jobsOf(before, connections, memorySpool()).create({
    label: "nightly",
    type: "aging-import",
    config: { file: "a", depth: 3 },
  });
  return {
    context: { ...engine.context, registry: registryOf(2) },
    folder: engine.folder,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

Deno.test("keys that a plugin no longer has are left out of a saved configuration, and told", () => {
  const schema = z.object({ a: z.string() });
  assert.deepEqual(knownKeys(schema, { a: "1", toString: "x", b: 2 }), { config: { a: "1" }, gone: ["toString", "b"] });
});

onEachDatabase(
  "a saved job whose plugin lost a key still plans and runs, with a note, and can be changed",
  async (databases) => {
    await using peer = await upgraded(databases);
    const { context } = peer;
    await using connections = new Connections(context);
    const jobs = jobsOf(context, connections, memorySpool());
    assert.deepEqual((await jobs.plan("nightly")).notes, [GONE, "It is small"]);
    assert.equal((await jobs.plan({ job: "nightly", config: { file: "b" } })).summary, "Would read b");
    const { config, notes } = await resolveRun(context, { job: "nightly" });
    assert.deepEqual([config, notes], [{ file: "a" }, [GONE]]);
    const changed = await jobs.update("nightly", { config: { file: "c" } });
    assert.deepEqual(changed.config, { file: "c" });
  },
);

onEachDatabase("what is given anew is read strictly, whatever was saved", async (databases) => {
  await using peer = await upgraded(databases);
  const { context } = peer;
  await using connections = new Connections(context);
  const jobs = jobsOf(context, connections, memorySpool());
  const given = { config: { depth: 3 } };
  await assert.rejects(jobs.update("nightly", given), failure("config", /has no "depth"/));
  await assert.rejects(jobs.plan({ job: "nightly", ...given }), failure("config", /has no "depth"/));
  await assert.rejects(resolveRun(context, { job: "nightly", ...given }), failure("config", /has no "depth"/));
  await assert.rejects(
    authsOf(context, async () => NOBODY).update("In", { config: { realm: "x" } }),
    failure("config", /has no "realm"/),
  );
});

onEachDatabase(
  "a saved auth whose plugin lost a key still connects, with a warning, and can be changed",
  async (databases) => {
    await using peer = await upgraded(databases);
    const { log, lines } = collectLog();
    await using _connection = await openConnection(peer.context, 1, "In", {
      signal: new AbortController().signal,
      log,
    });
    assert.deepEqual(lines.map(({ level, message }) => [level, message]), [
      ["warn", 'The saved "realm" is ignored: auth method "aging-login" no longer has it'],
    ]);
    assert.deepEqual(
      (await authsOf(peer.context, async () => NOBODY).update("In", { config: { host: "there" } })).config,
      {
        host: "there",
      },
    );
  },
);

onEachDatabase("a run that was queued before a plugin lost a key is executed, with a note", async (databases) => {
  await using peer = await upgraded(databases);
  const { context, folder } = peer;
  const { database } = context;
  const auth = await authsOf(context, async () => NOBODY).get("In");
  const id = await addRun(database, {
    job_type: "aging-import",
    auth_id: auth.id,
    config: JSON.stringify({ file: "a", depth: 3 }),
  });
  const claim = await claimRun(database, "0".repeat(32), [id]);
  assert.ok(claim);
  const core = {
    ...context,
    home: homeOf(folder),
    identityKey: new Uint8Array(16),
    archive: new Archive(`${folder}/archive`),
    statements: statementsFor(databases.kind),
    [Symbol.asyncDispose]: async () => {},
  };
  const hooks = {
    signal: new AbortController().signal,
    progress: () => {},
    log: context.log,
    retries: COMMAND_RETRIES,
  };
  assert.equal(await executeRun(core, claim, hooks), "succeeded");
  assert.ok(JSON.parse((await readRun(database, id)).notes).includes(GONE));
});

onEachDatabase("time that was noted while a run's thread started is not counted twice", async (databases) => {
  await using peer = await upgraded(databases);
  const { context, folder } = peer;
  const { database } = context;
  const auth = await authsOf(context, async () => NOBODY).get("In");
  const config = JSON.stringify({ file: "a" });
  const id = await addRun(database, { job_type: "aging-import", auth_id: auth.id, config, duration_ms: 3_600_000 });
  const claim = await claimRun(database, "0".repeat(32), [id]);
  assert.ok(claim);
  const core = {
    ...context,
    home: homeOf(folder),
    identityKey: new Uint8Array(16),
    archive: new Archive(`${folder}/archive`),
    statements: statementsFor(databases.kind),
    [Symbol.asyncDispose]: async () => {},
  };
  const { signal } = new AbortController();
  const hooks = { signal, progress: () => {}, log: context.log, retries: COMMAND_RETRIES, workedBefore: 0 };
  assert.equal(await executeRun(core, claim, hooks), "succeeded");
  assert.ok((await readRun(database, id)).duration_ms < 3_600_000);
});
