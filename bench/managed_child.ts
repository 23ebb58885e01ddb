/**
 * A managed SFTP server in a process of its own: its database and contents lie in the folder that it is given, with one
 * account that a public key opens. Prints its port; ends when its input does.
 *
 * `deno run … managed_child.ts FOLDER PUBLIC_KEY_FILE HOST_KEY_FILE`
 *
 * @module
 */
import { ManagedContents } from "../core/engine/managed/contents.ts";
import { managedLogins } from "../core/engine/managed/managed_logins.ts";
import { SessionTree } from "../core/engine/managed/session_tree.ts";
import { Uploads } from "../core/engine/managed/uploads.ts";
import { hashedLogin, saveUser, treeOf } from "../core/engine/managed/users.ts";
import { migrate } from "../core/database/migrations.ts";
import { openDatabase } from "../core/database/open.ts";
import { startSftpServer } from "../server/sftp/server.ts";

const [folder = "", publicKey = "", hostKey = ""] = Deno.args;
const provider = { account: 1, auth: "0".repeat(32) };
const username = "partner";

await using database = await openDatabase({ path: `${folder}/waybill.db`, url: undefined });
await migrate(database);
const publicKeys = [(await Deno.readTextFile(publicKey)).trim()];
const login = await hashedLogin({ username, password: undefined, publicKeys, requireBoth: false, quota: undefined });
await database.write((transaction) => saveUser(transaction, provider, login, Date.now()));
const { tree, quota } = await treeOf(database.kysely, provider);
await using contents = new ManagedContents(`${folder}/managed`, { ahead: true });
const uploads = new Uploads();
const session = { id: "bench", username, address: "127.0.0.1" };
const nothing = () => {};

await using server = await startSftpServer({
  host: "127.0.0.1",
  port: 0,
  hostKeys: [await Deno.readTextFile(hostKey)],
  logins: managedLogins(database),
  filesOf: () => Promise.resolve(new SessionTree({ database, contents, uploads, tree, quota, session })),
  journal: { record: nothing },
  log: { debug: nothing, info: nothing, warn: console.error, error: console.error },
  limits: { sessionsOfUser: 1_000 },
});
console.log(server.address.port);
for await (const _ of Deno.stdin.readable) { /* Until the bench closes it. */ }
