/**
 * Reads private keys in the forms people have: OpenSSH, PEM (PKCS#1, SEC 1) and PKCS#8; RSA, ECDSA, Ed25519.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import type { ParsedKey } from "./ssh2_types.ts";
import { Failure } from "../../contracts/failure.ts";
import { openSshForm, paddedEcdsa } from "./key_form.ts";
import { isOpenSshKey, type PrivateKeyProblem, privateKeyProblem, unreadable } from "./key_problem.ts";
import { loadSsh2 } from "./ssh2.ts";

/**
 * Parses a private key. Throws a `Failure` of kind `auth` that says what is wrong with the key or its passphrase; no
 * message and no cause holds a part of either.
 */
export async function readPrivateKey(text: string, passphrase: string | undefined): Promise<ParsedKey> {
  const key = text.trim();
  const problem = privateKeyProblem(key, passphrase);
  if (problem !== undefined) throw failureOf(problem);
  const { utils } = await loadSsh2();
  try {
    const isOpenSsh = isOpenSshKey(key);
    // ssh2 knows neither PKCS#8 nor, on Deno, every PEM: those go through the platform's own parser first.
    const text = isOpenSsh ? key : openSshForm(createPrivateKey(passphrase ? { key, passphrase } : { key }));
    const parsed = utils.parseKey(text, isOpenSsh && passphrase ? passphrase : undefined);
    if (parsed instanceof Error) throw parsed;
    const usable = isOpenSsh && parsed.type.startsWith("ecdsa-") ? utils.parseKey(paddedEcdsa(parsed)) : parsed;
    if (usable instanceof Error) throw usable;
    if (usable.sign(Buffer.from("probe")) instanceof Error) throw new Error("The key cannot sign");
    return usable;
  } catch {
    // Not kept as a cause: a parser's message may quote what it parsed.
    throw failureOf(unreadable(key));
  }
}

function failureOf({ what, hint }: PrivateKeyProblem): Failure {
  return new Failure("auth", `The private key ${what}`, { hint });
}
