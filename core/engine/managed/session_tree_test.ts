import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../contracts/failure.ts";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { get, type ManagedPeer, onEachContents, put, startManaged } from "./managed_testing.ts";
import { namesOf } from "./paths.ts";
import { Ranges } from "./ranges.ts";
import { SMALL } from "./small_contents.ts";
import { Uploads } from "./uploads.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** What jobs see. */
async function seen({ store }: ManagedPeer, path: string): Promise<string | undefined> {
  try {
    return await new Response(await store.open(path)).text();
  } catch {
    return undefined;
  }
}

async function names(session: { list(path: string): AsyncIterable<readonly { readonly name: string }[]> }, path = "/") {
  return (await Array.fromAsync(session.list(path))).flat().map(({ name }) => name);
}

onEachContents(
  "an upload is seen by jobs when it is closed, all at once, and by its session as it comes",
  async (start) => {
    await using peer = await start();
    await using session = peer.session();
    const file = await session.open("/a.csv", { write: true, create: true, truncate: true });
    await file.write(0, bytes("one "));
    assert.equal(await seen(peer, "a.csv"), undefined);
    assert.equal((await session.stat("/a.csv")).size, 4);
    assert.deepEqual(await names(session), ["a.csv"]);
    await file.write(4, bytes("two"));
    await file.close();
    assert.equal(await seen(peer, "a.csv"), "one two");
    assert.equal(await peer.bytes(), 7);

    const again = await session.open("/a.csv", { write: true, create: true, truncate: true });
    await again.write(0, bytes("three"));
    assert.equal(await seen(peer, "a.csv"), "one two");
    await again.close();
    assert.equal(await seen(peer, "a.csv"), "three");
    assert.equal(await peer.bytes(), 5);
    assert.equal((await peer.stored()).length, 1);
  },
);

onEachContents("a write of no bytes changes nothing, wherever it is", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  const file = await session.open("/a", { write: true, create: true });
  await file.write(0, bytes("one"));
  for (const position of [10, SMALL + 1, 2 ** 50]) await file.write(position, new Uint8Array());
  await file.close();
  assert.deepEqual([await seen(peer, "a"), (await session.stat("/a")).size, await peer.bytes()], ["one", 3, 3]);
});

onEachContents("an upload that breaks off is gone on with, from what came without gaps", async (start) => {
  await using peer = await start();
  const lost = peer.session();
  const file = await lost.open("/a.csv", { write: true, create: true, truncate: true });
  await file.write(0, bytes("0123"));
  await file.write(8, bytes("89"));
  await lost[Symbol.asyncDispose]();
  assert.equal(await seen(peer, "a.csv"), undefined);

  await using session = peer.session(new Uploads());
  assert.equal((await session.stat("/a.csv")).size, 4);
  assert.equal(await get(session, "/a.csv"), "0123");
  const rest = await session.open("/a.csv", { write: true });
  await rest.write(4, bytes("456789"));
  await rest.close();
  assert.equal(await seen(peer, "a.csv"), "0123456789");
  assert.equal(await peer.bytes(), 10);
  assert.equal((await peer.stored()).length, 1);
});

onEachContents("an upload over a file that breaks off leaves jobs the file", async (start) => {
  await using peer = await start();
  const lost = peer.session();
  await put(lost, "/a.csv", "whole");
  const file = await lost.open("/a.csv", { write: true, create: true, truncate: true });
  await file.write(0, bytes("ne"));
  await lost[Symbol.asyncDispose]();
  assert.equal(await seen(peer, "a.csv"), "whole");
  assert.equal(await peer.bytes(), 7);
  await using session = peer.session();
  assert.equal((await session.stat("/a.csv")).size, 2);
  await put(session, "/a.csv", "new");
  assert.equal(await seen(peer, "a.csv"), "new");
  assert.equal(await peer.bytes(), 3);
  assert.equal((await peer.stored()).length, 1);
});

onEachContents("two sessions that write one file each bring a whole one: the last to end stays", async (start) => {
  await using peer = await start();
  await using one = peer.session();
  await using two = peer.session();
  const first = await one.open("/a", { write: true, create: true, truncate: true });
  const second = await two.open("/a", { write: true, create: true, truncate: true });
  await first.write(0, bytes("first"));
  await second.write(0, bytes("second"));
  await second.close();
  assert.equal(await seen(peer, "a"), "second");
  await first.close();
  assert.equal(await seen(peer, "a"), "first");
  assert.equal((await peer.stored()).length, 1);
});

onEachContents("a session that goes on with an upload takes it from the one that lost it", async (start) => {
  await using peer = await start();
  await using lost = peer.session();
  await using session = peer.session();
  const file = await lost.open("/a", { write: true, create: true, truncate: true });
  await file.write(0, bytes("0123"));
  const rest = await session.open("/a", { write: true });
  await assert.rejects(file.write(4, bytes("x")), { kind: "transient", message: /Another session/ });
  await rest.write(4, bytes("45"));
  await lost[Symbol.asyncDispose]();
  await rest.close();
  assert.equal(await seen(peer, "a"), "012345");
});

onEachContents(
  "what a client appends to a file makes a new one, and jobs keep the old until then",
  async (start) => {
    await using peer = await start();
    await using session = peer.session();
    await put(session, "/log", "one\n");
    const file = await session.open("/log", { write: true, create: true });
    assert.equal((await file.stat()).size, 4);
    await file.write(4, bytes("two\n"));
    assert.equal(await seen(peer, "log"), "one\n");
    await file.close();
    assert.equal(await seen(peer, "log"), "one\ntwo\n");
    const untouched = await session.open("/log", { write: true, create: true });
    await untouched.close();
    assert.equal(await seen(peer, "log"), "one\ntwo\n");
    assert.equal((await peer.stored()).length, 1);
  },
);

onEachContents("an upload past the quota comes to nothing, even where its client closes it", async (start) => {
  await using peer = await start({ quota: 10 });
  await using session = peer.session();
  await put(session, "/a", "12345678");
  const file = await session.open("/b", { write: true, create: true, truncate: true });
  await file.write(0, bytes("12"));
  await assert.rejects(file.write(2, bytes("3")), { code: "too_large", message: /10 bytes/ });
  await assert.rejects(file.close(), { code: "too_large" });
  await assert.rejects(session.stat("/b"), { code: "not_found" });
  const grown = await session.open("/c", { write: true, create: true });
  await assert.rejects(grown.truncate(1e12), { code: "too_large" });
  await grown.interrupt();
  await put(session, "/a", "1234567890");
  assert.deepEqual(await session.space(), { quota: 10, used: 10 });
  assert.equal((await peer.stored()).length, 1);
});

onEachContents("folders are made, listed, renamed and removed when they are empty", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await session.makeFolder("/in");
  await session.makeFolder("in/deep");
  await put(session, "/in/deep/ä b.csv", "x");
  await assert.rejects(session.makeFolder("/in"), { code: "conflict" });
  await assert.rejects(session.makeFolder("/none/x"), { code: "not_found" });
  await assert.rejects(session.removeFolder("/in"), { code: "conflict", message: /not empty/ });
  await assert.rejects(session.rename("/in", "/in/deep/in"), { code: "conflict", message: /into itself/ });
  await session.rename("/in", "/out");
  assert.equal(await get(session, "/out/deep/ä b.csv"), "x");
  assert.equal(await seen(peer, "out/deep/ä b.csv"), "x");
  await assert.rejects(session.stat("/in"), { code: "not_found" });
  await session.remove("/out/deep/ä b.csv");
  await session.removeFolder("/out/deep");
  await session.removeFolder("/out");
  assert.deepEqual(await names(session), []);
  assert.equal(await peer.bytes(), 0);
  assert.deepEqual(await peer.stored(), []);
});

onEachContents("a rename replaces a file only where it is asked to, and never a folder", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await put(session, "/a", "a");
  await put(session, "/b", "bb");
  await session.makeFolder("/c");
  await assert.rejects(session.rename("/a", "/b"), { code: "conflict" });
  await assert.rejects(session.rename("/a", "/c", { replace: true }), { code: "conflict" });
  await assert.rejects(session.rename("/c", "/b", { replace: true }), { code: "conflict" });
  await session.rename("/a", "/b", { replace: true });
  await session.rename("/b", "/b", { replace: true });
  assert.equal(await seen(peer, "b"), "a");
  assert.deepEqual(await names(session), ["b", "c"]);
  assert.equal(await peer.bytes(), 1);
  assert.equal((await peer.stored()).length, 1);
});

onEachContents("an upload follows its name, and comes to nothing when that is removed", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  const file = await session.open("/part", { write: true, create: true, truncate: true });
  await file.write(0, bytes("x"));
  await session.rename("/part", "/whole");
  await file.close();
  assert.deepEqual(await names(session), ["whole"]);
  const gone = await session.open("/gone", { write: true, create: true, truncate: true });
  await gone.write(0, bytes("x"));
  await session.remove("/gone");
  await gone.close();
  assert.deepEqual(await names(session), ["whole"]);
  assert.equal((await peer.stored()).length, 1);
});

onEachContents("a file keeps its bytes for whoever reads it, whatever takes its place", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await put(session, "/a", "old");
  const file = await session.open("/a", { read: true });
  await put(session, "/a", "newer");
  assert.equal(new TextDecoder().decode(await file.read(0, 10)), "old");
  await file.close();
  await assert.rejects(file.write(0, bytes("x")), { code: "forbidden" });
});

onEachContents("open flags do what SFTP says of them", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await assert.rejects(session.open("/a", { read: true }), { code: "not_found" });
  await assert.rejects(session.open("/a", { write: true }), { code: "not_found" });
  const empty = await session.open("/a", { write: true, create: true, exclusive: true });
  await assert.rejects(session.open("/a", { write: true, create: true, exclusive: true }), { code: "conflict" });
  await empty.close();
  assert.equal(await seen(peer, "a"), "");
  await assert.rejects(session.open("/", { read: true }), /is a folder/);
  await session.makeFolder("/f");
  await assert.rejects(session.open("/f", { write: true, create: true }), /is a folder/);
  await assert.rejects(session.open("/f", { read: true }), /is a folder/);
  const both = await session.open("/b", { read: true, write: true, create: true });
  await both.write(2, bytes("x"));
  assert.deepEqual([...await both.read(0, 9)], [0, 0, 120]);
  assert.deepEqual([...await both.read(3, 9)], []);
  await both.truncate(1);
  await both.sync();
  await both.close();
  assert.equal(await seen(peer, "b"), "\0");
});

onEachContents("what happens is written down", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await session.makeFolder("/in");
  await put(session, "/in/a", "abc");
  await session.rename("/in/a", "/in/b");
  await session.remove("/in/b");
  await session.removeFolder("/in");
  const log = await peer.database.kysely.selectFrom("managed_log").selectAll().orderBy("id").execute();
  assert.deepEqual(log.map(({ action, path, target, bytes, username }) => [action, path, target, bytes, username]), [
    ["make_folder", "/in", null, null, "partner"],
    ["upload", "/in/a", null, 3, "partner"],
    ["rename", "/in/a", "/in/b", null, "partner"],
    ["remove", "/in/b", null, 3, "partner"],
    ["remove_folder", "/in", null, null, "partner"],
  ]);
});

const PIECES = [
  "a",
  "b",
  "..",
  ".",
  "",
  "\0",
  "\\",
  "..\\..",
  "é",
  "e\u0301",
  "\uff0e\uff0e",
  "~",
  "C:",
  "\n",
  "%2e%2e",
  "\u202e",
];

Deno.test("200,000 paths lead to names, and never above the root", () => {
  const piece = fc.oneof(fc.constantFrom(...PIECES, "x".repeat(256)), fc.string({ unit: "grapheme", maxLength: 6 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom("/", "//", "\\"), (parts, slash) => {
      try {
        const names = namesOf(parts.join(slash));
        assert.ok(!names.some((name) => name === ".." || name === "." || name === "" || /[\0/]/.test(name)));
      } catch (error) {
        assert.ok(error instanceof Failure && error.kind === "config");
      }
    }),
    { numRuns: 200_000 },
  );
});

onEachDatabase("whatever a path is called, its bytes lie under a random name", async (databases) => {
  await using peer = await startManaged(databases);
  const large = "x".repeat(SMALL + 1);
  await using session = peer.session();
  for (
    const path of ["../../../etc/passwd", "..\\..\\x", "/../partner2/x", "partner/../../x", "....//x", "~/x", "C:/x"]
  ) {
    const folders = session.canonical(path).split("/").slice(1, -1);
    for (const [at] of folders.entries()) await session.makeFolder(folders.slice(0, at + 1).join("/")).catch(() => {});
    await put(session, path, large);
    assert.equal(await get(session, path), large);
  }
  assert.deepEqual(await Array.fromAsync(Deno.readDir(peer.folder), ({ name }) => name), ["managed"]);
  for (const id of await peer.stored()) assert.match(id, /^[0-9a-f]{32}$/);
});

Deno.test("the stretch without gaps grows as writes come, in whatever order", () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 })), { maxLength: 30 }),
      (prefix, writes) => {
        const ranges = new Ranges(prefix);
        const came = new Set(Array.from({ length: prefix }, (_, at) => at));
        for (const [start, length] of writes) {
          ranges.add(start, start + length);
          for (let at = start; at < start + length; at++) came.add(at);
          let contiguous = 0;
          while (came.has(contiguous)) contiguous++;
          assert.equal(ranges.contiguous, contiguous);
        }
        ranges.cut(7);
        assert.ok(ranges.contiguous <= 7);
        ranges.add(0, 7);
        assert.equal(ranges.contiguous, 7);
      },
    ),
    { numRuns: 2_000 },
  );
});
