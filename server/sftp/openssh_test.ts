import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { OpenSshClient, requireOpenSshClient } from "./programs_testing.ts";
import { PASSWORD, startTestServer, type TestServer, until } from "./server_testing.ts";

/** A test with a server and OpenSSH's programs; user `ada` has a password, `key` the folder's key. */
function opensshTest(name: string, test: (server: TestServer, client: OpenSshClient) => Promise<void>): void {
  Deno.test(`OpenSSH: ${name}`, async () => {
    if (!requireOpenSshClient()) return;
    await using server = await startTestServer();
    await using client = await OpenSshClient.make(server.port);
    server.logins.add("key", { publicKeys: [await client.publicKey()], hasPassword: false });
    await test(server, client);
  });
}

opensshTest(
  "puts, gets, lists, renames and removes, and every program ends",
  async ({ account, events, server }, client) => {
    const content = randomBytes(3 * 1024 * 1024 + 17);
    await client.write("big.bin", content);
    await client.write("empty", "");
    const ended = await client.sftp("key", [
      "pwd",
      "mkdir in",
      "put big.bin in/big.bin",
      "put empty in/empty",
      "put -p empty in/kept",
      "ls -la in",
      "get in/big.bin back.bin",
      "rename in/big.bin in/b2",
      "put big.bin in/b3",
      "rename in/b3 in/b2",
      "chmod 600 in/b2",
      "df -h",
      "rm in/empty",
      "rm in/kept",
      "rm in/b2",
      "rmdir in",
      "ls -la",
    ]);
    assert.deepEqual([ended.code, ended.err], [0, ""]);
    assert.match(ended.out, /Remote working directory: \/\n/);
    assert.match(
      ended.out,
      /-rw-r--r-- .* key .* 3145745 \w+ +\d+ \d\d:\d\d in\/big\.bin|-rw-r--r-- .* 3145745 .*big\.bin/,
    );
    assert.ok(Buffer.from(await client.read("back.bin")).equals(content));
    assert.deepEqual([...account.files.keys()], []);
    assert.deepEqual([...account.folders], [""]);
    assert.equal(account.open, 0);
    await until(() => events.some(({ kind }) => kind === "logout"));
    assert.deepEqual(events.map(({ kind }) => kind), [
      "login",
      "make_folder",
      ...["upload", "upload", "upload", "download", "rename", "upload", "rename"],
      ...["remove", "remove", "remove", "remove_folder", "logout"],
    ]);
    assert.deepEqual(server.sessions.list(), []);
  },
);

opensshTest("an upload goes on where it was cut off (reput), a download too (reget)", async ({ account }, client) => {
  const content = randomBytes(500_000);
  await client.write("part", content);
  account.put("part", content.subarray(0, 123_456));
  const up = await client.sftp("key", ["reput part"]);
  assert.deepEqual([up.code, up.err], [0, ""]);
  assert.ok(Buffer.from(account.content("part")).equals(content));
  await client.write("part", content.subarray(0, 99_999));
  const down = await client.sftp("key", ["reget part"]);
  assert.deepEqual([down.code, down.err], [0, ""]);
  assert.ok(Buffer.from(await client.read("part")).equals(content));
});

opensshTest(
  "scp copies in its SFTP mode; its old protocol, shells and commands are told why not",
  async ({ account }, client) => {
    const content = randomBytes(100_000);
    await client.write("a.bin", content);
    assert.deepEqual(await client.scp("key", ["a.bin", "PEER:a.bin"]), { code: 0, out: "", err: "" });
    assert.ok(Buffer.from(account.content("a.bin")).equals(content));
    assert.deepEqual(await client.scp("key", ["PEER:a.bin", "b.bin"]), { code: 0, out: "", err: "" });
    assert.ok(Buffer.from(await client.read("b.bin")).equals(content));
    const old = await client.scp("key", ["-O", "a.bin", "PEER:c.bin"]);
    assert.notEqual(old.code, 0);
    assert.match(old.err, /SFTP only: use scp without -O, or sftp/);
    const command = await client.ssh("key", ["ls"]);
    assert.deepEqual([command.code, command.err], [1, "This server offers SFTP only: use scp without -O, or sftp\n"]);
    const shell = await client.ssh("key", []);
    assert.notEqual(shell.code, 0);
    assert.match(shell.err, /shell request failed/);
    const forward = await client.ssh("key", ["-W", "127.0.0.1:22"]);
    assert.notEqual(forward.code, 0);
    assert.match(forward.err, /forwarding failed/);
  },
);

opensshTest(
  "a password lets in, a wrong one does not, and neither is in the log",
  async ({ lines, events, logins }, client) => {
    const right = await client.sftpWithPassword("ada", PASSWORD, ["ls"], ["PubkeyAuthentication=no"]);
    assert.equal(right.code, 0, right.err);
    const asked = await client.sftpWithPassword("ada", PASSWORD, ["ls"], [
      "PreferredAuthentications=keyboard-interactive",
    ]);
    assert.equal(asked.code, 0, asked.err);
    for (const name of ["ada", "nobody"]) {
      const wrong = await client.sftpWithPassword(name, "wrong-secret", ["ls"], ["NumberOfPasswordPrompts=1"]);
      assert.equal(wrong.code, 255);
      assert.match(wrong.err, /Permission denied \(publickey,password,keyboard-interactive\)/);
    }
    const refused = events.filter((event) => event.kind === "login_refused");
    assert.deepEqual(refused.map(({ username, reason }) => [username, reason]).slice(0, 1), [["ada", "password"]]);
    assert.ok(logins.checked.includes(undefined), "unknown names cost the same work");
    assert.doesNotMatch(JSON.stringify([lines, events]), /wrong-secret|Geheim/);
  },
);

opensshTest(
  "keys of every type log in; where both are asked for, the key comes first",
  async ({ logins, events }, client) => {
    const types: readonly (readonly [type: string, bits: number])[] = [
      ["rsa", 2048],
      ["ecdsa", 256],
      ["ecdsa", 384],
      ["ecdsa", 521],
    ];
    for (const [type, bits] of types) {
      const name = `${type}${bits}`;
      logins.add(name, { publicKeys: ["garbage", await client.makeKey(name, type, bits)], hasPassword: false });
      const ended = await client.sftp(name, ["ls"], [`IdentityFile=${client.folder}/${name}`]);
      assert.deepEqual([ended.code, ended.err], [0, ""], name);
    }
    const sha1 = await client.sftp("rsa2048", ["ls"], [
      `IdentityFile=${client.folder}/rsa2048`,
      "PubkeyAcceptedAlgorithms=ssh-rsa",
    ]);
    assert.equal(sha1.code, 255, "RSA with SHA-1 is refused");
    logins.add("both", { publicKeys: [await client.publicKey()], requireBoth: true });
    const both = await client.sftpWithPassword("both", PASSWORD, ["ls"]);
    assert.equal(both.code, 0, both.err);
    const keyOnly = await client.sftp("both", ["ls"]);
    assert.match(keyOnly.err, /Permission denied \(password,keyboard-interactive\)/);
    const passwordOnly = await client.sftpWithPassword("both", PASSWORD, ["ls"], [
      "PubkeyAuthentication=no",
      "NumberOfPasswordPrompts=1",
    ]);
    assert.match(passwordOnly.err, /Permission denied/);
    const methods = events.flatMap((event) => event.kind === "login" ? [event.method] : []);
    assert.equal(methods.at(-1), "public_key_and_password");
  },
);

opensshTest(
  "every algorithm that is offered works, strictly ordered; SHA-1 and CBC are not offered",
  async (_server, client) => {
    const { err } = await client.ssh("key", ["true"], ["LogLevel=DEBUG3"]);
    assert.match(err, /will use strict KEX ordering/);
    const proposal = err.slice(err.indexOf("peer server KEXINIT proposal"));
    const offered = (what: string) => (new RegExp(`debug2: ${what}: (.*)`).exec(proposal)?.[1] ?? "").trim().split(",");
    const all = ["KEX algorithms", "host key algorithms", "ciphers ctos", "MACs ctos", "compression ctos"].flatMap(
      offered,
    );
    assert.ok(all.length > 15);
    for (const name of all) assert.doesNotMatch(name, /sha1|cbc|arcfour|3des|md5|group-exchange|zlib|^ssh-(rsa|dss)$/);
    const settings = [
      ...offered("KEX algorithms").filter((name) => !name.startsWith("kex-strict")).map((name) =>
        `KexAlgorithms=${name}`
      ),
      ...offered("ciphers ctos").map((name) => `Ciphers=${name}`),
      ...offered("MACs ctos").map((name) => `MACs=${name}\0Ciphers=aes128-ctr`),
    ];
    for (const setting of settings) {
      const ended = await client.sftp("key", ["ls"], setting.split("\0"));
      assert.deepEqual([ended.code, ended.err], [0, ""], setting);
    }
    for (
      const weak of [
        "KexAlgorithms=diffie-hellman-group14-sha1",
        "Ciphers=aes128-cbc",
        "MACs=hmac-sha1\0Ciphers=aes128-ctr",
      ]
    ) {
      const ended = await client.sftp("key", ["ls"], weak.split("\0"));
      assert.equal(ended.code, 255, weak);
    }
  },
);
