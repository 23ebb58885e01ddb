import assert from "node:assert/strict";
import { startTestServer } from "./server_testing.ts";

Deno.test("an address that cannot be listened on is told from a port that is taken", async () => {
  await using server = await startTestServer();
  await assert.rejects(startTestServer({ port: server.port }), {
    name: "Failure",
    message: `The SFTP server cannot listen on "127.0.0.1" port ${server.port}`,
    hint: "Give another port with --sftp-port, or stop what listens there",
  });
  // Nothing given is no address either: it must not open the server to everybody.
  await assert.rejects(startTestServer({ host: "" }), {
    name: "Failure",
    message: 'The SFTP server cannot listen on "" port 0: it is no address of this machine',
    hint: "Give one with --sftp-host; 0.0.0.0 and :: stand for all",
  });
});
