/**
 * Looks at a key before it is needed: whether it can be used, what it is called and when it ends.
 *
 * @module
 */
import type { AlgorithmInfo, Key, PrivateKey, Subkey } from "openpgp";
import { Failure } from "../../contracts/failure.ts";
import type { KeyHalf } from "./key_text.ts";
import type { PgpKeySummary } from "./keys.ts";

/** What a key is for. */
export type KeyUse = "encrypt" | "decrypt" | "sign" | "verify";

/** How a key is looked at. */
export interface Look {
  readonly half: KeyHalf;
  readonly use: KeyUse;
  /** Whether a key that has expired or was revoked passes: what was encrypted before can still be read. */
  readonly acceptOutdated: boolean;
}

/** What is said of a key that its owner has called back. */
const REVOKED = "was revoked";

/** Days before the end of a key from which on it is told. */
const SOON = 30;

/**
 * Describes a key that can be used.
 *
 * Throws a `Failure` of kind `auth` for a key that has expired, was revoked, or has no part for the use.
 */
export async function lintKey(key: Key, look: Look): Promise<PgpKeySummary> {
  const name = `"${key.getUserIDs()[0] || fingerprintOf(key)}"`;
  const outdated = await outdatedBecause(key, look);
  // Whoever has stolen a key may sign with a date before that.
  const isUntrusted = outdated === REVOKED && look.use === "verify";
  if (outdated !== undefined && (isUntrusted || !look.acceptOutdated)) {
    throw new Failure("auth", `The PGP ${look.half} key ${name} ${outdated}`, { hint: "Give a key that is in use" });
  }
  const parts = await usableParts(key, look, outdated !== undefined);
  const [first] = parts;
  if (first === undefined) throw await unusable(key, name, look);
  const expires = await endOf(key, first);
  return {
    fingerprint: fingerprintOf(key),
    userId: key.getUserIDs()[0] ?? "",
    algorithm: describe(first.getAlgorithmInfo()),
    created: instantOf(key.getCreationTime()),
    ...(expires === undefined ? {} : { expires }),
    keyIds: parts.map((part) => part.getKeyID().toHex().toUpperCase()),
    notes: [...outdated === undefined ? [] : [`The key ${outdated}`], ...soonNote(expires)],
  };
}

/** What is wrong with the key as a whole, as it is now. */
async function outdatedBecause(key: Key, { half }: Look): Promise<string | undefined> {
  if (await key.isRevoked()) return REVOKED;
  const end = await key.getExpirationTime();
  // The library gives null where no user id is signed by the key, or where the signature cannot be relied on.
  if (end === null) {
    throw new Failure("config", `The PGP ${half} key has no user id with a signature that can be relied on`, {
      hint: "Export the key again; if it is old, renew it with a signature by SHA-256 or better",
    });
  }
  if (end instanceof Date && end.getTime() <= Date.now()) return `expired on ${dayOf(end)}`;
  return undefined;
}

/** The parts of the key that can be used, the best first. */
async function usableParts(key: Key, { use, acceptOutdated }: Look, isOutdated: boolean): Promise<(Key | Subkey)[]> {
  const date = isOutdated ? null : undefined;
  try {
    if (use === "decrypt" && isPrivate(key)) {
      const able = await key.getDecryptionKeys(undefined, null);
      const parts = acceptOutdated ? able : await valid(able);
      return parts.toSorted((a, b) => b.getCreationTime().getTime() - a.getCreationTime().getTime());
    }
    if (use === "encrypt") return [await key.getEncryptionKey(undefined, date)];
    const signing = await key.getSigningKey(undefined, date);
    return use === "sign" && !hasSecret(signing) ? [] : [signing];
  } catch {
    return [];
  }
}

/** Whether the part is whole: exports may leave secrets out, or name the card that they are on. */
function hasSecret({ keyPacket }: Key | Subkey): boolean {
  return "isMissingSecretKeyMaterial" in keyPacket && !keyPacket.isMissingSecretKeyMaterial();
}

function isPrivate(key: Key): key is PrivateKey {
  return key.isPrivate();
}

/** Those that have not expired and were not revoked. */
async function valid(parts: readonly (Key | Subkey)[]): Promise<(Key | Subkey)[]> {
  const verdicts = await Promise.all(parts.map(async (part) => await subkeyFault(part) === undefined));
  return parts.filter((_, index) => verdicts[index]);
}

async function subkeyFault(part: Key | Subkey): Promise<string | undefined> {
  if (!("mainKey" in part)) return undefined;
  try {
    await part.verify();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/revoked/i.test(error.message)) return "was revoked";
    const end = await part.getExpirationTime().catch(() => null);
    return end instanceof Date && end.getTime() <= Date.now() ? `expired on ${dayOf(end)}` : "has no valid signature";
  }
}

/** Why no part of the key can be used. */
async function unusable(key: Key, name: string, { half, use }: Look): Promise<Failure> {
  const faults: string[] = [];
  for (const subkey of key.subkeys) {
    if (!isFor(subkey, use)) continue;
    const fault = await subkeyFault(subkey);
    const id = subkey.getKeyID().toHex().toUpperCase();
    if (fault !== undefined) faults.push(`its subkey ${id} ${fault}`);
    else if (subkey.keyPacket.algorithm === 16) faults.push(`its subkey ${id} is of ElGamal, which is not taken`);
    else if (isWeak(subkey)) faults.push(`its subkey ${id} is too weak (${describe(subkey.getAlgorithmInfo())})`);
  }
  if (isWeak(key)) faults.push(`it is too weak (${describe(key.getAlgorithmInfo())})`);
  const isCipher = use === "encrypt" || use === "decrypt";
  const lack = isCipher
    ? "it can only sign: it has no encryption subkey"
    : "it has no part that signs, or not the secret of it";
  return new Failure("auth", `The PGP ${half} key ${name} cannot ${use}: ${faults.join("; ") || lack}`, {
    hint: isCipher
      ? "Give a key with a valid encryption subkey, of RSA with 2048 bits or more, or Curve25519"
      : "Give a key that signs",
  });
}

function isFor({ keyPacket, bindingSignatures }: Subkey, use: KeyUse): boolean {
  const flags = bindingSignatures.at(-1)?.keyFlags?.[0];
  if (flags === undefined) return keyPacket.algorithm !== 17;
  // RFC 9580, section 5.2.3.29: 2 signs, 4 and 8 encrypt.
  return (flags & (use === "encrypt" || use === "decrypt" ? 0x0c : 0x02)) !== 0;
}

function isWeak(part: Key | Subkey): boolean {
  const { algorithm, bits = 2048 } = part.getAlgorithmInfo();
  return algorithm.startsWith("rsa") && bits < 2047;
}

async function endOf(key: Key, part: Key | Subkey): Promise<Temporal.Instant | undefined> {
  const ends = [await key.getExpirationTime(), "mainKey" in part ? await part.getExpirationTime() : Infinity];
  const times = ends.map((end) => end instanceof Date ? end.getTime() : Infinity);
  const first = Math.min(...times);
  return first === Infinity ? undefined : Temporal.Instant.fromEpochMilliseconds(first);
}

function soonNote(expires: Temporal.Instant | undefined): string[] {
  if (expires === undefined) return [];
  const days = Math.floor(Temporal.Now.instant().until(expires).total("days"));
  return days >= 0 && days <= SOON ? [`The key expires in ${days} ${days === 1 ? "day" : "days"}`] : [];
}

/** Names that users know, for those that the library has. */
const NAMES: Readonly<Record<string, string>> = {
  curve25519Legacy: "Curve25519",
  ed25519Legacy: "Ed25519",
  x25519: "X25519",
  x448: "X448",
  ed25519: "Ed25519",
  ed448: "Ed448",
  nistP256: "NIST P-256",
  nistP384: "NIST P-384",
  nistP521: "NIST P-521",
};

function describe({ algorithm, bits, curve }: AlgorithmInfo): string {
  if (curve !== undefined) return NAMES[curve] ?? curve;
  if (bits === undefined) return NAMES[algorithm] ?? algorithm;
  return `${algorithm.startsWith("rsa") ? "RSA" : algorithm.toUpperCase()} ${bits}`;
}

function fingerprintOf(key: Key): string {
  return key.getFingerprint().toUpperCase();
}

function instantOf(date: Date): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(date.getTime());
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
