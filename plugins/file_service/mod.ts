/**
 * The provider `file-service`: files on servers and in folders, and the ways to reach them.
 *
 * @module
 */
import { definePlugin, defineProvider, type PluginDefinition, type ProviderDefinition } from "@waybill/waybill";
import { email } from "./email.ts";
import { localFolder } from "./local_folder.ts";
import { managedSftp } from "./managed_sftp.ts";
import { s3 } from "./s3.ts";
import { sftp } from "./sftp.ts";
import { sftpPgpPrivate } from "./sftp_pgp_private.ts";
import { sftpPgpPublic } from "./sftp_pgp_public.ts";

export { email, type EmailConfig, type MailConnection } from "./email.ts";
export { localFolder, type LocalFolderConfig } from "./local_folder.ts";
export { managedSftp, type ManagedSftpConfig } from "./managed_sftp.ts";
export type { Encrypt, MaybePgpConnection } from "./pgp_keys.ts";
export type { PgpOptionalFields, PgpPrivateFields, PgpPublicFields } from "./pgp_fields.ts";
export { s3, type S3Config } from "./s3.ts";
export { sftp, type SftpConfig, type SftpFields, type SftpFileConnection } from "./sftp.ts";
export { type DecryptingSftpConnection, sftpPgpPrivate, type SftpPgpPrivateConfig } from "./sftp_pgp_private.ts";
export { type EncryptingSftpConnection, sftpPgpPublic, type SftpPgpPublicConfig } from "./sftp_pgp_public.ts";

/** Files on servers and in folders. Jobs that read or write files name it as their provider. */
export const fileService: ProviderDefinition = defineProvider({
  id: "file-service",
  title: "File service",
  summary: "Files on an SFTP server, Waybill's own among them, in a bucket of S3, or in a folder of this machine.",
  auths: [sftp, sftpPgpPrivate, sftpPgpPublic, managedSftp, localFolder, s3, email],
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "file-service",
  version: "0.1.0",
  api: 1,
  providers: [fileService],
});
