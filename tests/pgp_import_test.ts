/** A partner encrypts with GnuPG and puts files on OpenSSH's server; `sftp-pgp-private` imports them. */
import assert from "node:assert/strict";
import { testCli } from "../cli/cli_testing.ts";
import { openGnuPg, requireGnuPg } from "../core/codecs/pgp/gnupg_testing.ts";
import { requireOpenSsh, startOpenSsh } from "../core/testing/openssh.ts";
import { openTestServer } from "../server/server_testing.ts";

const CSV = "id,email\n1,ada@example.com\n2,bob@example.com\n3,cy@example.com\n";
const ignore = !requireOpenSsh() || !requireGnuPg();

Deno.test({
  name: "files that GnuPG encrypted are imported over SFTP by the command line; what is wrong with others is told",
  ignore,
  fn: async () => {
    await using cli = await testCli();
    await using server = await startOpenSsh();
    await using gpg = await openGnuPg();
    const ours = await gpg.makeKey("ours", { sign: "rsa2048", encrypt: "rsa2048", passphrase: "correct horse" });
    await gpg.makeKey("other", { sign: "ed25519", encrypt: "cv25519" });
    const partner = await gpg.makeKey("partner", { sign: "ed25519", encrypt: "cv25519" });
    const old = await gpg.makeKey("old", { sign: "ed25519", encrypt: "cv25519", at: "20200101T000000", expire: "5d" });
    const put = async (name: string, ...args: string[]) =>
      await Deno.writeFile(`${server.folder}/${name}`, await gpg.run([...args, "--encrypt"], CSV));
    const sign = ["--local-user", "<partner@test.invalid>", "--sign"];
    await put("plain.csv.pgp", "--recipient", "<ours@test.invalid>");
    await put("signed.csv.asc", "--armor", "--recipient", "<ours@test.invalid>", ...sign);
    await put("foreign.csv.pgp", "--recipient", "<other@test.invalid>");
    const damaged = await Deno.readFile(`${server.folder}/signed.csv.asc`);
    await Deno.writeFile(`${server.folder}/cut.csv.asc`, damaged.subarray(0, damaged.length - 200));

    const file = async (name: string, text: string) => {
      await Deno.writeTextFile(`${cli.folder}/${name}`, text);
      return `${cli.folder}/${name}`;
    };
    const login = ["--host", server.host, "--port", String(server.port), "--username", server.username]
      .concat("--folder", server.folder, "--private-key-file", await file("ssh", server.privateKey));
    const create = async (label: string, key: string, ...more: string[]) =>
      await cli.run(
        ["auth", "create", "sftp-pgp-private", "--label", label, ...login]
          .concat("--pgp-private-key-file", await file(`${label}.asc`, key), ...more),
      );

    const passphrase = ["--pgp-passphrase-file", await file("passphrase", "correct horse\n")];
    const wrong = await create("wrong", ours.secret, "--pgp-passphrase-file", await file("wrong", "battery staple\n"));
    assert.deepEqual([wrong.code, /passphrase does not open the PGP private key/.test(wrong.stderr)], [3, true]);
    assert.doesNotMatch(wrong.stderr + wrong.stdout, /battery|BEGIN PGP/);
    const expired = await create("expired", old.secret);
    assert.equal(expired.code, 3);
    assert.match(expired.stderr, /The PGP private key "<old@test\.invalid>" expired on 2020-01-06/);
    assert.match((await create("half", partner.public)).stderr, /is a public key.*--export-secret-keys/s);
    assert.match((await create("putty", "PuTTY-User-Key-File-3: ssh-rsa\n")).stderr, /PuTTY key, which is for SSH/);
    assert.deepEqual(await cli.json("auth", "list"), []);

    const made = await create("partner", ours.secret, ...passphrase);
    assert.equal(made.code, 0, made.stderr);
    const checked = await cli.run(["auth", "check", "partner"]);
    assert.equal(checked.code, 0, checked.stderr);
    assert.match(checked.stdout, /PGP private key.*[0-9A-F]{40} of "<ours@test\.invalid>", RSA 2048, without an end/);

    const run = (auth: string, name: string) =>
      cli.run([
        "run",
        "csv-import",
        "--auth",
        auth,
        "--file",
        name,
        "--stream",
        "people",
        "--identify-by",
        "id",
        "--json",
      ]);
    const first = await run("partner", "plain.csv.pgp");
    assert.equal(first.code, 0, first.stderr);
    const { status, read, accepted, profiles_created } = JSON.parse(first.stdout);
    assert.deepEqual([status, read, accepted, profiles_created], ["succeeded", 3, 3, 3]);

    const foreign = await run("partner", "foreign.csv.pgp");
    assert.deepEqual([foreign.code, /foreign\.csv\.pgp.*cannot be decrypted/.test(foreign.stderr)], [4, true]);
    const cut = await run("partner", "cut.csv.asc");
    assert.equal(cut.code, 5, cut.stderr);

    const signer = ["--pgp-signer-key-file", await file("signer.asc", partner.public)];
    assert.equal((await create("strict", ours.secret, ...passphrase, ...signer)).code, 0);
    const unsigned = await run("strict", "plain.csv.pgp");
    assert.equal(unsigned.code, 5);
    assert.match(unsigned.stderr, /plain\.csv\.pgp.*cannot be decrypted: .*sign/);
    assert.equal((await run("strict", "signed.csv.asc")).code, 0);
    assert.equal((await cli.json("stream", "show", "people")).events, 6);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${cli.folder}/home/work`)), []);
  },
});

Deno.test({
  name: "files that GnuPG encrypted are imported over SFTP by the HTTP API, whose answers hold no key",
  ignore,
  fn: async () => {
    await using server = await openTestServer({ runner: "serve" });
    await using peer = await startOpenSsh();
    await using gpg = await openGnuPg();
    const ours = await gpg.makeKey("ours", { sign: "ed25519", encrypt: "cv25519", passphrase: "zzPASSzz" });
    await Deno.writeFile(
      `${peer.folder}/people.csv.pgp`,
      await gpg.run(["--recipient", "<ours@test.invalid>", "--encrypt"], CSV),
    );
    const { host, port, username, privateKey: private_key, folder } = peer;
    const create = (config: object) =>
      server.call("POST /api/auth", {
        json: {
          method: "sftp-pgp-private",
          label: "partner",
          config: { host, port, username, private_key, folder, pgp_private_key: ours.secret, ...config },
        },
      });
    for (
      const [config, said] of [
        [{}, /is locked by a passphrase, and none is given/],
        [{ pgp_passphrase: "zzWRONGzz" }, /passphrase does not open/],
        [{ pgp_private_key: ours.public }, /is a public key/],
        [{ pgp_passphrase: "zzPASSzz", host: "169.254.169.254" }, /has a metadata address, which may not be dialled/],
      ] as const
    ) {
      const { status, text } = await create(config);
      assert.equal(status, 400, text);
      assert.match(text, said);
      assert.doesNotMatch(text, /zzWRONGzz|zzPASSzz|PGP PRIVATE KEY BLOCK/);
    }
    const made = await create({ pgp_passphrase: "zzPASSzz" });
    assert.equal(made.status, 201, made.text);
    assert.doesNotMatch(made.text, /zzPASSzz|PGP PRIVATE KEY BLOCK/);
    const checked = await server.call("POST /api/auth/partner/check");
    assert.deepEqual(
      checked.json.data.checks.map(({ name, ok }: { readonly name: string; readonly ok: boolean }) => [name, ok]),
      [["address", true], ["host key", true], ["login", true], ["folder", true], ["PGP private key", true]],
    );
    const config = { stream: "people", file: "people.csv.pgp", identify_by: ["id"] };
    const choices = await server.call("POST /api/job/type/csv-import/choices/fields", {
      json: { auth: "partner", config },
    });
    assert.deepEqual(choices.json.data.map(({ value }: { readonly value: string }) => value), ["id", "email"]);
    const started = await server.call("POST /api/run", { json: { type: "csv-import", auth: "partner", config } });
    for await (const _ of server.runtime.runs.follow(started.json.data.id, { signal: AbortSignal.timeout(240_000) }));
    const { data } = (await server.call(`GET /api/run/${started.json.data.id}`)).json;
    assert.deepEqual([data.status, data.accepted, data.profiles_created], ["succeeded", 3, 3], JSON.stringify(data));
    for (const line of server.lines) assert.doesNotMatch(line, /zzPASSzz|PGP PRIVATE KEY BLOCK/);
  },
});
