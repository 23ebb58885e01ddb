/** What a server may do, and does not get away with. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Failure, type FailureKind } from "../../contracts/failure.ts";
import { openSftpStore, type SftpStore } from "../sftp.ts";
import { type HostileServer, type Misdeeds, startHostileServer } from "./hostile_testing.ts";
import type { SftpOptions } from "./options.ts";

interface Cast {
  readonly server: HostileServer;
  readonly store: SftpStore;
  /** What the store logged. */
  readonly log: readonly string[];
}

function test(
  name: string,
  misdeeds: Misdeeds,
  body: (cast: Cast) => Promise<void>,
  options: Partial<SftpOptions> = {},
): void {
  Deno.test(name, async () => {
    await using server = await startHostileServer(misdeeds);
    const log: string[] = [];
    await using store = await openSftpStore({
      host: server.host,
      port: server.port,
      username: "somebody",
      password: "geheim",
      verifyHostKey: () => true,
      log: (message) => log.push(message),
      ...options,
    });
    await body({ server, store, log });
  });
}

async function fails(kind: FailureKind, said: RegExp, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof Failure && error.hint, Deno.inspect(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, said);
    return true;
  });
}

const read = async (store: SftpStore, path: string, offset = 0) =>
  Buffer.from(await new Response(await store.open(path, { offset })).arrayBuffer());

const content = Buffer.from("id\n1\n2\n3\n");

// Long names, so that the end is reached soon.
const longNames = (count: number) =>
  Array.from({ length: 100 }, (_, index) => `${count}-${index}-${"x".repeat(2_400)}`);
test(
  "SFTP gives up a listing that comes to no end, and goes on with other work",
  { names: longNames },
  async ({ server, store }) => {
    server.files.set("/a.csv", content);
    await fails("config", /lists more than 100,000,000 characters of names in folder ""$/, () => store.list(""));
    assert.deepEqual(await read(store, "a.csv"), content);
    assert.equal(server.connections, 1);
  },
);

const LISTED = ["../up.csv", "..", ".", "", "/etc/passwd", "in/a.csv", "nul\0.csv", "line\nbreak.csv", "a.csv"];
test(
  "SFTP lists no name that leads elsewhere, and says so; those that are odd are opened as they are",
  { names: (count) => count > 0 ? undefined : LISTED },
  async ({ server, store, log }) => {
    for (const path of ["/a.csv", "/line\nbreak.csv"]) server.files.set(path, content);
    const { entries } = await store.list("");
    assert.deepEqual(entries.map(({ path }) => path), ["a.csv", "line\nbreak.csv"]);
    assert.match(log.join(), /^The server lists in "" what can be no name, such as "(.*)": left out$/);
    assert.deepEqual(await read(store, "line\nbreak.csv"), content);
    assert.deepEqual(server.opened, ["/line\nbreak.csv"]);
  },
);

for (const told of [content.length + 1, 10_000_000, 2 ** 52]) {
  test(`SFTP notices that a file is shorter than the ${told} bytes it is said to have`, {
    size: () => told,
  }, async ({ server, store }) => {
    server.files.set("/a.csv", content);
    await fails("data", /"a\.csv" changed while it was read \(it is shorter than it was\)/, () => read(store, "a.csv"));
  });
}

for (const told of [content.length - 1, 1, 0]) {
  test(`SFTP notices that a file is longer than the ${told} bytes it is said to have`, {
    size: () => told,
  }, async ({ server, store }) => {
    server.files.set("/a.csv", content);
    const said = new RegExp(`it holds more than the ${told} bytes that the server told`);
    await fails("data", said, () => read(store, "a.csv"));
    await fails("data", said, () => read(store, "a.csv", told));
  });
}

test("SFTP takes no more bytes of an answer than it asked for", {
  read: (bytes) => bytes.length === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(50_000, "!")]),
}, async ({ server, store }) => {
  server.files.set("/a.csv", content);
  assert.deepEqual(await read(store, "a.csv"), content);
});

test("SFTP gives up a server that never answers a read, as passing", {
  read: () => undefined,
}, async ({ server, store }) => {
  server.files.set("/a.csv", content);
  await fails("transient", /The connection to server "127\.0\.0\.1:\d+" was lost/, () => read(store, "a.csv"));
  // A machine that is slow may take other answers for as late.
  assert.ok(server.connections >= 5, `${server.connections} connections`);
}, { timeouts: { idle: 500 } });

test("SFTP gives up a server that ends every connection at the first read, as passing", {
  read: () => "end the connection",
}, async ({ server, store }) => {
  server.files.set("/a.csv", content);
  await fails("transient", /The connection to server "127\.0\.0\.1:\d+" was lost/, () => read(store, "a.csv"));
  assert.equal(server.connections, 5);
});
