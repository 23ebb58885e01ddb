import assert from "node:assert/strict";
import * as openpgp from "openpgp";
import { encryptPgp } from "./encrypt.ts";
import { collect, decryptAll, sampleContent, streamOfBytes } from "./pgp_testing.ts";
import { readPrivateKey, readPublicKey } from "./read_keys.ts";

const { aead, symmetric, compression } = openpgp.enums;

/** A key whose features ask for AEAD of version 2 of the encrypted data packet. */
async function makeAeadKey(config: openpgp.PartialConfig, type: "curve25519" | "ecc" = "curve25519") {
  const { privateKey, publicKey } = await openpgp.generateKey({
    type,
    userIDs: { email: "aead@test.invalid" },
    format: "object",
    config: { aeadProtect: true, ...config },
  });
  return { privateKey, publicKey, key: await readPrivateKey(privateKey.armor()) };
}

Deno.test("version 2 of the encrypted data packet is read: EAX, OCB and GCM, every key size, any chunk size", async () => {
  for (const mode of [aead.eax, aead.ocb, aead.gcm]) {
    for (const cipher of [symmetric.aes128, symmetric.aes192, symmetric.aes256]) {
      // The library cannot make these on this runtime; RNP makes EAX (other_programs_test.ts).
      if (mode !== aead.ocb && cipher === symmetric.aes192) continue;
      const config: openpgp.PartialConfig = { preferredAEADAlgorithm: mode, preferredSymmetricAlgorithm: cipher };
      const { publicKey, key } = await makeAeadKey(config);
      for (const [chunk, size] of [[0, 200], [0, 64], [4, 5_000], [12, 262_144 - 8], [12, 700_000]] as const) {
        const content = sampleContent(size);
        const message = await openpgp.encrypt({
          message: await openpgp.createMessage({ binary: content, filename: "ä.csv" }),
          encryptionKeys: publicKey,
          format: "binary",
          config: { ...config, aeadChunkSizeByte: chunk, preferredCompressionAlgorithm: compression.uncompressed },
        });
        const result = await decryptAll(message, key, { pieces: 5_001 });
        assert.deepEqual(result.content, content, `mode ${mode}, cipher ${cipher}, chunk ${chunk}, ${size} bytes`);
        assert.equal(result.decrypted.name, "ä.csv");
      }
    }
  }
});

Deno.test("keys of version 6 with X25519 are read, and encrypted to in the way that they ask for", async () => {
  const { publicKey, privateKey, key } = await makeAeadKey({ v6Keys: true });
  assert.equal(key.fingerprint.length, 64);
  assert.equal(key.algorithm, "X25519");
  const content = sampleContent(100_000);
  const recipients = [await readPublicKey(publicKey.write())];
  const sign = await readPrivateKey(privateKey.write(), { use: "sign" });
  const message = await collect(await encryptPgp(streamOfBytes(content, 999), { recipients, sign }));
  const signers = [await readPublicKey(publicKey.armor(), { use: "verify" })];
  const result = await decryptAll(message, key, { signers });
  assert.deepEqual(result.content, content);
  assert.equal(result.decrypted.signedBy?.fingerprint, key.fingerprint);
});

Deno.test("what Waybill encrypts and signs, the library verifies", async () => {
  const { privateKey, publicKey } = await openpgp.generateKey({
    type: "ecc",
    userIDs: { email: "a@test.invalid" },
    format: "object",
  });
  const content = sampleContent(50_000);
  const recipients = [await readPublicKey(publicKey.armor())];
  const sign = await readPrivateKey(privateKey.armor(), { use: "sign" });
  const encrypted = await collect(await encryptPgp(streamOfBytes(content), { recipients, sign, name: "orders.csv" }));
  const { data, filename } = await openpgp.decrypt({
    message: await openpgp.readMessage({ binaryMessage: encrypted }),
    decryptionKeys: privateKey,
    verificationKeys: publicKey,
    expectSigned: true,
    format: "binary",
  });
  assert.deepEqual(data, content);
  assert.equal(filename, "orders.csv");
});
