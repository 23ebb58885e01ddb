/**
 * The key that this Waybill signs its exports with: made when it is first asked for, sealed, the same in every process.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import type { Signature } from "../../contracts/export_job.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Vault } from "../vault.ts";

/** Where the key is. */
type SigningKeys = Pick<Vault, "kept">;

/** An Ed25519 key (RFC 8037, section 2), in base64url. */
interface SigningKey {
  /** Private. */
  readonly d: string;
  /** Public. */
  readonly x: string;
}

/** Signs bytes. */
export async function signExport(vault: SigningKeys, bytes: Uint8Array): Promise<Signature> {
  const { d, x } = await signingKey(vault);
  const key = createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", d, x }, format: "jwk" });
  return { signature: sign(null, bytes, key).toString("base64"), publicKey: base64(x) };
}

/** The public key, in base64. */
export async function exportPublicKey(vault: SigningKeys): Promise<string> {
  return base64((await signingKey(vault)).x);
}

async function signingKey(vault: SigningKeys): Promise<SigningKey> {
  return await vault.kept("export_signing_key", newKey) as unknown as SigningKey;
}

function newKey(): Promise<JsonValue> {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return Promise.resolve({ d, x });
}

function base64(text: string): string {
  return Buffer.from(text, "base64url").toString("base64");
}
