/**
 * The managed SFTP server as people use it: over the database and contents on the disk, with one account.
 *
 * @module
 */
import { managedLogins } from "../../core/engine/managed/managed_logins.ts";
import { loginOf, type ManagedPeer, startManaged } from "../../core/engine/managed/managed_testing.ts";
import { addBytes, makeFolders } from "../../core/engine/managed/nodes.ts";
import { newId } from "../../core/engine/ids.ts";
import { Uploads } from "../../core/engine/managed/uploads.ts";
import { collectLog, type LogLine } from "../../core/testing/collect_log.ts";
import type { TestDatabases } from "../../core/testing/each_database_testing.ts";
import type { Target } from "../../server/sftp/interop_testing.ts";
import { OpenSshClient } from "../../server/sftp/programs_testing.ts";
import { type SftpServer, startSftpServer } from "../../server/sftp/server.ts";
import { hostKeyFingerprint, testHostKey } from "../../server/sftp/server_testing.ts";

/** Rows of one statement. */
const ROWS = 500;

/** Puts many files of 3 bytes into a folder at once; they share what they hold. */
export async function placeMany(
  { database, contents, tree }: ManagedPeer,
  folder: string,
  names: readonly string[],
): Promise<void> {
  await using content = await contents.create();
  await content.handle.write(new TextEncoder().encode("abc"), 0, 3, 0);
  const modified = Date.now();
  await database.write(async (transaction) => {
    const parent = await makeFolders(transaction, tree, [folder], modified);
    for (let first = 0; first < names.length; first += ROWS) {
      const rows = names.slice(first, first + ROWS).map((name) => ({
        ...{ account_id: tree.account, tree_id: tree.id, parent_id: parent, name, id: newId(), kind: "file" as const },
        ...{ content: content.id, size: 3, modified, partial: null, partial_size: 0, partial_modified: 0 },
      }));
      await transaction.insertInto("managed_nodes").values(rows).execute();
    }
    await addBytes(transaction, tree, names.length * 3);
  });
}

/** The account's name and password. */
export const USER = { username: "partner", password: "Secret-1" };

/** A running server. */
export interface ManagedServer extends AsyncDisposable {
  readonly peer: ManagedPeer;
  readonly server: SftpServer;
  readonly port: number;
  /** OpenSSH's programs, and a folder to work in; its key logs in. */
  readonly client: OpenSshClient;
  readonly target: Target;
  readonly lines: readonly LogLine[];
  /** Sessions that have ended, with all they had begun. */
  logouts(): number;
}

/** Starts one. */
export async function startManagedServer(
  databases: TestDatabases,
  options: { readonly quota?: number } = {},
): Promise<ManagedServer> {
  const keys = await OpenSshClient.make(0);
  const login = { ...loginOf(USER), publicKeys: [await keys.publicKey()], quota: options.quota };
  const peer = await startManaged(databases, login);
  const uploads = new Uploads();
  const { log, lines } = collectLog();
  let logouts = 0;
  const server = await startSftpServer({
    host: "127.0.0.1",
    port: 0,
    hostKeys: [testHostKey()],
    logins: managedLogins(peer.database),
    filesOf: () => Promise.resolve(peer.session(uploads)),
    journal: { record: ({ kind }) => void (kind === "logout" && logouts++) },
    log,
  });
  const { port } = server.address;
  const client = keys.to(port);
  return {
    peer,
    server,
    port,
    client,
    target: { port, ...USER, keyPath: `${client.folder}/key`, fingerprint: await hostKeyFingerprint() },
    lines,
    logouts: () => logouts,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    },
  };
}
