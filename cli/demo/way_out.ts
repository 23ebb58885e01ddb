/**
 * The demo's way out: an audience leaves as an encrypted file for the partner, who reads it.
 *
 * @module
 */
import { gunzipSync } from "node:zlib";
import { decryptPgp, memorySpool, readPrivateKey } from "../../core/codecs/mod.ts";
import { Failure } from "../../core/contracts/failure.ts";
import type { Audiences } from "../../core/engine/runtime.ts";
import type { SftpThread } from "../../server/sftp/thread.ts";
import { openStore, type Partner } from "./partner.ts";

/** The audience that leaves. */
export const AUDIENCE = { name: "Germany", slug: "germany", filter: 'FILTER country = "DE"' };

/** Makes the audience where it is not there yet, and gives its size. */
export async function gather(audiences: Audiences): Promise<number> {
  try {
    await audiences.get(AUDIENCE.slug);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found") throw error;
    await audiences.create(AUDIENCE);
  }
  const { size } = await audiences.size(AUDIENCE.slug);
  return size;
}

/** Fetches the file as the partner would, and gives its lines, decrypted and unpacked. */
export async function readBack(server: SftpThread, partner: Partner, path: string): Promise<string[]> {
  await using store = await openStore(server, partner);
  const keys = [await readPrivateKey(partner.privateKey)];
  await using message = await decryptPgp(await store.open(path), { keys, spool: memorySpool() });
  const packed = await new Response(message.open()).bytes();
  return gunzipSync(packed).toString("utf8").trimEnd().split("\r\n");
}
