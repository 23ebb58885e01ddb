import assert from "node:assert/strict";
import { SCENARIOS } from "./interop_testing.ts";
import { OpenSshClient, requireOpenSshClient } from "./programs_testing.ts";
import { hostKeyFingerprint, PASSWORD, startTestServer } from "./server_testing.ts";

for (const scenario of SCENARIOS) {
  Deno.test(scenario.name, async () => {
    if (!requireOpenSshClient() || !scenario.available()) return;
    await using server = await startTestServer();
    await using client = await OpenSshClient.make(server.port);
    server.logins.add("ada", { publicKeys: [await client.publicKey()] });
    await scenario.run({
      port: server.port,
      username: "ada",
      password: PASSWORD,
      keyPath: `${client.folder}/key`,
      fingerprint: await hostKeyFingerprint(),
    }, client.folder);
    assert.deepEqual([...server.account.files.keys()], []);
    assert.deepEqual([...server.account.folders], [""]);
    assert.equal(server.account.open, 0);
    assert.deepEqual(server.account.interrupted, []);
    assert.deepEqual(server.lines.filter(({ level }) => level === "error"), []);
  });
}
