import assert from "node:assert/strict";
import { encryptPgp } from "./encrypt.ts";
import { type GnuPg, openGnuPg, requireGnuPg } from "./gnupg_testing.ts";
import { collect, decryptAll, sampleContent, streamOfBytes } from "./pgp_testing.ts";
import { readPrivateKey, readPublicKey } from "./read_keys.ts";

const ignore = !requireGnuPg();
const content = sampleContent(300_000);

/** Kinds of keys: what signs, what encrypts, and how it is told. */
const KINDS: readonly (readonly [string, string, string])[] = [
  ["rsa2048", "rsa2048", "RSA 2048"],
  ["rsa3072", "rsa3072", "RSA 3072"],
  ["rsa4096", "rsa4096", "RSA 4096"],
  ["ed25519", "cv25519", "Curve25519"],
  ["nistp256", "nistp256", "NIST P-256"],
  ["nistp384", "nistp384", "NIST P-384"],
  ["nistp521", "nistp521", "NIST P-521"],
  ["brainpoolP256r1", "brainpoolP256r1", "brainpoolP256r1"],
  ["brainpoolP384r1", "brainpoolP384r1", "brainpoolP384r1"],
  ["brainpoolP512r1", "brainpoolP512r1", "brainpoolP512r1"],
];

/** gpg, encrypting the content to a key. */
async function encryptWith(gpg: GnuPg, to: string, ...args: readonly string[]): Promise<Uint8Array> {
  return await gpg.run([...args, "--recipient", `<${to}@test.invalid>`, "--encrypt"], content);
}

Deno.test({ name: "GnuPG and Waybill read one another over every kind of key", ignore }, async (test) => {
  await using gpg = await openGnuPg();
  for (const [sign, encrypt, algorithm] of KINDS) {
    await test.step(algorithm, async () => {
      const pair = await gpg.makeKey(encrypt, { sign, encrypt });
      const key = await readPrivateKey(pair.secret);
      assert.equal(key.algorithm, algorithm);
      assert.equal(key.userId, `<${encrypt}@test.invalid>`);
      const { content: ours } = await decryptAll(await encryptWith(gpg, encrypt), key);
      assert.deepEqual(ours, content);

      const recipient = await readPublicKey(pair.public);
      assert.equal(recipient.fingerprint, key.fingerprint);
      const signer = await readPrivateKey(pair.secret, { use: "sign" });
      const message = await encryptPgp(streamOfBytes(content, 10_000), { recipients: [recipient], sign: signer });
      const status = `${gpg.folder}/status`;
      assert.deepEqual(
        await gpg.run(["--status-file", status, "--decrypt"], await collect(message)),
        content,
      );
      const said = await Deno.readTextFile(status);
      assert.match(said, /GOODMDC/);
      assert.match(said, /GOODSIG/);
      // 9 is AES-256.
      assert.match(said, /DECRYPTION_INFO 2 9/);
    });
  }
});

Deno.test({ name: "every form that GnuPG writes is read", ignore }, async (test) => {
  await using gpg = await openGnuPg();
  const pair = await gpg.makeKey("a", { sign: "ed25519", encrypt: "cv25519" });
  await gpg.makeKey("b", { sign: "ed25519", encrypt: "cv25519" });
  const key = await readPrivateKey(pair.secret);
  const file = `${gpg.folder}/orders 2026.csv`;
  await Deno.writeFile(file, content);
  const forms: Readonly<Record<string, readonly string[]>> = {
    "as it comes": [],
    "not compressed": ["--compress-algo", "none"],
    "compressed by ZIP": ["--compress-algo", "zip"],
    "compressed by ZLIB": ["--compress-algo", "zlib"],
    "compressed by BZIP2": ["--compress-algo", "bzip2"],
    "armored": ["--armor"],
    "armored with headers": ["--armor", "--comment", "for Waybill", "--emit-version"],
    "to a hidden recipient": ["--throw-keyids"],
    "to several recipients, ours last": ["--recipient", "<b@test.invalid>"],
    "to several hidden recipients": ["--throw-keyids", "--recipient", "<b@test.invalid>"],
    "to a key and a passphrase": ["--symmetric", "--passphrase", "open"],
    "signed": ["--sign", "--local-user", "<b@test.invalid>"],
    "signed twice, compressed": ["--sign", "--local-user", "<a@test.invalid>", "--local-user", "<b@test.invalid>"],
    "with AES-128": ["--cipher-algo", "AES128"],
    "with AES-192": ["--cipher-algo", "AES192"],
    "as text": ["--textmode"],
    "in the form of RFC 4880": ["--rfc4880"],
  };
  for (const [name, args] of Object.entries(forms)) {
    await test.step(name, async () => {
      // From a pipe in parts, from a file whole.
      const piped = await encryptWith(gpg, "a", ...args);
      const whole = `${file}.gpg`;
      await gpg.run([...args, "--recipient", "<a@test.invalid>", "--output", whole, "--encrypt", file]);
      for (const [message, fileName] of [[piped, ""], [await Deno.readFile(whole), "orders 2026.csv"]] as const) {
        const result = await decryptAll(message, key, { pieces: 1_000 });
        if (name !== "as text") assert.deepEqual(result.content, content);
        else assert.ok(result.content.length >= content.length);
        assert.equal(result.decrypted.name, fileName);
        assert.equal(result.decrypted.signedBy, undefined);
      }
    });
  }
});

Deno.test(
  { name: "what GnuPG writes without need of our key, or without protection, is refused", ignore },
  async () => {
    await using gpg = await openGnuPg();
    const pair = await gpg.makeKey("a", { sign: "rsa2048", encrypt: "rsa2048" });
    const other = await gpg.makeKey("b", { sign: "ed25519", encrypt: "cv25519" });
    const key = await readPrivateKey(pair.secret);
    const refuse = async (message: Uint8Array, kind: string, reason: RegExp) => {
      await assert.rejects(decryptAll(message, key), (error) => {
        assert.ok(error instanceof Error && "kind" in error);
        assert.equal(error.kind, kind, error.message);
        assert.match(error.message, reason);
        return true;
      });
    };
    const symmetric = await gpg.run(["--symmetric", "--passphrase", "open"], content);
    await refuse(symmetric, "data", /encrypted with a passphrase, not to a key/);
    const otherId = (await readPrivateKey(other.secret)).keyIds[0] ?? "";
    const ourId = key.keyIds[0] ?? "";
    await refuse(await encryptWith(gpg, "b"), "auth", new RegExp(`encrypted to ${otherId}, .* given: ${ourId}`));
    await refuse(await encryptWith(gpg, "b", "--throw-keyids"), "auth", /encrypted to a hidden key/);
    const bare = await encryptWith(gpg, "a", "--rfc2440", "--cipher-algo", "3DES", "--disable-mdc");
    await refuse(bare, "data", /no integrity protection/);
    await refuse(await encryptWith(gpg, "a", "--cipher-algo", "CAST5"), "data", /encrypted with cast5/);
    await refuse(await gpg.run(["--sign", "--local-user", "<a@test.invalid>"], content), "data", /is not encrypted/);
    await refuse(
      await gpg.run(["--clearsign", "--local-user", "<a@test.invalid>"], "text"),
      "data",
      /signed, but not encrypted/,
    );
    await refuse(new TextEncoder().encode(pair.public), "data", /is a PGP key/);
    await refuse(new TextEncoder().encode("name,age\nada,36\n"), "data", /no PGP message/);
    await refuse(new Uint8Array(0), "data", /is empty/);
    const zero = await encryptWith(gpg, "a");
    await refuse(new Uint8Array([...zero, ...zero]), "data", /something follows|not expected/);
  },
);

Deno.test({ name: "a required signature is verified, whoever else has signed", ignore }, async (test) => {
  await using gpg = await openGnuPg();
  const ours = await gpg.makeKey("ours", { sign: "ed25519", encrypt: "cv25519" });
  const key = await readPrivateKey(ours.secret);
  for (const sign of ["rsa2048", "ed25519", "nistp256"]) {
    await test.step(sign, async () => {
      const pair = await gpg.makeKey(`by-${sign}`, { sign });
      const signer = await readPublicKey(pair.public, { use: "verify" });
      const us = await readPublicKey(ours.public, { use: "verify" });
      const by = (name: string) => ["--sign", "--local-user", `<${name}@test.invalid>`];
      for (const extra of [[], ["--armor"], ["--compress-algo", "none"], ["--textmode"], by("ours")]) {
        const message = await encryptWith(gpg, "ours", ...extra, ...by(`by-${sign}`));
        const { decrypted } = await decryptAll(message, key, { signers: [signer] });
        assert.equal(decrypted.signedBy?.fingerprint, signer.fingerprint);
      }
      const bySomebody = await encryptWith(gpg, "ours", ...by("ours"));
      const { decrypted } = await decryptAll(bySomebody, key, { signers: [signer, us] });
      assert.equal(decrypted.signedBy?.fingerprint, us.fingerprint);
      await assert.rejects(decryptAll(bySomebody, key, { signers: [signer] }), {
        kind: "data",
        message: /no valid signature by .*it is signed by key [0-9A-F]{16}/,
      });
      await assert.rejects(decryptAll(await encryptWith(gpg, "ours"), key, { signers: [signer] }), {
        kind: "data",
        message: /is not signed/,
      });
    });
  }
});
