import assert from "node:assert/strict";
import * as openpgp from "openpgp";
import { Failure } from "../../contracts/failure.ts";
import { memorySpool } from "../spool_memory.ts";
import { decryptPgp } from "./decrypt.ts";
import { type GnuPg, openGnuPg, requireGnuPg } from "./gnupg_testing.ts";
import type { PgpPrivateKey } from "./keys.ts";
import { collect, damages, decryptAll, inPieces, sampleContent } from "./pgp_testing.ts";
import { readPrivateKey } from "./read_keys.ts";

/** Damaged messages that are tried; every part of every form is met by some. */
const TAMPERINGS = 4_000;

const content = sampleContent(700);

/** A message, and the key it is for. */
interface Form {
  readonly name: string;
  readonly message: Uint8Array;
  readonly key: PgpPrivateKey;
}

/** What a damaged message gives: the failure, or the content. */
async function outcome({ key }: Form, message: Uint8Array): Promise<Failure | Uint8Array> {
  try {
    await using decrypted = await decryptPgp(inPieces(message, 100), { keys: [key], spool: memorySpool() });
    return await collect(decrypted.open());
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

const isBlank = (byte: number | undefined) => byte === undefined || [0x20, 0x09, 0x0d, 0x0a].includes(byte);

/** Whether a message differs from another in blanks at most: armor that reads the same. */
function isSameText(message: Uint8Array, other: Uint8Array): boolean {
  const length = Math.max(message.length, other.length);
  for (let at = 0; at < length; at++) {
    if (message[at] !== other[at] && !(isBlank(message[at]) && isBlank(other[at]))) return false;
  }
  return true;
}

async function gnuPgForms(gpg: GnuPg): Promise<Form[]> {
  const keys = new Map<string, PgpPrivateKey>();
  for (const [name, sign, encrypt] of [["rsa", "rsa2048", "rsa2048"], ["ecc", "ed25519", "cv25519"]] as const) {
    keys.set(name, await readPrivateKey((await gpg.makeKey(name, { sign, encrypt })).secret));
  }
  const forms: Form[] = [];
  const ways: readonly (readonly string[])[] = [
    ["--compress-algo", "none"],
    ["--compress-algo", "zip"],
    ["--compress-algo", "zlib"],
    ["--compress-algo", "bzip2"],
    ["--armor", "--compress-algo", "none"],
    ["--armor", "--compress-algo", "zip"],
    ["--throw-keyids"],
    ["--sign", "--local-user", "<ecc@test.invalid>"],
  ];
  for (const [name, key] of keys) {
    for (const way of ways) {
      const message = await gpg.run([...way, "--recipient", `<${name}@test.invalid>`, "--encrypt"], content);
      forms.push({ name: `${name} ${way.join(" ")}`, message, key });
    }
  }
  return forms;
}

async function libraryForms(): Promise<Form[]> {
  const forms: Form[] = [];
  const { aead, compression } = openpgp.enums;
  for (const mode of [aead.eax, aead.ocb, aead.gcm]) {
    for (const preferredCompressionAlgorithm of [compression.uncompressed, compression.zlib]) {
      const config = { aeadProtect: true, preferredAEADAlgorithm: mode };
      const { privateKey, publicKey } = await openpgp.generateKey({
        type: "curve25519",
        userIDs: { email: "a@test.invalid" },
        format: "object",
        config,
      });
      const message = await openpgp.encrypt({
        message: await openpgp.createMessage({ binary: content }),
        encryptionKeys: publicKey,
        format: "binary",
        config: { ...config, preferredCompressionAlgorithm, aeadChunkSizeByte: 2 },
      });
      const key = await readPrivateKey(privateKey.write());
      forms.push({ name: `AEAD ${mode}, compression ${preferredCompressionAlgorithm}`, message, key });
    }
  }
  return forms;
}

Deno.test({
  name: "of 4,000 messages that were changed or cut, not a byte is given out",
  ignore: !requireGnuPg(),
}, async () => {
  await using gpg = await openGnuPg();
  const forms = [...await gnuPgForms(gpg), ...await libraryForms()];
  for (const form of forms) {
    assert.deepEqual((await decryptAll(form.message, form.key)).content, content, form.name);
    for (const [how, message] of damages(form.message, Math.ceil(TAMPERINGS / forms.length))) {
      const result = await outcome(form, message);
      if (form.name.includes("--armor") && isSameText(form.message, message)) {
        if (!(result instanceof Failure)) assert.deepEqual(result, content);
        continue;
      }
      assert.ok(result instanceof Failure, `${form.name}: ${how}`);
      // A changed key id makes it a message to somebody else.
      assert.ok(["data", "auth"].includes(result.kind), `${form.name}: ${how}: ${result.kind}`);
    }
  }
});

Deno.test(
  { name: "damage in the encrypted data is told as such, wherever it is", ignore: !requireGnuPg() },
  async () => {
    await using gpg = await openGnuPg();
    const key = await readPrivateKey((await gpg.makeKey("a", { sign: "ed25519", encrypt: "cv25519" })).secret);
    for (const algorithm of ["none", "zip", "zlib", "bzip2"]) {
      const args = ["--compress-algo", algorithm, "--recipient", "<a@test.invalid>", "--encrypt"];
      const message = await gpg.run(args, sampleContent(100_000));
      for (let at = message.length - 1; at > 300; at -= Math.ceil(message.length / 20)) {
        const changed = message.slice();
        changed[at]! ^= 0x10;
        const result = await outcome({ name: "", message, key }, changed);
        assert.ok(result instanceof Failure);
        assert.equal(result.kind, "data");
        assert.match(result.message, /altered or damaged|is damaged/, `${algorithm}, byte ${at}`);
      }
    }
  },
);
