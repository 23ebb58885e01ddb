/**
 * Where bytes live: the drivers of the `FileStore` contract.
 *
 * @module
 */
export type {
  FileEntry,
  FilePage,
  FileStore,
  ListOptions,
  OpenOptions,
  WriteOptions,
} from "../contracts/file_store.ts";
export type { AddressPolicy } from "../contracts/auth.ts";
export {
  type AddressKind,
  classifyAddress,
  type DialledPort,
  refuseSpelledAddress,
  resolveAddresses,
} from "./address.ts";
export { type DatedName, type DatedNameOptions, parseDatedName, type UndatedName } from "./dated/name.ts";
export { compilePrefix, type Prefix } from "./dated/prefix.ts";
export { escapePrefix, suggestPrefix } from "./dated/suggest.ts";
export type { TimestampForm } from "./dated/forms.ts";
export { type LocalStore, localStore, type LocalStoreOptions } from "./local.ts";
export { type MemoryStore, memoryStore } from "./memory.ts";
export { openS3Store, type S3Store } from "./s3.ts";
export type { S3Options } from "./s3/options.ts";
export { openSftpStore, type SftpStore } from "./sftp.ts";
export { type PrivateKeyProblem, privateKeyProblem } from "./sftp/key_problem.ts";
export { publicKeyProblem } from "./sftp/public_key.ts";
export type { HostKeyVerifier, SftpOptions, SftpTimeouts } from "./sftp/options.ts";
