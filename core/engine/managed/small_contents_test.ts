import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { sql } from "kysely";
import { migrate } from "../../database/migrations.ts";
import { openDatabase } from "../../database/open.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { managedFileStore } from "../erase_managed.ts";
import { AccountFailure } from "./account_failure.ts";
import { ManagedContents } from "./contents.ts";
import { get, type ManagedPeer, put, startManaged } from "./managed_testing.ts";
import { isSmall, newSmallId, SMALL } from "./small_contents.ts";
import { UploadContent } from "./upload_content.ts";

const large = "x".repeat(SMALL + 1);

/** How many contents are small, and how many lie on the disk. */
async function held({ database, contents }: ManagedPeer): Promise<readonly [small: number, files: number]> {
  const small = await database.kysely.selectFrom("managed_contents").select("id").execute();
  return [small.length, (await Array.fromAsync(contents.stored())).length];
}

onEachDatabase("what a file holds lies in the database as long as it is small, and nowhere else", async (databases) => {
  await using peer = await startManaged(databases);
  await using session = peer.session();
  await put(session, "/a", "x".repeat(SMALL));
  assert.deepEqual(await held(peer), [1, 0]);
  await put(session, "/a", large);
  assert.deepEqual(await held(peer), [0, 1]);
  await put(session, "/a", "");
  assert.deepEqual(await held(peer), [1, 0]);
  await put(session, "/b", "b");
  await session.rename("/b", "/a", { replace: true });
  assert.deepEqual(await held(peer), [1, 0]);
  assert.equal(await new Response(await peer.store.open("a")).text(), "b");

  const grown = await session.open("/a", { write: true });
  await grown.write(1, new TextEncoder().encode(large));
  await grown.close();
  assert.deepEqual(await held(peer), [0, 1]);
  assert.equal(await get(session, "/a"), `b${large}`);
  await session.remove("/a");
  assert.deepEqual([await held(peer), await peer.bytes()], [[0, 0], 0]);
});

onEachDatabase("a job reads a small file from any byte on, and hears when it was replaced", async (databases) => {
  await using peer = await startManaged(databases);
  await using session = peer.session();
  await put(session, "/a", "0123456789");
  const before = await peer.store.stat("a");
  assert.equal(await new Response(await peer.store.open("a", { offset: 4 })).text(), "456789");
  const late = await peer.store.open("a");
  await put(session, "/a", "other");
  await assert.rejects(new Response(late).text(), /changed/);
  await assert.rejects(peer.store.open("a", { version: before.version }), /changed/);
  await session.remove("/a");
  assert.deepEqual(await held(peer), [0, 0]);
});

onEachDatabase("whoever reads a small upload that is under way keeps what it brings", async (databases) => {
  await using peer = await startManaged(databases);
  await using session = peer.session();
  const file = await session.open("/a", { write: true, create: true });
  await file.write(0, new TextEncoder().encode("0123"));
  const reading = await session.open("/a", { read: true });
  await file.write(4, new TextEncoder().encode("4567"));
  await file.close();
  await put(session, "/a", "other");
  assert.equal(new TextDecoder().decode(await reading.read(0, 100)), "01234567");
  await reading.close();
  assert.equal(await get(session, "/a"), "other");
  assert.deepEqual(await held(peer), [1, 0]);
});

onEachDatabase("whoever opens a small upload while it ends reads all of it, and leaves nothing", async (databases) => {
  await using peer = await startManaged(databases);
  await using session = peer.session();
  await using other = peer.session();
  for (let turns = 0; turns < 20; turns++) {
    const file = await session.open("/a", { write: true, create: true, truncate: true });
    await file.write(0, new TextEncoder().encode("0123456789"));
    const closing = file.close();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    assert.equal(await get(other, "/a"), "0123456789");
    await closing;
  }
  await session.remove("/a");
  assert.deepEqual([await held(peer), peer.contents.held.bytes], [[0, 0], 0]);
});

onEachDatabase("whoever opens a file while another takes its place reads one of them", async (databases) => {
  await using peer = await startManaged(databases);
  await using session = peer.session();
  await put(session, "/a", large);
  const { contents } = peer;
  const read = contents.read.bind(contents);
  contents.read = async (id) => {
    contents.read = read;
    await put(session, "/a", "other");
    return await read(id);
  };
  assert.equal(await get(session, "/a"), "other");
  contents.read = async (id) => {
    contents.read = read;
    await session.remove("/a");
    return await read(id);
  };
  await put(session, "/a", large);
  await assert.rejects(get(session, "/a"), { code: "not_found" });
});

onEachDatabase("a full disk refuses a small file in words that say nothing of the disk", async (databases) => {
  if (databases.kind !== "sqlite") return;
  await using peer = await startManaged(databases);
  await using session = peer.session();
  const limit = (pages: number) =>
    peer.database.write((transaction) => sql`pragma max_page_count = ${sql.lit(pages)}`.execute(transaction));
  await limit(1);
  const isFull = (error: unknown) => error instanceof AccountFailure && error.message === "The server's disk is full";
  const fill = async () => {
    for (let index = 0; index < 100; index++) await put(session, `/${index}`, "x".repeat(SMALL));
  };
  await assert.rejects(fill(), isFull);
  const counted = await peer.bytes();
  await limit(1_000_000);
  await put(session, "/more", "x");
  assert.equal(await peer.bytes(), counted + 1);
  assert.equal(counted % SMALL, 0);
});

Deno.test("what a small file held is nowhere in the database's files once it was erased", async () => {
  const folder = await Deno.makeTempDir({ prefix: "waybill-contents-" });
  try {
    const open = async () => {
      const database = await openDatabase({ path: `${folder}/waybill.db`, url: undefined });
      await migrate(database);
      return database;
    };
    await using peer = await startManaged({ open } as TestDatabases);
    await using session = peer.session();
    const secret = "who-was-erased@example.com";
    for (let index = 0; index < 60; index++) await put(session, `/${index}`, `${secret} `.repeat(20 * index + 1));
    const isThere = async () => {
      const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => Deno.readFile(`${folder}/${name}`));
      return files.some((bytes) => Buffer.from(bytes).includes(secret));
    };
    assert.ok(await isThere());
    for (let index = 0; index < 60; index += 2) await session.remove(`/${index}`);
    for (let index = 1; index < 60; index += 2) await put(session, `/${index}`, "nobody");
    await peer.database.rewrite(managedFileStore.tables);
    assert.ok(!await isThere());
    assert.equal(await get(session, "/1"), "nobody");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

onEachDatabase(
  "what small files that are read hold in memory has a limit; beyond it they are files",
  async (databases) => {
    await using peer = await startManaged(databases, {}, 2_000);
    await using session = peer.session();
    await put(session, "/a", "0123456789".repeat(80));
    const open = await Promise.all(Array.from({ length: 5 }, () => session.open("/a", { read: true })));
    assert.equal(peer.contents.held.bytes, 1_600);
    await session.remove("/a");
    for (const file of open) {
      assert.equal(new TextDecoder().decode(await file.read(793, 100)), "3456789");
      await file.close();
      await file.close();
    }
    assert.deepEqual([await held(peer), peer.contents.held.bytes], [[0, 0], 0]);
  },
);

Deno.test("the ids of small contents follow one another, and are no names of files", () => {
  const before = newSmallId().slice(0, 13);
  const id = newSmallId();
  assert.match(id, /^s[0-9a-f]{32}$/);
  assert.ok(id.slice(0, 13) >= before);
  assert.ok(isSmall(id) && !isSmall("f".repeat(32)));
});

Deno.test("what an upload brings is the same in memory and as a file, whatever is written in which order", async () => {
  const folder = await Deno.makeTempDir({ prefix: "waybill-contents-" });
  const bytes = fc.integer({ min: 0, max: SMALL + 2_000 });
  const step = fc.oneof(
    fc.record({ write: bytes, length: fc.integer({ min: 1, max: 9_000 }) }),
    fc.record({ truncate: bytes }),
    fc.constant("file" as const),
  );
  const check = fc.asyncProperty(
    fc.constantFrom(0, 5_000, undefined),
    fc.array(step, { maxLength: 8 }),
    async (most, steps) => {
      const contents = new ManagedContents(folder, { held: most });
      let expected = new Uint8Array();
      const resize = (size: number) => {
        const next = new Uint8Array(size);
        next.set(expected.subarray(0, size));
        expected = next;
      };
      {
        await using content = new UploadContent(contents);
        for (const [index, step] of steps.entries()) {
          if (step === "file") await content.file();
          else if ("truncate" in step) {
            await content.truncate(step.truncate);
            resize(step.truncate);
          } else {
            const data = new Uint8Array(step.length).fill(index + 1);
            await content.write(step.write, data);
            resize(Math.max(expected.length, step.write + step.length));
            expected.set(data, step.write);
          }
          const buffer = new Uint8Array(expected.length + 10);
          assert.equal(await content.read(buffer, 0), expected.length);
          assert.deepEqual(buffer.subarray(0, expected.length), expected);
          const { small } = content;
          if (small !== undefined) assert.deepEqual(small, expected);
          if (expected.length > SMALL) assert.equal(small, undefined);
          assert.ok(contents.held.bytes <= (most ?? Infinity));
        }
        if (!isSmall(content.id)) await contents.remove(content.id);
      }
      assert.equal(contents.held.bytes, 0);
    },
  );
  try {
    await fc.assert(check, { numRuns: 200 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
