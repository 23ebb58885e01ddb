import assert from "node:assert/strict";
import { homeOf } from "../home.ts";
import { get, type ManagedPeer, onEachContents, put } from "./managed_testing.ts";
import { RETENTION, sweepManaged } from "./sweep_managed.ts";
import { removeUser } from "./users.ts";

onEachContents(
  "files go 90 days after their upload, and what an upload that broke off has brought",
  async (start) => {
    await using peer = await start();
    await using session = peer.session();
    await put(session, "old.csv", "old");
    const broken = await session.open("broken.csv", { write: true, create: true });
    await broken.write(0, new TextEncoder().encode("half"));
    await broken.interrupt();
    const { database, contents: managed } = peer;
    const core = { database, managed, home: homeOf(peer.folder) };
    const now = await database.now();
    await database.kysely.updateTable("managed_nodes").set({ modified: now, partial_modified: now }).execute();
    const at = (time: number) => sweepManaged(core, () => Promise.resolve(time));
    assert.deepEqual(await at(now + RETENTION - 1), { files: 0, contents: 0 });
    assert.equal(await peer.bytes(), 7);
    assert.deepEqual(await at(now + RETENTION), { files: 2, contents: 0 });
    assert.equal(RETENTION, 90 * 24 * 3_600_000);
    assert.deepEqual([await peer.bytes(), await peer.stored()], [0, []]);
    assert.deepEqual((await peer.store.list("")).entries, []);
    assert.equal((await database.kysely.selectFrom("managed_trees").select("id").execute()).length, 1, "it is open");
  },
);

onEachContents(
  "files of an account that is closed stay until their time is over, then nothing is left",
  async (start) => {
    await using peer = await start();
    await put(peer.session(), "in.csv", "x");
    const { database, contents: managed } = peer;
    await database.write((transaction) => removeUser(transaction, { account: 1, auth: "auth" }));
    const core = { database, managed, home: homeOf(peer.folder) };
    const now = await database.now();
    await sweepManaged(core, () => Promise.resolve(now));
    assert.equal((await peer.stored()).length, 1);
    await sweepManaged(core, () => Promise.resolve(now + RETENTION + 60_000));
    assert.deepEqual(await peer.stored(), []);
    for (const table of ["managed_trees", "managed_nodes", "managed_log"] as const) {
      assert.deepEqual(await database.kysely.selectFrom(table).selectAll().execute(), [], table);
    }
  },
);

function sweep({ database, contents, folder }: ManagedPeer) {
  return sweepManaged({ database, managed: contents, home: homeOf(folder) });
}

onEachContents("an old file goes from under the upload that is to take its place", async (start) => {
  await using peer = await start();
  const session = peer.session();
  await put(session, "/a", "old");
  await peer.database.kysely.updateTable("managed_nodes").set({ modified: Date.now() - RETENTION - 1 }).execute();
  const file = await session.open("/a", { write: true, create: true, truncate: true });
  await file.write(0, new TextEncoder().encode("ne"));
  await session[Symbol.asyncDispose]();
  assert.deepEqual(await sweep(peer), { files: 1, contents: 0 });
  await assert.rejects(peer.store.stat("a"), { code: "not_found" });
  assert.equal(await get(peer.session(), "/a"), "ne");
  assert.equal(await peer.bytes(), 2);
});

onEachContents("what a crash left goes, and what is being written stays", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await put(session, "/a", "whole");
  await using stray = await peer.contents.create();
  await stray.handle.write(new Uint8Array(1), 0, 1, 0);
  await stray[Symbol.asyncDispose]();
  const file = await session.open("/b", { write: true, create: true });
  await file.write(0, new Uint8Array(3));
  assert.deepEqual(await sweep(peer), { files: 0, contents: 1 });
  await file.close();
  assert.deepEqual(await sweep(peer), { files: 0, contents: 0 });
  assert.equal(await get(session, "/a"), "whole");
  assert.equal(await get(session, "/b"), "\0\0\0");
});
