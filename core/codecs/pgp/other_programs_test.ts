import assert from "node:assert/strict";
import { requirePeer } from "../../testing/peer.ts";
import { encryptPgp } from "./encrypt.ts";
import { runPeer } from "./gnupg_testing.ts";
import { collect, decryptAll, sampleContent, streamOfBytes } from "./pgp_testing.ts";
import { readPrivateKey, readPublicKey } from "./read_keys.ts";

const SQOP = "/usr/bin/sqop";
const RNP = "/usr/bin/rnp";
const RNPKEYS = "/usr/bin/rnpkeys";

const content = sampleContent(200_000);

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "pgp-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test({
  name: "Sequoia and Waybill read one another, signatures included",
  ignore: !requirePeer("Sequoia (Debian package sqop)", SQOP),
}, async () => {
  await inFolder(async (folder) => {
    const [keyFile, certFile] = [`${folder}/key`, `${folder}/cert`];
    const secret = await runPeer(SQOP, ["generate-key", "Ada <ada@test.invalid>"]);
    await Deno.writeFile(keyFile, secret);
    const cert = await runPeer(SQOP, ["extract-cert"], secret);
    await Deno.writeFile(certFile, cert);

    const key = await readPrivateKey(secret);
    assert.equal(key.userId, "Ada <ada@test.invalid>");
    const recipient = await readPublicKey(cert);
    const signer = await readPublicKey(cert, { use: "verify" });
    for (const args of [["--sign-with", keyFile], ["--no-armor", "--sign-with", keyFile], ["--as", "text"]]) {
      const given = args.includes("text") ? new TextEncoder().encode("größer\r\n".repeat(9_000)) : content;
      const message = await runPeer(SQOP, ["encrypt", ...args, "--", certFile], given);
      const signers = args.includes(keyFile) ? [signer] : [];
      const result = await decryptAll(message, key, { signers, pieces: 777 });
      assert.deepEqual(result.content, given);
      assert.equal(result.decrypted.signedBy, signers[0]);
    }

    const sign = await readPrivateKey(secret, { use: "sign" });
    const message = await collect(await encryptPgp(streamOfBytes(content, 5_000), { recipients: [recipient], sign }));
    const verifications = `${folder}/verifications`;
    const verify = ["--verify-with", certFile, "--verify-out", verifications];
    assert.deepEqual(await runPeer(SQOP, ["decrypt", ...verify, "--", keyFile], message), content);
    assert.match(await Deno.readTextFile(verifications), new RegExp(recipient.fingerprint, "i"));
  });
});

Deno.test({
  name: "RNP and Waybill read one another; RNP's EAX and OCB are read",
  ignore: !requirePeer("RNP (Debian package rnp)", RNP),
}, async () => {
  await inFolder(async (home) => {
    const common = ["--homedir", home, "--notty", "--password", "open sesame"];
    const uid = "<rnp@test.invalid>";
    const run = (args: readonly string[], input?: Uint8Array) => runPeer(RNP, [...common, ...args], input);
    await runPeer(RNPKEYS, [...common, "--generate-key", "--numbits", "2048", "--userid", uid]);
    const secret = await runPeer(RNPKEYS, [...common, "--export-key", "--secret", uid]);
    const cert = decode(await runPeer(RNPKEYS, [...common, "--export-key", uid]));

    const key = await readPrivateKey(secret, { passphrase: "open sesame" });
    assert.equal(key.algorithm, "RSA 2048");
    const signers = [await readPublicKey(cert, { use: "verify" })];
    const sign = ["--sign", "--userid", uid];
    for (
      const args of [
        [],
        ["--armor"],
        ["-z", "0"],
        ["--bzip2"],
        ["--zlib", ...sign],
        sign,
        ["--aead=ocb"],
        ["--aead=eax", ...sign],
        ["--aead=ocb", "--aead-chunk-bits", "3", "--armor"],
        ["--aead=eax", "--cipher", "AES128", "-z", "0"],
        ["--aead=eax", "--cipher", "AES192"],
        ["--aead=ocb", "--cipher", "AES192", "--aead-chunk-bits", "0"],
      ]
    ) {
      const message = await run(["--encrypt", "-r", uid, ...args], content);
      const isSigned = args.includes("--sign");
      const result = await decryptAll(message, key, { pieces: 999, ...isSigned ? { signers } : {} });
      assert.deepEqual(result.content, content, args.join(" "));
      assert.equal(result.decrypted.signedBy, isSigned ? signers[0] : undefined);
    }
    const recipients = [await readPublicKey(cert)];
    const message = await collect(await encryptPgp(streamOfBytes(content), { recipients, name: "a.csv" }));
    assert.deepEqual(await run(["--decrypt"], message), content);
  });
});
