/**
 * The Worker that the SFTP server runs in, with a database connection of its own.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";
import { openDatabase } from "../../core/database/open.ts";
import { openHome } from "../../core/engine/home.ts";
import { ManagedContents } from "../../core/engine/managed/contents.ts";
import { hostKeys } from "../../core/engine/managed/host_keys.ts";
import { managedLogins } from "../../core/engine/managed/managed_logins.ts";
import { SessionTree } from "../../core/engine/managed/session_tree.ts";
import { Uploads } from "../../core/engine/managed/uploads.ts";
import { openVault } from "../../core/engine/vault.ts";
import { aborted } from "../stop_signal.ts";
import { serveThread, type ThreadService } from "../thread_service.ts";
import { DatabaseJournal } from "./database_journal.ts";
import { SessionKeeper } from "./session_keeper.ts";
import { startSftpServer } from "./server.ts";
import type { LogFields, SftpReady, SftpSaid, SftpStart } from "./thread_protocol.ts";

serveThread(serve);

async function serve(
  { home: dir, host, port, process }: SftpStart,
  { ready, say, signal }: ThreadService<SftpReady, SftpSaid>,
): Promise<void> {
  const log = threadLog(say);
  const home = await openHome(dir);
  await using database = await openDatabase(home.database);
  const vault = await openVault({
    database,
    masterKeyPath: home.masterKeyPath,
    masterKey: Deno.env.get("WAYBILL_MASTER_KEY"),
  });
  const keys = await hostKeys(vault);
  await using contents = new ManagedContents(home.managedDir, { ahead: true });
  const uploads = new Uploads();
  await using journal = new DatabaseJournal(database, log);
  await using server = await startSftpServer({
    host,
    port,
    hostKeys: keys.map(({ privateKey }) => privateKey),
    logins: managedLogins(database),
    filesOf: ({ account, tree, quota, username }, { id, address }) =>
      Promise.resolve(
        new SessionTree({
          database,
          contents,
          uploads,
          tree: { account, id: tree },
          quota,
          session: { id, username, address },
        }),
      ),
    journal,
    log,
  });
  await using _keeper = new SessionKeeper({ database, process, sessions: server.sessions, log });
  ready({ address: server.address, fingerprints: keys.map(({ fingerprint }) => fingerprint) });
  await aborted(signal);
}

function threadLog(say: (said: SftpSaid) => void): Log {
  const write = (level: keyof Log) => (message: string, fields?: LogFields) =>
    say({ level, message, ...(fields === undefined ? {} : { fields }) });
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
