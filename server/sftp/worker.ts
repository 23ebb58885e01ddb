/**
 * The Worker that the SFTP server runs in, with a database connection of its own.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";
import { openDatabase } from "../../core/database/open.ts";
import { describeError } from "../../core/engine/describe_error.ts";
import { openHome } from "../../core/engine/home.ts";
import { ManagedContents } from "../../core/engine/managed/contents.ts";
import { hostKeys } from "../../core/engine/managed/host_keys.ts";
import { managedLogins } from "../../core/engine/managed/managed_logins.ts";
import { SessionTree } from "../../core/engine/managed/session_tree.ts";
import { Uploads } from "../../core/engine/managed/uploads.ts";
import { openVault } from "../../core/engine/vault.ts";
import { DatabaseJournal } from "./database_journal.ts";
import { SessionKeeper } from "./session_keeper.ts";
import { startSftpServer } from "./server.ts";
import type { FromThread, LogFields, ThreadStart, ToThread } from "./thread_protocol.ts";

const scope = self as unknown as {
  postMessage(message: FromThread): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToThread>) => void): void;
};

const stop = Promise.withResolvers<void>();

scope.addEventListener("message", ({ data }) => {
  if (data.type === "stop") return stop.resolve();
  serve(data).then(
    () => scope.postMessage({ type: "stopped" }),
    (error) => scope.postMessage({ type: "failed", failure: describeError(error) }),
  );
});

async function serve({ home: dir, host, port, process }: ThreadStart): Promise<void> {
  const log = threadLog();
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
  scope.postMessage({
    type: "listening",
    address: server.address,
    fingerprints: keys.map(({ fingerprint }) => fingerprint),
  });
  await stop.promise;
}

function threadLog(): Log {
  const write = (level: keyof Log) => (message: string, fields?: LogFields) =>
    scope.postMessage({ type: "log", level, message, ...(fields === undefined ? {} : { fields }) });
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
