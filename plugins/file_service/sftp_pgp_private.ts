/**
 * The auth method `sftp-pgp-private`: an SFTP server whose files are encrypted to a PGP key of the user's own.
 *
 * @module
 */
import { type AuthDefinition, defineAuth } from "@waybill/waybill";
import type { Decrypt } from "@waybill/waybill/codecs";
import { z } from "zod";
import { type PgpPrivateFields, pgpPrivateFields } from "./pgp_fields.ts";
import { checkKeys, decryption, describeKeys } from "./pgp_keys.ts";
import { checkSftp, connectSftp, type SftpFileConnection } from "./sftp_connection.ts";
import { checkHost, checkLogin, type SftpFields, sftpFields } from "./sftp_fields.ts";

/** What an SFTP auth with a PGP private key is configured with. */
export type SftpPgpPrivateConfig = z.ZodObject<
  Pick<SftpFields, keyof SftpFields> & Pick<PgpPrivateFields, keyof PgpPrivateFields>
>;

/** An open SFTP connection, and the way to decrypt its files. */
export interface DecryptingSftpConnection extends SftpFileConnection {
  /** Decrypts PGP messages. */
  readonly decrypt: Decrypt;
}

const config: SftpPgpPrivateConfig = z.object({ ...sftpFields, ...pgpPrivateFields }).superRefine(checkLogin);

/** An SFTP server with PGP files that are imported. */
export const sftpPgpPrivate: AuthDefinition<SftpPgpPrivateConfig, DecryptingSftpConnection> = defineAuth({
  id: "sftp-pgp-private",
  title: "SFTP server with PGP private key",
  summary: "Logs in to an SFTP server, and decrypts the files that are imported from it with a PGP private key.",
  config,
  checkConfig: async (config, addresses) => {
    checkHost(config, addresses);
    await checkKeys(config);
  },
  connect: async (context) => ({ ...await connectSftp(context), decrypt: decryption(context.config) }),
  check: async function* (connection, context) {
    yield* checkSftp(connection, context);
    yield* describeKeys(context.config);
  },
});
