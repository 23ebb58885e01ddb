import assert from "node:assert/strict";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { fileStoreSuiteWith } from "../../testing/file_store_suite.ts";
import { get, put, startManaged } from "./managed_testing.ts";

fileStoreSuiteWith(onEachDatabase, "managed", async (databases) => {
  const peer = await startManaged(databases);
  return {
    store: peer.store,
    put: (path, bytes) => peer.place([path], bytes),
    putEmpty: (names) => peer.place(names, new Uint8Array()),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
});

onEachDatabase("what a job writes is a file of the account's sessions, and the other way round", async (databases) => {
  await using peer = await startManaged(databases);
  await using session = peer.session();
  await peer.store.write("out/audience.csv", new Blob(["id\n1\n"]).stream());
  assert.equal(await get(session, "/out/audience.csv"), "id\n1\n");
  await put(session, "/in.csv", "id\n2\n");
  assert.equal(await new Response(await peer.store.open("in.csv")).text(), "id\n2\n");
  assert.equal(await peer.bytes(), 10);
});

onEachDatabase("a job's file past the quota leaves nothing", async (databases) => {
  await using peer = await startManaged(databases, { quota: 10 });
  await peer.store.write("a", new Blob(["12345678"]).stream());
  await assert.rejects(peer.store.write("b", new Blob(["123"]).stream()), { code: "too_large" });
  await peer.store.write("a", new Blob(["1234567890"]).stream());
  assert.deepEqual((await peer.store.list("")).entries.map(({ name, size }) => [name, size]), [["a", 10]]);
  assert.equal(await peer.bytes(), 10);
  assert.equal((await peer.stored()).length, 1);
});

onEachDatabase("pages of a job pass over uploads that have not ended", async (databases) => {
  await using peer = await startManaged(databases);
  const session = peer.session();
  for (const name of ["a", "c", "e"]) await put(session, name, "x");
  for (const name of ["b", "d"]) {
    const file = await session.open(name, { write: true, create: true });
    await file.write(0, new Uint8Array(1));
  }
  await session[Symbol.asyncDispose]();
  const first = await peer.store.list("", { limit: 2 });
  assert.deepEqual(first.entries.map(({ name }) => name), ["a", "c"]);
  const second = await peer.store.list("", { limit: 2, cursor: first.next! });
  assert.deepEqual(second.entries.map(({ name }) => name), ["e"]);
  assert.equal(second.next, undefined);
});
