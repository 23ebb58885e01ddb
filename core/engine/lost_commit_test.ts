/** Imports whose connection to PostgreSQL is lost while a commit is under way: nobody learns how that went. */
import assert from "node:assert/strict";
import { ManagedContents } from "./managed/contents.ts";
import { z } from "zod";
import { defineAuth } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import { defineJob } from "../contracts/job.ts";
import { definePlugin } from "../contracts/plugin.ts";
import { defineProvider } from "../contracts/provider.ts";
import { openDatabase } from "../database/open.ts";
import { migrate } from "../database/migrations.ts";
import { Archive } from "../profiles/archive.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { type CommitCutter, type CutCommit, startCommitCutter } from "../testing/commit_cutter_testing.ts";
import { type PostgresServer, requirePostgres, startPostgres } from "../testing/postgres.ts";
import { findAccount } from "./find_account.ts";
import { SYSTEM } from "./actor.ts";
import { NOBODY } from "./alive.ts";
import { authsOf } from "./auths.ts";
import { makeFolder } from "./engine_testing.ts";
import { executeRun } from "./execute_run.ts";
import { openHome } from "./home.ts";
import { newId } from "./ids.ts";
import { addRun, contentOf, readRun } from "./import_testing.ts";
import { claimRun } from "./queue.ts";
import { buildRegistry } from "./registry.ts";
import { openVault } from "./vault.ts";

const BATCHES = 4;
const ROWS = 30;

/** Imports batches that create, change and merge profiles, each with a rejected row and a commit of its own. */
const registry = (() => {
  const auth = defineAuth({
    id: "open",
    title: "Open",
    summary: "Needs nothing.",
    config: z.object({}),
    connect: async () => ({ [Symbol.asyncDispose]: async () => {} }),
    check: async function* () {},
  });
  const provider = defineProvider({ id: "batches", title: "Batches", summary: "Gives batches.", auths: [auth] });
  const job = defineJob({
    id: "batches-import",
    title: "Import",
    summary: "Imports batches.",
    provider,
    direction: "import",
    auths: [auth],
    config: z.object({}),
    checkpoint: z.object({ batch: z.int() }),
    into: () => ({ stream: "people", identifyBy: ["id", "email"] }),
    run: async ({ checkpoint, emit, reject, flush }) => {
      for (let batch = (checkpoint?.batch ?? 0) + 1; batch <= BATCHES; batch++) {
        await reject([{ line: batch, offset: batch, reason: "Broken", raw: new Uint8Array([batch]) }]);
        const rows = Array.from({ length: ROWS }, (_, row) => {
          const id = batch * ROWS / 2 + row;
          // Two batches later its e-mail address makes it one with a neighbour.
          const email = `${batch > 2 ? id - id % 2 : id}@x.example`;
          return { fields: { id: String(id), email, [`batch_${batch}`]: String(row) }, time: 1_000 * batch };
        });
        await emit(rows, { batch });
        await flush();
      }
    },
  });
  return buildRegistry([
    definePlugin({ name: "batches", version: "1.0.0", api: 1, providers: [provider], jobs: [job] }),
  ]);
})();

interface Prepared {
  readonly masterKeyPath: string;
  /** A database with the queued import, to make copies of; nobody is connected to it. */
  readonly template: string;
  readonly run: string;
}

async function prepare(server: PostgresServer, masterKeyPath: string): Promise<Prepared> {
  const url = await server.createDatabase();
  await using database = await openDatabase({ path: "", url });
  await migrate(database);
  const vault = await openVault({ database, masterKeyPath });
  const account = await findAccount(database.kysely, undefined);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const managed = new ManagedContents("managed");
  const context = { database, vault, registry, managed, accountId: account.id, account, actor: SYSTEM, log };
  const auths = authsOf(context, () => Promise.resolve(NOBODY));
  const auth = await auths.create({ method: "open", label: "Open", config: {} });
  const run = await addRun(database, { job_type: "batches-import", auth_id: auth.id });
  return { masterKeyPath, template: new URL(url).pathname.slice(1), run };
}

/** Executes the import over a copy of the database until it has succeeded; gives what it left and its attempts. */
async function importOver(
  server: PostgresServer,
  cutter: CommitCutter,
  { masterKeyPath, template, run }: Prepared,
  cut?: { readonly nth: number; readonly what: CutCommit },
) {
  await using folder = await makeFolder();
  const url = await server.createDatabase(template);
  await using database = await openDatabase({ path: "", url: cutter.through(url) });
  const archive = new Archive(`${folder.path}/archive`);
  const core = {
    home: await openHome(folder.path),
    database,
    vault: await openVault({ database, masterKeyPath }),
    identityKey: new Uint8Array(16),
    registry,
    archive,
    managed: new ManagedContents(`${folder.path}/managed`),
    statements: statementsFor(database.kind),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const hooks = { signal: new AbortController().signal, progress() {}, log };
  const once = async () => {
    // An owner that is in no process: what it holds is free once it has let go.
    const claim = await claimRun(database, newId(), [run]);
    if (claim !== undefined) {
      await executeRun(core, claim, { ...hooks, retries: { waits: [0, 0, 0], unconnected: true } });
    }
  };
  cutter.cutAt(cut?.nth ?? Infinity, cut?.what ?? "lost");
  for (;;) {
    await once().catch((error) => {
      if (!(error instanceof Failure) || error.kind !== "transient") throw error;
    });
    const { status, attempts, failure } = await eventually(() => readRun(database, run));
    assert.ok(status === "succeeded" || status === "running" || status === "queued", `${status}: ${failure}`);
    if (status !== "succeeded") continue;
    const { segments: _, ...content } = await contentOf(database, archive);
    return { attempts, content };
  }
}

/** What the work gives once no connection is left that was cut. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "transient") throw error;
    }
  }
}

Deno.test({
  name:
    "an import that never learns how one of its commits went, whichever it is, leaves what an undisturbed one leaves",
  ignore: !requirePostgres(),
  fn: async () => {
    await using server = await startPostgres();
    await using cutter = await startCommitCutter(server);
    await using folder = await makeFolder();
    const prepared = await prepare(server, `${folder.path}/master.key`);
    const undisturbed = await importOver(server, cutter, prepared);
    const { commits } = cutter;
    assert.equal(undisturbed.attempts, 1);
    assert.ok(commits >= BATCHES + 3, "It is claimed, opened, committed and ended");
    assert.ok((undisturbed.content.merges as unknown[]).length > 0);
    assert.equal((undisturbed.content.lines as string[]).length, BATCHES * ROWS);
    let attempts = 0;
    for (const what of ["lost", "unanswered", "late"] as const) {
      for (let nth = 1; nth <= commits; nth++) {
        const disturbed = await importOver(server, cutter, prepared, { nth, what });
        assert.ok(cutter.commits >= nth, "The connection was cut");
        assert.deepEqual(disturbed.content, undisturbed.content, `${what}, commit ${nth} of ${commits}`);
        attempts += disturbed.attempts;
      }
    }
    assert.ok(attempts > 3 * commits, "Commits that were cut cost attempts");
  },
});
