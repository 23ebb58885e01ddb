import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import type { EraseContext } from "./erasable_stores.ts";
import { spoolStoreOf } from "./erase_spool.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { openHome } from "./home.ts";
import { addRun, type ImportPeer, startImport } from "./import_testing.ts";
import type { Core } from "./core.ts";
import { Spool } from "./spool.ts";
import { sweepSpool } from "./spool_sweep.ts";

type Files = Pick<Core, "home" | "database">;

/** The part of an erasure's context that the spool looks at; `positions` are those committed. */
function contextOf({ database }: ImportPeer, home: Core["home"], positions: unknown[] = []): EraseContext {
  const context: Partial<EraseContext> = {
    core: { home, database } as Core,
    account: 1,
    position: undefined,
    signal: new AbortController().signal,
    commit: async (work) => {
      positions.push((await work(undefined as never)).position);
    },
  };
  return context as EraseContext;
}

/** A body that gives a line whenever `next` resolves, until it resolves to false. */
async function* lines(next: () => Promise<boolean>): AsyncGenerator<Uint8Array> {
  while (await next()) yield new TextEncoder().encode("1,ada@example.org\n");
}

const PLACE = { account: 1, run: "c".repeat(32) };

async function spooled(files: Files): Promise<string[]> {
  return await Array.fromAsync(new Spool(files.home.spoolDir).entries(), ({ run }) => run);
}

onEachDatabase("what a crash left of an upload goes at once, and what is about to come in stays", async (databases) => {
  await using peer = await startImport(databases);
  await using folder = await makeFolder();
  const home = await openHome(folder.path);
  const files = { home, database: peer.database };
  const [left, begun] = ["a", "b"].map((letter) => letter.repeat(32));
  for (const run of [left!, begun!]) await Deno.mkdir(`${home.spoolDir}/1/${run}`, { recursive: true });
  await Deno.writeTextFile(`${home.spoolDir}/1/${left}/upload.csv`, "1,ada@example.org\n");
  await Deno.writeTextFile(`${home.spoolDir}/1/${begun}/upload.csv`, "");
  const positions: unknown[] = [];
  await spoolStoreOf().erase(contextOf(peer, home, positions));
  assert.deepEqual(await spooled(files), [begun]);
  assert.equal(positions.at(-1), true);
});

onEachDatabase(
  "an erasure waits for an upload that is coming in, and not for those that begin later",
  async (databases) => {
    await using peer = await startImport(databases);
    await using folder = await makeFolder();
    const home = await openHome(folder.path);
    const files = { home, database: peer.database };
    const spool = new Spool(home.spoolDir);
    const turns = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
    let turn = 0;
    const receiving = spool.receive(PLACE, "upload.csv", lines(() => turns[turn++]!.promise), 1_000);
    turns[0]!.resolve(true);
    while (!(await Array.fromAsync(spool.entries())).some(({ bytes, coming }) => coming && bytes > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(await sweepSpool(files), []);
    const positions: { readonly runs: readonly string[] }[] = [];
    let done = false;
    const erasing = spoolStoreOf().erase(contextOf(peer, home, positions)).then(() => done = true);
    while (positions.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(positions[0]!.runs, [PLACE.run]);
    let left = 1;
    using later = await spool.receive(
      { account: 1, run: "d".repeat(32) },
      "upload.csv",
      lines(async () => left-- > 0),
      99,
    );
    assert.equal(later.bytes, 18);
    assert.equal(done, false);
    turns[1]!.resolve(false);
    {
      using received = await receiving;
      assert.equal(received.bytes, 18);
      await spool.remove(PLACE);
    }
    await erasing;
    assert.deepEqual(await spooled(files), ["d".repeat(32)]);
  },
);

onEachDatabase("an upload that takes too long is cut off by an erasure, and its sender is told", async (databases) => {
  await using peer = await startImport(databases);
  await using folder = await makeFolder();
  const home = await openHome(folder.path);
  const files = { home, database: peer.database };
  const spool = new Spool(home.spoolDir);
  const ends = Promise.withResolvers<boolean>();
  let turn = 0;
  const receiving = spool.receive(PLACE, "upload.csv", lines(async () => turn++ === 0 || await ends.promise), 1_000);
  const refused = assert.rejects(receiving, failure("transient", /cut off/));
  while (turn < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await spoolStoreOf({ coming: -1, importing: 60_000 }).erase(contextOf(peer, home));
  assert.deepEqual(await spooled(files), []);
  ends.resolve(false);
  await refused;
  assert.deepEqual(await spooled(files), []);
});

onEachDatabase("an erasure that waits in vain for an import tries again later", async (databases) => {
  await using peer = await startImport(databases);
  await using folder = await makeFolder();
  const home = await openHome(folder.path);
  const run = await addRun(peer.database);
  await peer.database.kysely.insertInto("uploads").values({
    account_id: 1,
    run_id: run,
    key_hash: null,
    digest: "",
    bytes: 1,
    created_at: 1,
    removed_at: null,
  }).execute();
  const erasing = spoolStoreOf({ coming: 60_000, importing: -1 }).erase(contextOf(peer, home));
  await assert.rejects(erasing, failure("transient", /is not imported yet by run/));
});
