import assert from "node:assert/strict";
import { type GnuPg, openGnuPg, requireGnuPg } from "./gnupg_testing.ts";
import { decryptPgp } from "./decrypt.ts";
import type { PgpLimits } from "./limits.ts";
import { inPieces } from "./pgp_testing.ts";
import { memorySpool } from "../spool_memory.ts";
import type { PgpPrivateKey } from "./keys.ts";
import { readPrivateKey } from "./read_keys.ts";

/** Counts what a spool takes, and keeps nothing. */
function countingSpool() {
  const counted = { bytes: 0 };
  const create = async () => {
    const file = await memorySpool().create();
    file.append = async (bytes) => {
      counted.bytes += bytes.length;
    };
    return file;
  };
  return { counted, spool: { create } };
}

async function encrypt(gpg: GnuPg, algorithm: string, content: Uint8Array): Promise<Uint8Array> {
  return await gpg.run(["--compress-algo", algorithm, "--recipient", "<a@test.invalid>", "--encrypt"], content);
}

Deno.test({ name: "compression bombs are refused before they fill the spool", ignore: !requireGnuPg() }, async () => {
  await using gpg = await openGnuPg();
  const key: PgpPrivateKey = await readPrivateKey(
    (await gpg.makeKey("a", { sign: "ed25519", encrypt: "cv25519" })).secret,
  );
  const bomb = new Uint8Array(60_000_000);
  for (const algorithm of ["zip", "zlib", "bzip2"]) {
    const message = await encrypt(gpg, algorithm, bomb);
    const refuse = async (limits: PgpLimits | undefined, reason: RegExp, most: number) => {
      const { counted, spool } = countingSpool();
      const options = { keys: [key], spool, ...limits === undefined ? {} : { limits } };
      await assert.rejects(decryptPgp(inPieces(message, 65_536), options), { kind: "data", message: reason });
      assert.ok(counted.bytes <= most, `${algorithm}: ${counted.bytes} bytes were spooled`);
    };
    await refuse(undefined, /grows by more than 250 times/, 20_000_000);
    await refuse({ maxRatio: 1e6, maxBytes: 1_000_000 }, /over 1000000 bytes/, 1_500_000);
  }
  const { spool } = countingSpool();
  const plain = await encrypt(gpg, "none", bomb.subarray(0, 2_000_000));
  await assert.rejects(decryptPgp(inPieces(plain), { keys: [key], spool, limits: { maxBytes: 1_999_999 } }), {
    kind: "data",
    message: /over 1999999 bytes/,
  });
  await using small = await decryptPgp(inPieces(await encrypt(gpg, "zip", bomb.subarray(0, 10_000_000))), {
    keys: [key],
    spool,
    limits: { maxBytes: 10_000_000 },
  });
  assert.equal(small.name, "");
});
