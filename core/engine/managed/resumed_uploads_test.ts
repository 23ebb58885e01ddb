import assert from "node:assert/strict";
import { newId } from "../ids.ts";
import { commitFile } from "./file_commit.ts";
import { get, type ManagedPeer, onEachContents, put } from "./managed_testing.ts";
import { ROOT } from "./nodes.ts";
import { Uploads } from "./uploads.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** An upload of `0123` that broke off. */
async function breakOff(peer: ManagedPeer, path: string): Promise<void> {
  const lost = peer.session();
  const file = await lost.open(path, { write: true, create: true, truncate: true });
  await file.write(0, bytes("0123"));
  await lost[Symbol.asyncDispose]();
}

async function seen({ store }: ManagedPeer, path: string): Promise<string> {
  return await new Response(await store.open(path)).text();
}

onEachContents(
  "an upload that one process goes on with is refused to others, who wait for nothing",
  async (start) => {
    await using peer = await start();
    await breakOff(peer, "/a.csv");
    await using here = peer.session();
    await using there = peer.session(new Uploads());
    const file = await here.open("/a.csv", { write: true });
    await assert.rejects(there.open("/a.csv", { write: true }), /Another session goes on with this upload/);
    await there.makeFolder("/unharmed");
    await file.write(4, bytes("456789"));
    await file.close();
    assert.equal(await seen(peer, "a.csv"), "0123456789");

    // Now it is a file, which may be gone on with from anywhere.
    const again = await there.open("/a.csv", { write: true });
    await again.write(10, bytes("!"));
    await again.close();
    assert.equal(await seen(peer, "a.csv"), "0123456789!");
    assert.equal(await peer.bytes(), 11);
    assert.equal((await peer.stored()).length, 1);
  },
);

onEachContents(
  "a file that another process completes while its upload is looked up is not cut off",
  async (start) => {
    await using peer = await start();
    await breakOff(peer, "/a.csv");
    await using here = peer.session();
    await using there = peer.session(new Uploads());
    const file = await here.open("/a.csv", { write: true });
    await file.write(4, bytes("456789"));
    const [opened] = await Promise.allSettled([there.open("/a.csv", { write: true }), file.close()]);
    if (opened.status === "fulfilled") await opened.value.close();
    assert.equal(await seen(peer, "a.csv"), "0123456789");
    assert.equal(await peer.bytes(), 10);
  },
);

onEachContents("a whole upload stays when one that it replaced is gone on with and ends later", async (start) => {
  await using peer = await start();
  await breakOff(peer, "/a.csv");
  await using first = peer.session();
  await using second = peer.session();
  const file = await first.open("/a.csv", { write: true });
  await file.write(4, bytes("456789"));
  await put(second, "/a.csv", "whole");
  await assert.rejects(file.close(), /replaced by another/);
  assert.equal(await seen(peer, "a.csv"), "whole");
  assert.equal(await get(second, "/a.csv"), "whole");
  assert.equal(await peer.bytes(), 5);
  assert.equal((await peer.stored()).length, 1);
});

onEachContents("what another process removed does not come back without its bytes", async (start) => {
  await using peer = await start();
  await breakOff(peer, "/a.csv");
  await using here = peer.session();
  await using there = peer.session(new Uploads());
  const file = await here.open("/a.csv", { write: true });
  await file.write(4, bytes("456789"));
  await there.remove("/a.csv");
  await assert.rejects(file.close(), /removed/);
  await assert.rejects(here.stat("/a.csv"), /does not exist/);
  assert.equal(await peer.bytes(), 0);
  assert.deepEqual(await peer.stored(), []);
});

onEachContents(
  "an upload over a file that breaks off is gone on with, or made anew, in an account without room for both",
  async (start) => {
    for (const how of ["go on", "anew"]) {
      await using peer = await start({ quota: 10 });
      await using session = peer.session();
      await put(session, "/a.csv", "12345678");
      await breakOff(peer, "/a.csv");
      // The file stays until the other is whole: for as long there is no room for a third.
      assert.equal(await peer.bytes(), 12);
      const other = await session.open("/b.csv", { write: true, create: true });
      await assert.rejects(other.write(0, bytes("1")), { code: "too_large" });
      await other.interrupt();
      const file = await session.open("/a.csv", { write: true, truncate: how === "anew" });
      if (how === "anew") await file.write(0, bytes("0123"));
      await file.write(4, bytes("456789"));
      await file.close();
      assert.equal(await seen(peer, "a.csv"), "0123456789");
      assert.equal(await peer.bytes(), 10);
      assert.equal((await peer.stored()).length, 1);
    }
  },
);

onEachContents("no upload that is gone on with becomes a file past the quota", async (start) => {
  await using peer = await start({ quota: 10 });
  await using session = peer.session();
  await put(session, "/a.csv", "12345678");
  await breakOff(peer, "/a.csv");
  const file = await session.open("/a.csv", { write: true });
  await file.write(4, bytes("456789"));
  await assert.rejects(file.write(10, bytes("x")), { code: "too_large" });
  await assert.rejects(file.close(), { code: "too_large" });
  assert.equal(await seen(peer, "a.csv"), "12345678");
  await assert.rejects(
    peer.database.write(async (transaction) => {
      const place = { parent: ROOT, name: "a.csv" };
      const file = { place, names: ["a.csv"], content: newId(), size: 11, quota: 10, now: Date.now() };
      await commitFile(transaction, peer.tree, file);
    }),
    { code: "too_large" },
  );
});
