import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { PacketWriter } from "./packet_writer.ts";
import { MAX_DATA, PacketType } from "./protocol.ts";
import { connectRaw, type RawSftp } from "./raw_client_testing.ts";
import type { Request } from "./requests.ts";
import { initPacket, requestPacket, statusName } from "./requests_testing.ts";
import { startTestServer, type TestServer, until } from "./server_testing.ts";

/** Tests with one channel of user `ada`. */
const channel = { test: channelTest };

function channelTest(
  name: string,
  test: (sftp: RawSftp, server: TestServer) => Promise<void>,
  options: Parameters<typeof startTestServer>[0] = {},
): void {
  Deno.test(name, async () => {
    await using server = await startTestServer(options);
    await using connection = await connectRaw(server.port);
    await test(await connection.sftp(), server);
  });
}

/** The status of a request, with its message. */
async function status(sftp: RawSftp, request: Request): Promise<readonly [name: string, message: string]> {
  const answer = await sftp.ask(request);
  assert.ok(answer.type === "status", `${request.kind} was answered with ${answer.type}`);
  return [statusName(answer.code), answer.message];
}

async function open(sftp: RawSftp, path: string, flags: number): Promise<string> {
  const answer = await sftp.ask({ kind: "open", path, flags });
  assert.ok(answer.type === "handle");
  return answer.handle;
}

const WRITE_NEW = 2 | 8 | 16;

channel.test(
  "of 100,000 opens without a close all past the limit are refused, and all are let go of",
  async (sftp, server) => {
    server.account.put("a", Buffer.from("abc"));
    const codes = new Map<string, number>();
    for (let sent = 0; sent < 100_000; sent += 1_000) {
      for (const answer of await sftp.askAll(Array(1_000).fill({ kind: "open", path: "a", flags: 1 }))) {
        const key = answer.type === "status" ? answer.message : answer.type;
        codes.set(key, (codes.get(key) ?? 0) + 1);
      }
    }
    assert.deepEqual(Object.fromEntries(codes), {
      handle: 256,
      "256 files and folders are open: close some of them first": 99_744,
    });
    assert.equal(server.account.open, 256);
    sftp.channel.end();
    assert.equal(await sftp.closed, 0);
    assert.equal(server.account.open, 0);
  },
);

Deno.test("a user opens no more over all connections than may be, which costs no other user anything", async () => {
  await using server = await startTestServer({ limits: { handles: 3, handlesOfUser: 4 } });
  server.logins.add("eve");
  server.account.put("a", Buffer.from("abc"));
  const ask = { kind: "open", path: "a", flags: 1 } as const;
  const opened = async (sftp: RawSftp) =>
    (await sftp.askAll(Array(4).fill(ask))).filter(({ type }) => type === "handle");
  await using first = await connectRaw(server.port);
  await using second = await connectRaw(server.port);
  await using other = await connectRaw(server.port, { username: "eve" });
  const one = await first.sftp(), two = await second.sftp();
  assert.equal((await opened(one)).length, 3);
  const [handle] = await opened(two);
  assert(handle?.type === "handle");
  const refused = 'FAILURE: 4 files and folders are open in the sessions of "ada": close some of them first';
  assert.equal((await status(two, ask)).join(": "), refused);
  assert.equal((await opened(await other.sftp())).length, 3);
  // A place is free again when something is closed, when it could not be opened, and with the end of a channel.
  assert.deepEqual(await status(two, { kind: "close", handle: handle.handle }), ["OK", ""]);
  for (let time = 0; time < 3; time++) assert.equal((await status(two, { ...ask, path: "b" }))[0], "NO_SUCH_FILE");
  assert.equal((await opened(two)).length, 1);
  one.channel.end();
  await one.closed;
  assert.equal((await opened(two)).length, 2);
});

for (const length of [0, 4, 256 * 1024 + 1_025, 0x7FFF_FFFF, 0xFFFF_FFFF]) {
  channel.test(
    `a packet length of ${length} closes the channel, interrupts uploads and harms no others`,
    async (sftp, server) => {
      await using other = await connectRaw(server.port);
      const unharmed = await other.sftp();
      await open(sftp, "up", WRITE_NEW);
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      sftp.send(bytes);
      assert.equal(await sftp.closed, 1);
      assert.deepEqual(server.account.interrupted, ["up"]);
      assert.equal((await unharmed.ask({ kind: "stat", path: "/" })).type, "attributes");
    },
  );
}

Deno.test("a packet before INIT closes the channel; so does one without an id", async () => {
  await using server = await startTestServer();
  await using connection = await connectRaw(server.port);
  const early = await connection.sftp(false);
  early.send(requestPacket(1, { kind: "stat", path: "/" }));
  assert.equal(await early.closed, 1);
  const late = await connection.sftp();
  late.send(initPacket());
  assert.equal((await late.ask({ kind: "stat", path: "/" })).type, "attributes");
});

channel.test("unknown packets, extensions and links are refused in words, damaged packets as such", async (sftp) => {
  const unsupported = "OP_UNSUPPORTED";
  assert.deepEqual(await status(sftp, { kind: "link", symbolic: true }), [
    unsupported,
    "There are no symbolic links here",
  ]);
  assert.deepEqual(await status(sftp, { kind: "link", symbolic: false }), [
    unsupported,
    "There are no hard links here",
  ]);
  assert.deepEqual(await status(sftp, { kind: "read_link", path: "/" }), [
    unsupported,
    "There are no symbolic links here",
  ]);
  assert.deepEqual(await status(sftp, { kind: "unsupported", what: "" }), [
    unsupported,
    'Extension "nothing@example.com" is not supported',
  ]);
  assert.equal((await status(sftp, { kind: "malformed", why: "" }))[0], "BAD_MESSAGE");
  assert.equal((await status(sftp, { kind: "stat", path: undefined }))[0], "FAILURE");
  assert.match((await status(sftp, { kind: "open", path: undefined, flags: 1 }))[1], /not UTF-8/);
  assert.equal((await status(sftp, { kind: "close", handle: "none" }))[1], "The handle is not open");
  assert.deepEqual(await status(sftp, { kind: "stat", path: "none" }), [
    "NO_SUCH_FILE",
    '"none" does not exist. Check the path',
  ]);
});

channel.test(
  "a file's handle does not stand for a folder, nor the other way round, nor once it is closed",
  async (sftp) => {
    const file = await open(sftp, "a", WRITE_NEW);
    const answer = await sftp.ask({ kind: "open_folder", path: "/" });
    assert.ok(answer.type === "handle");
    assert.equal((await status(sftp, { kind: "read_folder", handle: file }))[0], "FAILURE");
    for (const kind of ["sync", "space_handle"] as const) {
      await sftp.ask({ kind, handle: answer.handle });
    }
    assert.equal((await status(sftp, { kind: "read", handle: answer.handle, position: 0, length: 1 }))[0], "FAILURE");
    assert.equal((await status(sftp, { kind: "close", handle: file }))[0], "OK");
    assert.equal((await status(sftp, { kind: "close", handle: file }))[0], "FAILURE");
  },
);

channel.test(
  "positions beyond 2^53 are refused, reads beyond the end get EOF, long reads get what fits",
  async (sftp, server) => {
    server.account.put("a", new Uint8Array(1_000_000));
    const handle = await open(sftp, "a", 3);
    const far = 2 ** 63;
    assert.equal((await status(sftp, { kind: "read", handle, position: far, length: 1 }))[0], "EOF");
    assert.equal((await status(sftp, { kind: "read", handle, position: 1_000_000, length: 1 }))[0], "EOF");
    const write = await status(sftp, { kind: "write", handle, position: far, data: Buffer.from("x") });
    assert.deepEqual(write, ["FAILURE", "No file is as long as that"]);
    const read = await sftp.ask({ kind: "read", handle, position: 0, length: 0xFFFF_FFFF });
    assert.ok(read.type === "data" && read.data.length === MAX_DATA);
  },
);

channel.test(
  "writes of one file are applied in the order they came, and its close waits for them",
  async (sftp, server) => {
    const order: number[] = [];
    let waits = 0;
    server.account.beforeWrite = async () => {
      const number = waits++;
      // The first take longest.
      for (let turns = 20 - number; turns > 0; turns--) await new Promise((resolve) => setTimeout(resolve, 1));
      order.push(number);
    };
    const handle = await open(sftp, "a", WRITE_NEW);
    const writes = Array.from(
      { length: 20 },
      (_, at) => sftp.ask({ kind: "write", handle, position: at % 2, data: Buffer.from([at]) }),
    );
    const closed = sftp.ask({ kind: "close", handle });
    const after = sftp.ask({ kind: "stat", path: "a" });
    await Promise.all([...writes, closed, after]);
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, at) => at),
    );
    assert.deepEqual([...server.account.content("a")], [18, 19]);
    assert.deepEqual(server.account.completed, ["a"]);
  },
);

channel.test("requests that build on one another need not wait for answers", async (sftp, server) => {
  const answers = await Promise.all([
    sftp.ask({ kind: "make_folder", path: "a" }),
    sftp.ask({ kind: "make_folder", path: "a/b" }),
    sftp.ask({ kind: "stat", path: "a/b" }),
    sftp.ask({ kind: "rename", from: "a", to: "c", replace: false }),
    sftp.ask({ kind: "remove_folder", path: "c/b" }),
    sftp.ask({ kind: "remove_folder", path: "c" }),
  ]);
  assert.deepEqual(answers.map((answer) => answer.type === "status" ? answer.code : answer.type), [
    ...[0, 0, "attributes"],
    ...[0, 0, 0],
  ]);
  assert.deepEqual([...server.account.folders], [""]);
});

channel.test(
  "a client that takes no answers is not read on, and holds no more than some megabytes",
  async (sftp, server) => {
    server.account.put("a", new Uint8Array(1_000_000));
    const handle = await open(sftp, "a", 1);
    sftp.channel.pause();
    let answered = 0;
    const reads = Array.from(
      { length: 200 },
      () => sftp.ask({ kind: "read", handle, position: 0, length: MAX_DATA }).then(() => answered++),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const [session] = server.server.sessions.list();
    assert.ok(session !== undefined && session.sent < 16 * 1024 * 1024, `${session?.sent} bytes were sent`);
    sftp.channel.resume();
    await Promise.all(reads);
    assert.equal(answered, 200);
  },
);

Deno.test("a connection that breaks interrupts what is open and completes nothing", async () => {
  await using server = await startTestServer();
  const connection = await connectRaw(server.port);
  const sftp = await connection.sftp();
  const handle = await open(sftp, "up", WRITE_NEW);
  await open(sftp, "up2", WRITE_NEW);
  await sftp.ask({ kind: "write", handle, position: 0, data: Buffer.alloc(1_000) });
  connection.socket.destroy();
  await until(() => server.account.sessions === 0);
  assert.deepEqual(server.account.interrupted.sort(), ["up", "up2"]);
  assert.deepEqual(server.account.completed, []);
  await until(() => server.events.some(({ kind }) => kind === "logout"));
  assert.deepEqual(
    server.events.flatMap((event) => event.kind === "upload" ? [[event.path, event.bytes, event.complete]] : []),
    [["/up", 1_000, false], ["/up2", 0, false]],
  );
});

Deno.test("a server that stops interrupts uploads, says goodbye and lets go of the port", async () => {
  const server = await startTestServer();
  const connection = await connectRaw(server.port);
  const sftp = await connection.sftp();
  await open(sftp, "up", WRITE_NEW);
  const idle = await dial(server.port);
  await server[Symbol.asyncDispose]();
  await connection.closed;
  await idle.closed;
  assert.deepEqual(server.account.interrupted, ["up"]);
  assert.deepEqual([server.account.open, server.account.sessions], [0, 0]);
  await assert.rejects(connectRaw(server.port));
});

/** A connection that says nothing. */
async function dial(port: number): Promise<{ readonly socket: Socket; readonly closed: Promise<void> }> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", () => resolve());
    socket.on("error", reject);
  });
  return { socket, closed };
}

Deno.test("500 idle sockets and half handshakes are closed by their deadline, and others get in meanwhile", async () => {
  await using server = await startTestServer({ limits: { login: 10_000, strangers: 600 } });
  const sockets = await Promise.all(Array.from({ length: 500 }, () => dial(server.port)));
  sockets.forEach(({ socket }, index) => {
    if (index % 4 === 1) socket.write("SSH-2.0-half\r\n");
    if (index % 4 === 2) socket.write("GET / HTTP/1.1\r\n\r\n");
    if (index % 4 === 3) socket.write(Buffer.concat([Buffer.from("SSH-2.0-half\r\n"), Buffer.alloc(4, 0xFF)]));
  });
  await using connection = await connectRaw(server.port);
  assert.ok(await connection.sftp());
  await Promise.all(sockets.map(({ closed }) => closed));
  assert.equal(server.server.sessions.list().length, 1);
});

Deno.test("when strangers fill the server, the address with most of them loses its oldest", async () => {
  await using server = await startTestServer({ limits: { strangers: 3 } });
  const [first, ...others] = await Promise.all([dial(server.port), dial(server.port), dial(server.port)]);
  await using connection = await connectRaw(server.port);
  await first?.closed;
  assert.ok(await connection.sftp());
  for (const { socket } of others) socket.destroy();
});

Deno.test("a session without a request for too long ends; a client that vanishes is noticed", async () => {
  let time = 0;
  await using server = await startTestServer({
    limits: { idle: 1_000, revisions: 10, goodbye: 50, keepAlive: { interval: 400, count: 2 } },
    clock: () => time,
  });
  const idle = await connectRaw(server.port);
  time += 900;
  const busy = await connectRaw(server.port);
  time += 200;
  await idle.closed;
  // Paused, it does not even say that it is there.
  busy.socket.pause();
  await until(() => server.server.sessions.list().length === 0);
  busy.socket.resume();
  await busy.closed;
  const reasons = () => server.events.flatMap((event) => event.kind === "logout" ? [event.reason] : []);
  await until(() => reasons().length === 2);
  assert.deepEqual(reasons(), ["idle", "connection broke"]);
});

Deno.test("channels are limited, and closed ones make room", async () => {
  await using server = await startTestServer({ limits: { channels: 2 } });
  await using connection = await connectRaw(server.port);
  const first = await connection.sftp();
  await connection.sftp();
  await assert.rejects(connection.sftp());
  first.channel.end();
  assert.equal(await first.closed, 0);
  await connection.sftp();
  assert.equal(server.lines.filter(({ level }) => level === "error").length, 0);
});

Deno.test("a channel whose files cannot be had ends, one that is closed meanwhile leaves nothing behind", async () => {
  await using server = await startTestServer();
  await using connection = await connectRaw(server.port);
  server.account.beforeSession = () => Promise.reject(new Error("The database is away"));
  const failed = await connection.sftp(false);
  assert.equal(await failed.closed, 1);
  const opening = Promise.withResolvers<void>();
  server.account.beforeSession = () => opening.promise;
  const early = await connection.sftp(false);
  early.channel.end();
  connection.socket.destroy();
  await until(() => server.server.sessions.list().length === 0);
  opening.resolve();
  await until(() => server.account.sessions === 0);
  assert.match(JSON.stringify(server.lines.filter(({ level }) => level === "error")), /database is away/);
});

Deno.test("a client that takes packets of no bytes is dropped, and the server goes on", async () => {
  await using server = await startTestServer();
  await using bad = await connectRaw(server.port);
  const protocol = bad.client._protocol;
  const session = protocol.session.bind(protocol);
  protocol.session = (channel, window) => session(channel, window, 0);
  await assert.rejects(bad.sftp());
  await bad.closed;
  await using good = await connectRaw(server.port);
  assert.ok(await good.sftp());
});

channel.test("a flood of damaged packets of the right length is answered packet by packet", async (sftp) => {
  const writer = new PacketWriter(PacketType.WRITE).uint32(9).uint32(0xFFFF_FFFF).finish();
  for (let sent = 0; sent < 5_000; sent++) sftp.send(writer);
  assert.equal((await sftp.ask({ kind: "stat", path: "/" })).type, "attributes");
});
