import assert from "node:assert/strict";
import { connect } from "node:net";
import { requireOpenSsh, startOpenSsh } from "./openssh.ts";

/** The first bytes a server sends. */
function greeting(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once("data", (bytes) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.once("error", reject);
  });
}

Deno.test({
  name: "OpenSSH starts, changes its host key on the same port, and stops with its files removed",
  ignore: !requireOpenSsh(),
  fn: async () => {
    const server = await startOpenSsh();
    assert.match(await greeting(server.host, server.port), /^SSH-2\.0-OpenSSH/);
    assert.match(server.hostKeyFingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
    const before = server.hostKeyFingerprint;
    await server.restartWithNewHostKey();
    assert.notEqual(server.hostKeyFingerprint, before);
    assert.match(await greeting(server.host, server.port), /^SSH-2\.0-OpenSSH/);
    await server.stop();
    await assert.rejects(greeting(server.host, server.port));
    await assert.rejects(Deno.stat(server.folder), Deno.errors.NotFound);
  },
});
