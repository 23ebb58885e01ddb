/**
 * The auth method `sftp-pgp-public`: an SFTP server that gets files encrypted to the PGP key of whoever reads them.
 *
 * @module
 */
import { type AuthDefinition, defineAuth } from "@waybill/waybill";
import { loadEncryption } from "@waybill/waybill/codecs";
import { z } from "zod";
import { type PgpPublicFields, pgpPublicFields } from "./pgp_fields.ts";
import { checkKeys, describeKeys, type Encrypt, encryption } from "./pgp_keys.ts";
import { checkSftp, connectSftp, type SftpFileConnection } from "./sftp_connection.ts";
import { checkHost, checkLogin, type SftpFields, sftpFields } from "./sftp_fields.ts";

/** What an SFTP auth with a PGP public key is configured with. */
export type SftpPgpPublicConfig = z.ZodObject<
  Pick<SftpFields, keyof SftpFields> & Pick<PgpPublicFields, keyof PgpPublicFields>
>;

/** An open SFTP connection, and the way to encrypt what is written over it. */
export interface EncryptingSftpConnection extends SftpFileConnection {
  /** Encrypts by PGP. */
  readonly encrypt: Encrypt;
}

const config: SftpPgpPublicConfig = z.object({ ...sftpFields, ...pgpPublicFields }).superRefine(checkLogin);

/** An SFTP server with PGP files that are exported. */
export const sftpPgpPublic: AuthDefinition<SftpPgpPublicConfig, EncryptingSftpConnection> = defineAuth({
  id: "sftp-pgp-public",
  title: "SFTP server with PGP public key",
  summary: "Logs in to an SFTP server, and encrypts the files that are exported to it with a PGP public key.",
  config,
  checkConfig: async (config, addresses) => {
    checkHost(config, addresses);
    await checkKeys(config);
  },
  connect: async (context) => {
    // Beside the login. What cannot be loaded is told when it is needed.
    loadEncryption().catch(() => {});
    return { ...await connectSftp(context), encrypt: encryption(context.config) };
  },
  check: async function* (connection, context) {
    yield* checkSftp(connection, context);
    yield* describeKeys(context.config);
  },
});
