/**
 * Checks the keys that clients log in with against those of the account.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { PublicKey, PublicKeyAttempt, Ssh2ServerModule } from "./ssh2_types.ts";

/** Key types that are taken; what is missing (DSA, security keys, certificates) ssh2 cannot check, or nobody should. */
const TYPES: ReadonlySet<string> = new Set([
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-ed25519",
]);

/** Hashes that RSA signs with; `ssh-rsa` itself means SHA-1 and is refused. */
const RSA_HASHES: ReadonlySet<string> = new Set(["sha256", "sha512"]);

/** What a try with a key comes to. */
export type KeyVerdict = "unknown" | "known" | "signed" | "forged";

/** Looks at a try with a key: a key that is not the account's, one that is, one that signed, one that did not. */
export function judgeKey(
  attempt: PublicKeyAttempt,
  publicKeys: readonly string[],
  parseKey: Ssh2ServerModule["utils"]["parseKey"],
): KeyVerdict {
  const { key, hashAlgo, signature, blob } = attempt;
  const own = authorized(key.data, publicKeys, parseKey);
  if (own === undefined || own.type !== key.algo) return "unknown";
  if (key.algo === "ssh-rsa" && (hashAlgo === undefined || !RSA_HASHES.has(hashAlgo))) return "unknown";
  if (signature === undefined || blob === undefined) return "known";
  return own.verify(blob, signature, key.algo === "ssh-rsa" ? hashAlgo : undefined) === true ? "signed" : "forged";
}

/** The account's key that is the one offered; every one is compared, so that time tells nothing. */
function authorized(
  offered: Uint8Array,
  publicKeys: readonly string[],
  parseKey: Ssh2ServerModule["utils"]["parseKey"],
): PublicKey | undefined {
  let found: PublicKey | undefined;
  for (const line of publicKeys) {
    const parsed = parseKey(line);
    if (parsed instanceof Error || !TYPES.has(parsed.type)) continue;
    const bytes = parsed.getPublicSSH();
    if (bytes.length === offered.length && timingSafeEqual(bytes, offered)) found = parsed;
  }
  return found;
}
