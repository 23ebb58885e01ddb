/**
 * The auth method `sftp`: an SFTP server of the user's own.
 *
 * @module
 */
import { type AuthDefinition, defineAuth } from "@waybill/waybill";
import { z } from "zod";
import { checkSftp, connectSftp, type SftpFileConnection } from "./sftp_connection.ts";
import { checkHost, checkLogin, type SftpFields, sftpFields } from "./sftp_fields.ts";

export type { SftpFileConnection } from "./sftp_connection.ts";
export type { SftpFields } from "./sftp_fields.ts";

/** What an SFTP auth is configured with. */
export type SftpConfig = z.ZodObject<Pick<SftpFields, keyof SftpFields>>;

const config: SftpConfig = z.object({ ...sftpFields }).superRefine(checkLogin);

/** An SFTP server. */
export const sftp: AuthDefinition<SftpConfig, SftpFileConnection> = defineAuth({
  id: "sftp",
  title: "SFTP server",
  summary: "Logs in to an SFTP server with a private key, a password, or both.",
  config,
  checkConfig: async (config, addresses) => checkHost(config, addresses),
  connect: connectSftp,
  check: checkSftp,
});
