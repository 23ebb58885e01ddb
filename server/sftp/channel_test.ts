import assert from "node:assert/strict";
import { connectRaw } from "./raw_client_testing.ts";
import type { Request } from "./requests.ts";
import { readAnswer, statusName } from "./requests_testing.ts";
import { startTestServer } from "./server_testing.ts";
import { PacketSplitter } from "./splitter.ts";

Deno.test("what is asked of a file before it is closed is answered with the close, in one packet", async () => {
  await using server = await startTestServer();
  await using connection = await connectRaw(server.port);
  const sftp = await connection.sftp();
  const opened = await sftp.ask({ kind: "open", path: "a", flags: 2 | 8 | 16 });
  assert.ok(opened.type === "handle");
  const { handle } = opened;
  const splitter = new PacketSplitter();
  const packets: number[][] = [];
  sftp.channel.on("data", (data) => packets.push(splitter.split(data).map((packet) => readAnswer(packet).id)));
  const gate = Promise.withResolvers<void>();
  server.account.beforeClose = () => gate.promise;
  const requests: readonly Request[] = [
    { kind: "write", handle, position: 0, data: new Uint8Array(3) },
    { kind: "set_stat_handle", handle, attributes: { size: 3 } },
    { kind: "close", handle },
    { kind: "canonical", path: "." },
  ];
  const asked = sftp.askAll(requests);
  // Twice there and back, while the file is being closed: all else would have come by then.
  await sftp.ask({ kind: "limits" });
  await sftp.ask({ kind: "limits" });
  gate.resolve();
  const answers = await asked;
  const [write, size, close, canonical] = answers.map(({ id }) => id);
  assert.deepEqual(packets.flat().slice(0, 1), [canonical]);
  assert.deepEqual(packets.at(-1), [write, size, close]);
  assert.equal(packets.flat().length, 6);
  for (const answer of answers.slice(0, 3)) assert.ok(answer.type === "status" && statusName(answer.code) === "OK");
});
