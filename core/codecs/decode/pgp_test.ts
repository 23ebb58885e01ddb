import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import * as openpgp from "openpgp";
import { decryptPgp, encryptPgp, type PgpPublicKey, readPrivateKey, readPublicKey } from "../pgp/mod.ts";
import { makeZip } from "../zip/zip_testing.ts";
import { decoded, outcome } from "./decode_testing.ts";
import type { Decrypt } from "./decoded_file.ts";

const TEXT = "id,name\n1,Ann\n2,Bob\n";

async function makeKey(): Promise<{ readonly recipient: PgpPublicKey; readonly decrypt: Decrypt }> {
  const made = await openpgp.generateKey({ type: "curve25519", userIDs: { email: "import@test.invalid" } });
  const key = await readPrivateKey(made.privateKey);
  return {
    recipient: await readPublicKey(made.publicKey),
    decrypt: (message, options) => decryptPgp(message, { keys: [key], ...options }),
  };
}

async function encrypt(content: Uint8Array | string, recipient: PgpPublicKey): Promise<Uint8Array> {
  const message = await encryptPgp(new Blob([new Uint8Array(Buffer.from(content))]).stream(), {
    recipients: [recipient],
  });
  return new Uint8Array(await new Response(message).arrayBuffer());
}

Deno.test("PGP messages are opened around and within archives and packed files, binary and armored", async () => {
  const { recipient, decrypt } = await makeKey();
  const plain = await encrypt(TEXT, recipient);
  assert.deepEqual(await decoded("a.csv", plain, { decrypt }), { "a.csv": TEXT });
  const armored = new TextEncoder().encode(openpgp.armor(openpgp.enums.armor.message, plain));
  assert.deepEqual(await decoded("a.csv.asc", armored, { decrypt }), { "a.csv.asc": TEXT });
  const packed = await encrypt(gzipSync(TEXT), recipient);
  assert.deepEqual(await decoded("a.csv.gz.pgp", packed, { decrypt }), { "a.csv.gz.pgp": TEXT });
  const archive = makeZip([{ name: "a.csv", content: TEXT }, { name: "b.csv.pgp", content: plain, stored: true }]);
  const content = { "a.csv": TEXT, "b.csv.pgp": TEXT };
  assert.deepEqual(await decoded("x.zip", archive, { decrypt }), content);
  assert.deepEqual(await decoded("x.zip.pgp", await encrypt(archive, recipient), { decrypt }), content);
});

Deno.test("messages are told by their first bytes, however long their first packet is and whatever their name", async () => {
  const made = await openpgp.generateKey({ type: "rsa", rsaBits: 2048, userIDs: { email: "rsa@test.invalid" } });
  const key = await readPrivateKey(made.privateKey);
  const decrypt: Decrypt = (message, options) => decryptPgp(message, { keys: [key], ...options });
  // RSA keys make a packet of over 191 bytes, whose length takes two.
  const message = await encrypt(TEXT, await readPublicKey(made.publicKey));
  const [, , ...rest] = [message[0], message[1], ...message.subarray(3)];
  assert.deepEqual([message[0], message[1]! >= 0xc0], [0xc1, true]);
  const size = ((message[1]! - 192) << 8) + message[2]! + 192;
  const long = Uint8Array.of(0xc1, 0xff, 0, 0, size >> 8, size & 255, ...rest);
  const old = Uint8Array.of(0x85, size >> 8, size & 255, ...rest);
  const marked = Uint8Array.of(0xca, 3, ...new TextEncoder().encode("PGP"), ...message);
  const armored = openpgp.armor(openpgp.enums.armor.message, message).replace("MESSAGE-----", "$&\r\nX-Sent_By2: us");
  const encoder = new TextEncoder();
  for (const bytes of [message, long, old, marked, encoder.encode(armored), encoder.encode(`\uFEFF\r\n${armored}`)]) {
    assert.deepEqual(await decoded("a.csv", bytes, { decrypt }), { "a.csv": TEXT });
  }
  for (const text of ["Ãé,b\n1,2\n", "É\n", "Á,Â\n"]) {
    assert.deepEqual(await decoded("a.csv", encoder.encode(text)), { "a.csv": latin1Of(text) });
    assert.deepEqual(await decoded("a.csv", Buffer.from(text, "latin1")), { "a.csv": text });
  }
});

const latin1Of = (text: string) => Buffer.from(text).toString("latin1");

Deno.test("a message that was altered, or is to another key, is told with the file that it is", async () => {
  const { recipient, decrypt } = await makeKey();
  const other = await makeKey();
  const message = await encrypt(gzipSync(TEXT), recipient);
  const altered = message.with(-30, (message.at(-30) ?? 0) ^ 1);
  assert.match(
    String(await outcome("a.gz.pgp", altered, { decrypt })),
    /^data: File "a.gz.pgp" cannot be decrypted: the/,
  );
  assert.match(
    String(await outcome("x.zip", makeZip([{ name: "a.pgp", content: message }]), other)),
    /^auth: File "x.zip\/a.pgp" cannot be decrypted: the/,
  );
});

Deno.test("decrypting tells how far it is, and then checking what was packed", async () => {
  const { recipient, decrypt } = await makeKey();
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  const shares: number[] = [];
  const verifying = (share: number) => void shares.push(share);
  await decoded("a.bin.pgp", await encrypt(content, recipient), { decrypt, verifying });
  assert.equal(shares.at(-1), 1);
  const decrypting = shares.length;
  await decoded("a.bin.gz.pgp", await encrypt(gzipSync(content), recipient), { decrypt, verifying });
  assert.ok(shares.length > 2 * decrypting, "it tells of checking, too");
});
