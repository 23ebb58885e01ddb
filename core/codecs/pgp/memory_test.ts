import assert from "node:assert/strict";
import * as openpgp from "openpgp";
import type { Spool } from "../spool.ts";
import { memorySpool } from "../spool_memory.ts";
import { decryptPgp } from "./decrypt.ts";
import { encryptPgp } from "./encrypt.ts";
import { readPrivateKey, readPublicKey } from "./read_keys.ts";

const MEBIBYTE = 1_048_576;

/** Far more than may be in memory at a time. */
const CONTENT = 500;
const MOST = 250;

/** A spool that keeps nothing but the number of bytes. */
function forgetfulSpool(counted: { bytes: number }): Spool {
  return {
    create: async () => {
      const file = await memorySpool().create();
      file.append = async (bytes) => {
        counted.bytes += bytes.length;
      };
      return file;
    },
  };
}

Deno.test(`${CONTENT} MiB are encrypted, signed and decrypted in less than ${MOST} MiB`, async () => {
  const { privateKey, publicKey } = await openpgp.generateKey({
    type: "ecc",
    userIDs: { email: "a@test.invalid" },
    format: "object",
  });
  const key = await readPrivateKey(privateKey.armor());
  const sign = await readPrivateKey(privateKey.armor(), { use: "sign" });
  const recipients = [await readPublicKey(publicKey.armor())];
  const start = Deno.memoryUsage().rss;
  let [most, left] = [0, CONTENT];
  const content = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      most = Math.max(most, Deno.memoryUsage().rss - start);
      if (left-- === 0) return controller.close();
      controller.enqueue(new Uint8Array(MEBIBYTE).fill(left));
    },
  }, { highWaterMark: 0 });
  const message = await encryptPgp(content, { recipients, sign });
  const counted = { bytes: 0 };
  await using _ = await decryptPgp(message, { keys: [key], spool: forgetfulSpool(counted) });
  assert.equal(counted.bytes, CONTENT * MEBIBYTE);
  assert.ok(most < MOST * MEBIBYTE, `${Math.round(most / MEBIBYTE)} MiB were taken`);
});
