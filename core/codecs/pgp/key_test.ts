import assert from "node:assert/strict";
import * as openpgp from "openpgp";
import { type GnuPg, type KeyPair, openGnuPg, requireGnuPg } from "./gnupg_testing.ts";
import { type PrivateKeyOptions, readPrivateKey, readPublicKey } from "./read_keys.ts";

/** Asserts that keys are refused with a failure of a kind, for a reason. */
async function refuse(reading: Promise<unknown>, kind: "config" | "auth", reason: RegExp): Promise<void> {
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof Error && "kind" in error && "hint" in error, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, reason);
    assert.equal(typeof error.hint, "string");
    return true;
  });
}

Deno.test("what is no PGP key is called what it is", async () => {
  const others: Readonly<Record<string, RegExp>> = {
    "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n": /is a PuTTY key/,
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n":
      /is an SSH key/,
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ada@host": /is an SSH public key/,
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHA ada@host": /is an SSH public key/,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----": /in PEM format/,
    "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----": /in PEM format/,
    "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----": /is a certificate/,
    "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----": /is an encrypted PGP message/,
    "-----BEGIN PGP SIGNATURE-----\n\nhQEM\n-----END PGP SIGNATURE-----": /is a PGP signature/,
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nhQEM\n-----END PGP PUBLIC KEY BLOCK-----": /is no PGP key, or is damaged/,
    "hello": /is no PGP key/,
    "": /is empty/,
  };
  for (const [given, reason] of Object.entries(others)) {
    for (const read of [readPrivateKey, readPublicKey]) {
      await refuse(read(given), "config", reason);
      await refuse(
        read(new TextEncoder().encode(given)),
        "config",
        reason.source.includes("no PGP key") ? /no PGP key/ : reason,
      );
    }
  }
  for (let round = 0; round < 200; round++) {
    const garbage = crypto.getRandomValues(new Uint8Array(1 + round));
    await refuse(readPrivateKey(garbage), "config", /PGP private key/);
  }
});

Deno.test("keys that cannot be used are refused with the reason", { ignore: !requireGnuPg() }, async (test) => {
  await using gpg = await openGnuPg();
  const good = await gpg.makeKey("good", { sign: "ed25519", encrypt: "cv25519" });
  await test.step("public where private is meant, and the reverse", async () => {
    await refuse(readPrivateKey(good.public), "config", /private key is a public key/);
    await refuse(readPublicKey(good.secret), "config", /public key is a private key/);
  });
  await test.step("several keys", async () => {
    const other = await gpg.makeKey("other", { sign: "ed25519", encrypt: "cv25519" });
    await refuse(readPublicKey(good.public + other.public), "config", /holds 2 keys/);
    await refuse(readPrivateKey(`${good.secret}\n${good.public}`), "config", /holds 2 keys/);
    await refuse(readPublicKey(await gpg.run(["--export"])), "config", /holds 2 keys/);
    await refuse(readPrivateKey(await gpg.run(["--export-secret-keys"])), "config", /holds 2 keys/);
  });
  await test.step("a passphrase that is missing, wrong or not needed", async () => {
    const locked = await gpg.makeKey("locked", { sign: "rsa2048", encrypt: "rsa2048", passphrase: "correct horse" });
    await refuse(readPrivateKey(locked.secret), "auth", /locked by a passphrase, and none is given/);
    await refuse(readPrivateKey(locked.secret, { passphrase: "" }), "auth", /none is given/);
    await refuse(readPrivateKey(locked.secret, { passphrase: "correct horse " }), "auth", /passphrase does not open/);
    const opened = await readPrivateKey(locked.secret, { passphrase: "correct horse" });
    assert.deepEqual(opened.notes, []);
    assert.doesNotMatch(
      JSON.stringify(opened) + Deno.inspect(opened, { depth: 9, showHidden: true }),
      /horse|privateParams/,
    );
    const { notes } = await readPrivateKey(good.secret, { passphrase: "any" });
    assert.deepEqual(notes, ["The key is not locked, so its passphrase is not needed"]);
  });
  await test.step("a key that only signs, and one that only encrypts", async () => {
    const signing = await gpg.makeKey("signs", { sign: "ed25519" });
    await refuse(readPublicKey(signing.public), "auth", /"<signs@test.invalid>" cannot encrypt: it can only sign/);
    await refuse(readPrivateKey(signing.secret), "auth", /cannot decrypt: it can only sign/);
    assert.equal((await readPrivateKey(signing.secret, { use: "sign" })).algorithm, "Ed25519");
  });
  await test.step("a key that has expired", async () => await refusesExpired(gpg));
  await test.step("a key that was revoked", async () => await refusesRevoked(gpg));
  await test.step("a key without its secret", async () => {
    const stub = await gpg.run(["--armor", "--export-secret-subkeys", "<good@test.invalid>"]);
    const { keyIds } = await readPrivateKey(stub);
    assert.deepEqual(keyIds, (await readPrivateKey(good.secret)).keyIds, "the secret of the primary key is not needed");
    await refuse(readPrivateKey(stub, { use: "sign" }), "auth", /cannot be opened|cannot sign/);
  });
});

async function refusesExpired(gpg: GnuPg): Promise<void> {
  const past = { sign: "ed25519", encrypt: "cv25519", at: "20200101T000000", expire: "10d" };
  const expired = await gpg.makeKey("expired", past);
  await refuse(readPublicKey(expired.public), "auth", /"<expired@test.invalid>" expired on 2020-01-11/);
  await refuse(readPrivateKey(expired.secret), "auth", /expired on 2020-01-11/);
  const kept = await readPrivateKey(expired.secret, { acceptOutdated: true });
  assert.deepEqual(kept.notes, ["The key expired on 2020-01-11"]);
  assert.equal(kept.expires?.toString(), "2020-01-11T00:00:00Z");
  await refuse(readPrivateKey(expired.secret, { use: "sign", acceptOutdated: true }), "auth", /expired on/);
  assert.equal((await readPublicKey(expired.public, { use: "verify" })).userId, "<expired@test.invalid>");

  const subkey = await gpg.makeKey("subkey", { ...past, expire: "never", subkeyExpire: "10d" });
  const reason = /cannot (?:en|de)crypt: its subkey [0-9A-F]{16} expired on 2020-01-11/;
  await refuse(readPublicKey(subkey.public), "auth", reason);
  await refuse(readPrivateKey(subkey.secret), "auth", reason);
  assert.equal((await readPrivateKey(subkey.secret, { acceptOutdated: true })).keyIds.length, 1);

  const soon = await gpg.makeKey("soon", { sign: "ed25519", encrypt: "cv25519", expire: "never", subkeyExpire: "5d" });
  const { notes, expires } = await readPublicKey(soon.public);
  assert.deepEqual(notes, ["The key expires in 4 days"]);
  assert.ok(expires !== undefined);
}

async function refusesRevoked(gpg: GnuPg): Promise<void> {
  const pair = await gpg.makeKey("revoked", { sign: "rsa2048", encrypt: "rsa2048" });
  const { keys: [entry] } = { keys: await Array.fromAsync(Deno.readDir(`${gpg.folder}/openpgp-revocs.d`)) };
  assert.ok(entry !== undefined);
  const key = await readPublicKey(pair.public);
  const path = `${gpg.folder}/openpgp-revocs.d/${key.fingerprint}.rev`;
  const certificate = (await Deno.readTextFile(path)).replace(/^:-----BEGIN/m, "-----BEGIN");
  await gpg.run(["--import"], certificate);
  const revoked: KeyPair = {
    public: new TextDecoder().decode(await gpg.run(["--armor", "--export", "<revoked@test.invalid>"])),
    secret: new TextDecoder().decode(await gpg.run(["--armor", "--export-secret-keys", "<revoked@test.invalid>"])),
  };
  await refuse(readPublicKey(revoked.public), "auth", /"<revoked@test.invalid>" was revoked/);
  await refuse(readPublicKey(revoked.public, { use: "verify" }), "auth", /was revoked/);
  await refuse(readPrivateKey(revoked.secret), "auth", /was revoked/);
  const kept = await readPrivateKey(revoked.secret, { acceptOutdated: true });
  assert.deepEqual(kept.notes, ["The key was revoked"]);
}

Deno.test("a key is read in every form that it is pasted in", async () => {
  const { privateKey, publicKey } = await openpgp.generateKey({
    type: "curve25519",
    userIDs: { name: "Ada", email: "ada@test.invalid" },
    format: "object",
  });
  const armored = privateKey.armor();
  const forms = [
    privateKey.write(),
    armored,
    new TextEncoder().encode(armored),
    armored.replaceAll("\r\n", "\n"),
    armored.replaceAll(/\r?\n/g, "\r\n"),
    `Our key:\n\n${armored}\n\nKind regards`,
    armored.replaceAll(/^/gm, "    "),
    `\ufeff${armored}`,
  ];
  const options: PrivateKeyOptions = {};
  for (const form of forms) assert.equal((await readPrivateKey(form, options)).userId, "Ada <ada@test.invalid>");
  const summary = await readPublicKey(publicKey.armor());
  assert.equal(summary.fingerprint, publicKey.getFingerprint().toUpperCase());
  assert.equal(summary.expires, undefined);
  assert.equal(summary.kind, "public");
});
