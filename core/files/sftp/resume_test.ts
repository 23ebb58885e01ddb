import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Failure } from "../../contracts/failure.ts";
import { type OpenSshServer, requireOpenSsh, startOpenSsh } from "../../testing/openssh.ts";
import { type CuttingProxy, startProxy } from "../../testing/proxy.ts";
import { openSftpStore, type SftpStore } from "../sftp.ts";
import type { SftpOptions } from "./options.ts";

const SIZE = 24 * 1024 * 1024 + 5;
const bytes = pattern(SIZE, 1);

interface Cast {
  readonly server: OpenSshServer;
  readonly proxy: CuttingProxy;
  readonly store: SftpStore;
  readonly file: string;
}

/** A server with one file, a store that reaches it through a proxy. */
function test(name: string, body: (cast: Cast) => Promise<void>, options: Partial<SftpOptions> = {}): void {
  Deno.test({
    name,
    ignore: !requireOpenSsh(),
    fn: async () => {
      await using server = await startOpenSsh();
      await Deno.writeFile(`${server.folder}/large.bin`, bytes);
      await using proxy = await startProxy(server);
      await using store = await openSftpStore({
        ...server,
        port: proxy.port,
        verifyHostKey: (fingerprint) => fingerprint === server.hostKeyFingerprint,
        ...options,
      });
      await body({ server, proxy, store, file: `${server.folder}/large.bin` });
    },
  });
}

test("SFTP read goes on at the byte where it was, however often the connection drops", async ({ proxy, store }) => {
  for (const cuts of [[1], [40_000, 300_000, 1], [5_000_000, 9_000_000], [SIZE - 10, 100]]) {
    const left = [...cuts];
    const cutNext = () => {
      const after = left.shift();
      if (after !== undefined) proxy.cutAfter(after, () => Promise.resolve(cutNext()));
    };
    const before = proxy.connections;
    cutNext();
    assert.ok(Buffer.compare(await read(store, "large.bin"), bytes) === 0, `cut at ${cuts}`);
    assert.equal(proxy.connections - before, cuts.length, `every cut of ${cuts} made a new connection`);
  }
});

test("SFTP read from an offset goes on where it was", async ({ proxy, store }) => {
  proxy.cutAfter(3_000_000);
  assert.ok(Buffer.compare(await read(store, "large.bin", 1_000_001), bytes.subarray(1_000_001)) === 0);
});

test("SFTP read fails with kind data when the file changed while the connection was down", async (cast) => {
  const { proxy, store, file } = cast;
  proxy.cutAfter(4_000_000, async () => await Deno.writeFile(file, pattern(SIZE + 1, 2)));
  await assert.rejects(read(store, "large.bin"), failure("data", /"large.bin" changed while it was read/));
  // The same size, another time.
  await Deno.writeFile(file, bytes);
  proxy.cutAfter(4_000_000, async () => {
    await Deno.writeFile(file, pattern(SIZE, 3));
    await Deno.utime(file, 1_000_000_000, 1_000_000_000);
  });
  await assert.rejects(read(store, "large.bin"), failure("data", /changed while it was read/));
  proxy.cutAfter(4_000_000, async () => await Deno.remove(file));
  await assert.rejects(read(store, "large.bin"), failure("config", /does not exist/));
});

test("SFTP read fails with kind data when the file gets shorter under it", async ({ store, file }) => {
  const reader = (await store.open("large.bin")).getReader();
  assert.equal((await reader.read()).done, false);
  await Deno.truncate(file, 300_000);
  await assert.rejects(async () => {
    for (let done = false; !done;) ({ done } = await reader.read());
  }, failure("data", /changed while it was read/));
});

test("SFTP read notices a file that is written anew with the same size", async ({ store, file }) => {
  const reader = (await store.open("large.bin")).getReader();
  assert.equal((await reader.read()).done, false);
  await Deno.writeFile(file, pattern(SIZE, 2));
  // SFTP tells whole seconds: the next one, without waiting for it.
  await Deno.utime(file, 2_000_000_000, 2_000_000_000);
  await assert.rejects(async () => {
    for (let done = false; !done;) ({ done } = await reader.read());
  }, failure("data", /changed while it was read \(its modification time is another one\)/));
});

test("SFTP read looks at the file again after a connection that was lost behind its last byte", async (cast) => {
  const { server, store } = cast;
  const reader = (await store.open("large.bin", { offset: SIZE })).getReader();
  await server.dropConnections();
  assert.equal((await reader.read()).done, true);
});

test("SFTP operations find a new connection after the server dropped all of them", async ({ server, store }) => {
  for (let round = 0; round < 2; round++) {
    await server.dropConnections();
    assert.equal((await store.stat("large.bin")).size, SIZE);
    await server.dropConnections();
    assert.equal((await store.list("")).entries.length, 1);
  }
});

test("SFTP read gives up with kind transient after 5 tries without progress", async ({ proxy, store }) => {
  const reader = (await store.open("large.bin")).getReader();
  await reader.read();
  const before = proxy.connections;
  proxy.refuse(true);
  proxy.cut();
  await assert.rejects(async () => {
    for (let done = false; !done;) ({ done } = await reader.read());
  }, failure("transient", /127\.0\.0\.1:/));
  assert.equal(proxy.connections - before, 4, "the first try was the connection that was cut");
});

// More than a loaded machine leaves a living connection silent, as a rule: that would cost connections of its own.
const impatient = { timeouts: { idle: 2_000 } };

test("SFTP read survives a connection that goes silent without closing", async ({ proxy, store }) => {
  const reader = (await store.open("large.bin")).getReader();
  const chunks = [(await reader.read()).value ?? new Uint8Array()];
  proxy.stall();
  const before = proxy.connections;
  for (let result = await reader.read(); !result.done; result = await reader.read()) chunks.push(result.value);
  assert.ok(proxy.connections > before);
  assert.ok(Buffer.compare(Buffer.concat(chunks), bytes) === 0);
}, impatient);

test("SFTP write that loses its connection fails with kind transient and leaves nothing behind", async (cast) => {
  const { server, proxy, store } = cast;
  let pulls = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(pattern(400_000, 4));
      if (++pulls === 20) proxy.cut();
    },
  });
  await assert.rejects(store.write("new.bin", source), failure("transient", /connection .* was lost/));
  assert.deepEqual([...Deno.readDirSync(server.folder)].map(({ name }) => name), ["large.bin"]);
  assert.equal((await store.write("new.bin", new Blob(["x"]).stream())).size, 1);
});

test("SFTP streams end with kind cancelled when their store is closed", async ({ store }) => {
  const reader = (await store.open("large.bin")).getReader();
  await reader.read();
  await store.close();
  await assert.rejects(async () => {
    for (let done = false; !done;) ({ done } = await reader.read());
  }, failure("cancelled", /store was closed/));
});

test("SFTP read keeps no more than its window in memory while nobody reads", async ({ proxy, store }) => {
  const reader = (await store.open("large.bin")).getReader();
  for (let chunk = 0; chunk < 8; chunk++) await reader.read();
  await until(() => proxy.received > 8 * 1024 * 1024);
  // The answer to a further request comes after those of the reads in flight: there are no more of them.
  await store.stat("large.bin");
  assert.ok(proxy.received < 11 * 1024 * 1024, String(proxy.received));
  await reader.cancel();
});

function failure(kind: string, part: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, Deno.inspect(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, part);
    return true;
  };
}

async function read(store: SftpStore, path: string, offset = 0): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.open(path, { offset })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Bytes in which no part repeats another, the same for each seed. */
function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + seed, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, length);
}
