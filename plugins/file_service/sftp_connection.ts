/**
 * Connects to an SFTP server and tells whether that works, for every auth method over SFTP.
 *
 * @module
 */
import type { AuthContext, CheckResult, FileConnection } from "@waybill/waybill";
import { openSftpStore, type SftpOptions } from "@waybill/waybill/files";
import { checkFolder } from "./check_folder.ts";
import { confinedStore } from "./confined_store.ts";
import { type AcceptedHostKey, hostKeyGuard } from "./host_key.ts";
import type { SftpLogin } from "./sftp_fields.ts";

/** An open SFTP connection: its files, and the host key that was accepted. */
export interface SftpFileConnection extends FileConnection, AsyncDisposable {
  /** What the server proved to be, and why it was trusted. */
  readonly hostKey: AcceptedHostKey | undefined;
}

/** Logs in; the host key is pinned once that has worked. */
export async function connectSftp(context: AuthContext<SftpLogin>): Promise<SftpFileConnection> {
  const guard = hostKeyGuard(context);
  const store = await openSftpStore({
    ...options(context),
    verifyHostKey: guard.verify,
    signal: context.signal,
    log: (message) => context.log.warn(message),
  });
  try {
    await guard.pin();
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    files: confinedStore(store, context.config.folder),
    hostKey: guard.accepted,
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** Tells of address, host key, login and folder. */
export async function* checkSftp(
  { files, hostKey }: SftpFileConnection,
  { config, signal }: AuthContext<SftpLogin>,
): AsyncGenerator<CheckResult, void, undefined> {
  yield { name: "address", ok: true, detail: `${config.host} answers on port ${config.port}` };
  if (hostKey !== undefined) {
    yield { name: "host key", ok: true, detail: `${hostKey.fingerprint} (${hostKey.keyType}), ${hostKey.why}` };
  }
  yield { name: "login", ok: true, detail: `"${config.username}" is logged in` };
  yield* checkFolder(files, config.folder === "" ? "The login directory" : `Folder "${config.folder}"`, signal);
}

/** Only the keys that are set: an optional property that is present and undefined is another thing. */
function options({ config, addresses }: AuthContext<SftpLogin>): Omit<SftpOptions, "verifyHostKey"> {
  const { host, port, username, password, private_key: privateKey, passphrase, folder } = config;
  return {
    host,
    port,
    username,
    folder,
    addresses,
    ...(password === undefined ? {} : { password }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}
