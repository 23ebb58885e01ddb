/**
 * Passwords of managed accounts, hashed: a copy of the database opens no account.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** scrypt (RFC 7914) with 16 MiB: 2^14 × 8 × 128 bytes. */
const COST = { N: 2 ** 14, r: 8, p: 1 } as const;
const BYTES = 32;

/** Hashes a password with a salt of its own: `scrypt:N:r:p:salt:hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("hex"), hash.toString("hex")].join(":");
}

/** Whether a password has this hash. Without one it takes as long, and is not. */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  const [kind, N, r, p, salt = "", expected = ""] = (hash ?? "").split(":");
  const known = kind === "scrypt";
  const cost = known ? { N: Number(N), r: Number(r), p: Number(p) } : COST;
  const derived = await derive(password, Buffer.from(known ? salt : "00".repeat(16), "hex"), cost);
  const wanted = Buffer.from(known ? expected : "00".repeat(BYTES), "hex");
  return wanted.length === derived.length && timingSafeEqual(wanted, derived) && known;
}

function derive(
  password: string,
  salt: Buffer,
  cost: { readonly N: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Unicode forms of one password are one (RFC 8265 asks for NFC).
    scrypt(password.normalize("NFC"), salt, BYTES, { ...cost, maxmem: 256 << 20 }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
