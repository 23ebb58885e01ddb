import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { connectRaw, type RawProtocol } from "./raw_client_testing.ts";
import { initPacket, requestPacket } from "./requests_testing.ts";
import { startTestServer, until } from "./server_testing.ts";

const ROUNDS = 200;

/** Numbers that look random and are the same each time (xorshift). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Messages at the wrong time, for the wrong channel, with the wrong numbers. */
function sayAnything(protocol: RawProtocol, next: (below: number) => number): void {
  const channel = next(3);
  const sayings: (() => void)[] = [
    () => protocol.channelEOF(channel),
    () => protocol.channelClose(channel),
    () => protocol.channelData(channel, Buffer.from(Array.from({ length: next(100) }, () => next(20)))),
    () => protocol.channelData(channel, requestPacket(1, { kind: "open", path: "a", flags: next(64) })),
    () => protocol.channelData(channel, requestPacket(2, { kind: "read_folder", handle: "x" })),
    () => protocol.channelData(channel, initPacket()),
    () => protocol.channelWindowAdjust(channel, next(2) === 0 ? 0xFFFF_FFFF : next(10)),
    () => protocol.subsystem(channel, next(2) === 0 ? "sftp" : "other", next(2) === 0),
    () => protocol.exec(channel, "ls", next(2) === 0),
    () => protocol.shell(channel, next(2) === 0),
    () => protocol.session(next(5), next(3) * 100, next(3) === 0 ? next(400) : 32_768),
    () => protocol.channelSuccess(channel),
    () => protocol.channelFailure(channel),
    () => protocol.requestFailure(),
    () => protocol.rekey(),
    () => protocol.ping(),
  ];
  sayings[next(sayings.length)]?.();
}

/** Bytes that are no SSH, or stop being it. */
async function sendBytes(port: number, next: (below: number) => number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  socket.resume();
  if (next(2) === 0) socket.write("SSH-2.0-garbage\r\n");
  await new Promise<void>((resolve) =>
    socket.write(Buffer.from(Array.from({ length: next(2_000) }, () => next(256))), () => resolve())
  );
  socket.destroy();
}

Deno.test(`${ROUNDS} connections that say anything at any time end nothing but themselves`, async () => {
  const next = generator(12_345);
  await using server = await startTestServer({ limits: { goodbye: 50 } });
  server.account.put("a", new Uint8Array(1_000));
  for (let round = 0; round < ROUNDS; round++) {
    if (next(4) === 0) {
      await sendBytes(server.port, next);
      continue;
    }
    await using connection = await connectRaw(server.port);
    connection.client.on("error", () => {});
    await connection.sftp(next(4) > 0);
    for (let message = next(30); message > 0; message--) {
      try {
        sayAnything(connection.client._protocol, next);
      } catch {
        // The client knows that the connection is gone.
        break;
      }
      if (next(6) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (next(2) === 0) connection.client.end();
  }
  await using connection = await connectRaw(server.port);
  assert.ok(await connection.sftp());
  await until(() => server.account.sessions === 1 && server.account.open === 0);
  await until(() => server.server.sessions.list().length === 1);
  assert.deepEqual(server.lines.filter(({ level }) => level === "error"), []);
});
