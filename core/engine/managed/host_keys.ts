/**
 * The host keys of the managed server: made when they are first asked for, sealed, and the same in every process.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, generateKeyPair, type KeyObject } from "node:crypto";
import { openSshForm } from "../../files/sftp/key_form.ts";
import type { Vault } from "../vault.ts";

/** A host key. */
export interface HostKey {
  /** The algorithm: `ssh-ed25519`, `ssh-rsa`. */
  readonly type: string;
  /** As `ssh-keygen -l` shows it: `SHA256:` and 43 characters. */
  readonly fingerprint: string;
  /** As `known_hosts` has it: algorithm and key. */
  readonly publicKey: string;
  /** In a form that the SSH library reads. */
  readonly privateKey: string;
}

/** The host keys, the preferred one first. Old clients know RSA alone. */
export async function hostKeys(vault: Vault): Promise<readonly HostKey[]> {
  const kept = await vault.kept("sftp_host_keys", async () => await Promise.all([ed25519(), rsa()]).then(asJson));
  return kept as unknown as readonly HostKey[];
}

function asJson(keys: readonly HostKey[]) {
  return keys.map((key) => ({ ...key }));
}

async function ed25519(): Promise<HostKey> {
  const key = await new Promise<KeyObject>((resolve, reject) => {
    generateKeyPair("ed25519", {}, (error, _, privateKey) => error === null ? resolve(privateKey) : reject(error));
  });
  const { x = "" } = key.export({ format: "jwk" });
  return hostKey("ssh-ed25519", key, [Buffer.from(x, "base64url")]);
}

async function rsa(): Promise<HostKey> {
  const key = await new Promise<KeyObject>((resolve, reject) => {
    generateKeyPair(
      "rsa",
      { modulusLength: 3_072 },
      (error, _, privateKey) => error === null ? resolve(privateKey) : reject(error),
    );
  });
  const { n = "", e = "" } = key.export({ format: "jwk" });
  return hostKey("ssh-rsa", key, [e, n].map((number) => positive(Buffer.from(number, "base64url"))));
}

function hostKey(type: string, key: KeyObject, parts: readonly Buffer[]): HostKey {
  const blob = Buffer.concat([Buffer.from(type), ...parts].map(sshString));
  return {
    type,
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
    publicKey: `${type} ${blob.toString("base64")}`,
    privateKey: openSshForm(key),
  };
}

/** A number of SSH's is negative where its first bit is set (RFC 4251, section 5). */
function positive(number: Buffer): Buffer {
  return (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;
}

function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
