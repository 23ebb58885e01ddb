import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { requireOpenSsh, startOpenSsh } from "../core/testing/openssh.ts";
import { testCli } from "./cli_testing.ts";

Deno.test("over a real SFTP server: host key pinned, shown, refused when it changes, and trusted again", async () => {
  if (!requireOpenSsh()) return;
  await using cli = await testCli();
  await using server = await startOpenSsh();
  await Deno.writeTextFile(`${server.folder}/people.csv`, "id,email\n1,ada@example.com\n2,bob@example.com\n");
  const key = `${cli.folder}/key`;
  await Deno.writeTextFile(key, server.privateKey);
  const flags = ["--host", server.host, "--port", String(server.port), "--username", server.username];
  const create = ["auth", "create", "sftp", "--label", "partner", ...flags, "--folder", server.folder];
  await cli.json(...create, "--private-key-file", key);

  const checked = await cli.run(["auth", "check", "partner"]);
  assert.equal(checked.code, 0, checked.stderr);
  assert.ok(checked.stdout.includes(server.hostKeyFingerprint));
  assert.equal((await cli.json("auth", "show", "partner")).peer, server.hostKeyFingerprint);

  const run = await cli.json(
    "run",
    "csv-import",
    "--file",
    "people.csv",
    "--stream",
    "people",
    "--identify-by",
    "email",
  );
  assert.deepEqual([run.status, run.accepted, run.profiles_created], ["succeeded", 2, 2]);

  const before = server.hostKeyFingerprint;
  await server.restartWithNewHostKey();
  const refused = await cli.run(["auth", "check", "partner"]);
  assert.equal(refused.code, 4);
  assert.ok(refused.stdout.includes(before) && refused.stdout.includes(server.hostKeyFingerprint));
  assert.match(refused.stdout, /^FAIL .*waybill auth trust-host-key/m);
  assert.deepEqual(await cli.json("auth", "trust-host-key", "partner"), { before, now: server.hostKeyFingerprint });
  assert.equal((await cli.run(["auth", "check", "partner"])).code, 0);
});

Deno.test("a wrong user, port or key names what was wrong, with the exit code of its kind", async () => {
  if (!requireOpenSsh()) return;
  await using cli = await testCli();
  await using server = await startOpenSsh();
  const key = `${cli.folder}/key`;
  await Deno.writeTextFile(key, server.privateKey);
  const make = (label: string, port: number, file: string) =>
    cli.run(
      ["auth", "create", "sftp", "--label", label, "--host", server.host, "--port", String(port)]
        .concat("--username", server.username, "--private-key-file", file),
    );
  await make("closed", 1, key);
  const closed = await cli.run(["auth", "check", "closed"]);
  assert.equal(closed.code, 6);
  assert.match(closed.stdout, /^FAIL .*127\.0\.0\.1:1/m);
  const asJson = await cli.run(["auth", "check", "closed", "--json"]);
  assert.equal(asJson.code, 6);
  const { ok, checks } = JSON.parse(asJson.stdout);
  assert.deepEqual([ok, checks.at(-1).ok], [false, false]);
  assert.match(checks.at(-1).detail, /127\.0\.0\.1:1/);
  assert.equal(JSON.parse(asJson.stderr).error.kind, "transient");

  const putty = `${cli.folder}/putty.ppk`;
  await Deno.writeTextFile(putty, "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n");
  const unsaved = await make("putty", server.port, putty);
  assert.equal(unsaved.code, 3);
  assert.match(unsaved.stderr, /--private-key-file is a PuTTY key: convert it with `puttygen /);
  assert.equal((await cli.run(["auth", "show", "putty"])).code, 3);

  const stranger = `${cli.folder}/stranger`;
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await Deno.writeTextFile(stranger, pem);
  assert.equal((await make("stranger", server.port, stranger)).code, 0);
  const refused = await cli.run(["auth", "check", "stranger"]);
  assert.equal(refused.code, 4);
  assert.match(refused.stdout, /FAIL .*refused the login of .*tried: private key/);
});
