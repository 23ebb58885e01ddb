import assert from "node:assert/strict";
import type { Row } from "../contracts/records.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import type { CommitThread } from "./commit_thread.ts";
import type { Commits } from "./commits.ts";
import type { ImportBatch } from "./import_commit.ts";
import { type ImportPeer, startCommitThread, startImport } from "./import_testing.ts";
import { LazyCommits } from "./lazy_commits.ts";
import { LeaseLost } from "./claim.ts";

function threadOf(peer: ImportPeer): CommitThread {
  const { address: database, claim, place, identityKey } = peer;
  const archiveDir = peer.archive.folder, workDir = `${archiveDir}/work`;
  return startCommitThread({ type: "import", database, archiveDir, workDir, claim, place, identityKey });
}

/** Rows of three imports: new ones, known ones with news, and some that bring two profiles together. */
function batches(): Row[][] {
  const all = Array.from({ length: 400 }, (_, id) => id);
  const person = (id: number, more: Row["fields"]): Row => ({ fields: { id: String(id), ...more }, time: id % 7 });
  return [
    all.map((id) => person(id, { email: `P${id}@x.example`, name: "é".repeat(id % 9) })),
    all.map((id) => person(id, id % 3 === 0 ? { email: `P${id}@x.example` } : { city: `City ${id % 5}` })),
    all.map((id) => person(id, id % 10 === 0 ? { email: `p${id + 1}@X.example` } : { name: `Name ${id}` })),
    [{ fields: { city: "nobody's" } }],
  ];
}

async function commitAll(peer: ImportPeer, commits: Commits<ImportBatch>): Promise<void> {
  let read = 0;
  for (const rows of batches()) {
    read += rows.length;
    await commits.commit(peer.batch(rows, { checkpoint: { read }, bytes: read }));
  }
  await commits.drain();
}

onEachDatabase("a thread commits just what is committed without one", async (databases) => {
  await using inline = await startImport(databases);
  await using other = await startImport(databases);
  await commitAll(inline, inline.commits());
  await using thread = threadOf(other);
  await commitAll(other, thread);
  const content = await inline.content();
  assert.deepEqual(await other.content(), content);
  assert.deepEqual([(content.lines as string[]).length, (content.merges as unknown[]).length], [1_201, 40]);
});

onEachDatabase(
  "a failing commit of a thread fails the next one and the drain, and nothing of either is committed",
  async (databases) => {
    await using peer = await startImport(databases);
    await using thread = threadOf(peer);
    const row = (id: string) => peer.batch([{ fields: { id } }]);
    await thread.commit(row("1"));
    await thread.drain();
    await peer.database.kysely.updateTable("runs").set({ fence: 99 }).execute();
    const before = await peer.content();
    await thread.commit(row("2"));
    await assert.rejects(thread.commit(row("3")), LeaseLost);
    await assert.rejects(thread.drain(), LeaseLost);
    await assert.rejects(thread.commit(row("4")), LeaseLost);
    assert.deepEqual(await peer.content(), before);
  },
);

onEachDatabase("an error of a thread's commit comes with its own stack", async (databases) => {
  await using peer = await startImport(databases);
  await using thread = threadOf(peer);
  await peer.database.kysely.schema.dropTable("profiles").execute();
  await thread.commit(peer.batch([{ fields: { id: "1" } }]));
  await assert.rejects(thread.drain(), (error: unknown) => {
    assert(error instanceof Error);
    assert.match(error.message, /no such table.*profiles|relation "profiles" does not exist/);
    assert.match(error.stack ?? "", /(sqlite|postgres)_connection\.ts/);
    return true;
  });
});

onEachDatabase("disposing of a thread waits for the batch under way", async (databases) => {
  await using peer = await startImport(databases);
  {
    await using thread = threadOf(peer);
    await thread.commit(peer.batch(batches()[0]!));
  }
  assert.equal((await peer.lines("stream")).length, 400);
  assert.equal((await peer.run()).profiles_created, 400);
});

onEachDatabase("a thread that was never used ends, too", async (databases) => {
  await using peer = await startImport(databases);
  const thread = threadOf(peer);
  await thread.drain();
  await thread[Symbol.asyncDispose]();
});

onEachDatabase("a committed batch gives its memory to the next, once", async (databases) => {
  await using peer = await startImport(databases);
  await using thread = threadOf(peer);
  assert.equal(thread.spare(), undefined);
  await thread.commit(peer.batch([{ fields: { id: "1" } }]));
  await thread.drain();
  const spare = thread.spare();
  assert((spare?.profiles[0]?.texts.length ?? 0) > 0);
  assert((spare?.lines?.length ?? 0) > 0);
  assert.equal(thread.spare(), undefined);
});

/** Lazy commits, and which of its two ways were asked for. */
function lazyOf(peer: ImportPeer): { lazy: LazyCommits<ImportBatch>; chosen: string[] } {
  const chosen: string[] = [];
  const lazy = new LazyCommits<ImportBatch>(
    () => {
      chosen.push("inline");
      return peer.commits();
    },
    () => {
      chosen.push("thread");
      return threadOf(peer);
    },
  );
  return { lazy, chosen };
}

const many = (count: number) => Array.from({ length: count }, (_, id) => ({ fields: { id: String(id) } }));

onEachDatabase(
  "a first batch of 20,000 events is worth a thread, a smaller one is not, and later ones change nothing",
  async (databases) => {
    for (const [first, choice] of [[19_999, "inline"], [20_000, "thread"]] as const) {
      await using peer = await startImport(databases);
      const { lazy, chosen } = lazyOf(peer);
      await using commits = lazy;
      assert.equal(commits.spare(), undefined);
      await commits.commit(peer.batch(many(first)));
      await commits.commit(peer.batch(many(first === 20_000 ? 1 : 20_000)));
      await commits.drain();
      assert.deepEqual(chosen, [choice]);
      assert.equal((await peer.run()).profiles_created, 20_000);
    }
  },
);

onEachDatabase("an import without a batch starts nothing", async (databases) => {
  await using peer = await startImport(databases);
  const { lazy, chosen } = lazyOf(peer);
  await lazy.drain();
  await lazy[Symbol.asyncDispose]();
  assert.deepEqual(chosen, []);
});
