/**
 * The demo's partner: an account on Waybill's own SFTP server, and the key that their files are encrypted to.
 *
 * @module
 */
import { Failure } from "../../core/contracts/failure.ts";
import { openSftpStore } from "../../core/files/mod.ts";
import type { Auths } from "../../core/engine/runtime.ts";
import type { SftpThread } from "../../server/sftp/thread.ts";
import type { DayFile } from "./days.ts";

/** Labels of the auths: the account itself, and those that reach it over SFTP, with the key of what comes and what leaves. */
export const ACCOUNT = "demo-partner", ENCRYPTED = "demo-encrypted", OUTBOUND = "demo-outbound";

/** How the partner logs in, and what they encrypt to. */
export interface Partner {
  readonly username: string;
  readonly password: string;
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Makes the account and the key, or gives the account that is there a new password and key: neither can be read again. */
export async function invitePartner(auths: Auths, { address }: SftpThread): Promise<Partner> {
  const openpgp = await import("openpgp");
  const { privateKey, publicKey } = await openpgp.generateKey({
    type: "curve25519",
    userIDs: { name: "Waybill demo", email: "demo@example.org" },
  });
  const password = `Demo-${crypto.randomUUID().slice(0, 8)}`;
  const login = { username: ACCOUNT, password };
  await save(auths, "managed-sftp", ACCOUNT, login);
  const { host, port } = address;
  await save(auths, "sftp-pgp-private", ENCRYPTED, { host, port, ...login, pgp_private_key: privateKey });
  await save(auths, "sftp-pgp-public", OUTBOUND, { host, port, ...login, pgp_public_key: publicKey });
  return { ...login, publicKey, privateKey };
}

/** Uploads files as the partner would. */
export async function upload(server: SftpThread, partner: Partner, files: readonly DayFile[]): Promise<void> {
  await using store = await openStore(server, partner);
  for (const { name, content } of files) {
    await store.write(`in/${name}`, new Blob([content.slice()]).stream());
  }
}

/** The partner's files, as they reach them. */
export async function openStore(
  { address: { host, port }, fingerprints }: SftpThread,
  { username, password }: Partner,
): ReturnType<typeof openSftpStore> {
  return await openSftpStore({
    ...{ host, port, username, password },
    verifyHostKey: (fingerprint) => fingerprints.includes(fingerprint),
  });
}

async function save(auths: Auths, method: string, label: string, config: Parameters<Auths["create"]>[0]["config"]) {
  try {
    const saved = await auths.get(label);
    await auths.update(saved.id, { config });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found") throw error;
    await auths.create({ method, label, config });
  }
}
