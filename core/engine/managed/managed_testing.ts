/**
 * A managed account over a fresh database, for the tests of its files.
 *
 * @module
 */
import type { ManagedLogin } from "../../contracts/managed.ts";
import type { Database } from "../../database/database.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { ManagedContents } from "./contents.ts";
import { commitFile } from "./file_commit.ts";
import { makeFolders, type Tree } from "./nodes.ts";
import { namesOf } from "./paths.ts";
import { SessionTree } from "./session_tree.ts";
import { type ManagedStore, managedStore } from "./store.ts";
import { Uploads } from "./uploads.ts";
import { hashedLogin, saveUser, treeOf } from "./users.ts";

/** An account. */
export interface ManagedPeer extends AsyncDisposable {
  readonly database: Database;
  readonly contents: ManagedContents;
  /** Where its contents lie. */
  readonly folder: string;
  readonly tree: Tree;
  /** Its files as jobs see them. */
  readonly store: ManagedStore;
  /** A new session of it, in this process unless `uploads` of another are given. */
  session(uploads?: Uploads): SessionTree;
  /** Puts files there in one transaction, without the care for their durability. */
  place(paths: readonly string[], bytes: Uint8Array): Promise<void>;
  /** Bytes that the account counts. */
  bytes(): Promise<number>;
  /** Ids of the contents, those on the disk and small ones. */
  stored(): Promise<string[]>;
}

/** What an auth would describe. */
export function loginOf(change: Partial<ManagedLogin> = {}): ManagedLogin {
  return { username: "partner", password: "Secret-1", publicKeys: [], requireBoth: false, quota: undefined, ...change };
}

/**
 * Tests the same where what a few bytes' file holds lies in the database, as it should, and where nothing may be held in
 * memory, so that it lies on the disk as what large files hold.
 */
export function onEachContents(
  sentence: string,
  body: (start: (change?: Partial<ManagedLogin>) => Promise<ManagedPeer>) => Promise<void>,
): void {
  onEachDatabase(sentence, (databases) => body((change) => startManaged(databases, change)));
  onEachDatabase(`${sentence} (on the disk)`, (databases) => body((change) => startManaged(databases, change, 0)));
}

/** Makes one, whose auth has the id `auth`. `held`: bytes of small uploads that may be in memory. */
export async function startManaged(
  databases: TestDatabases,
  change: Partial<ManagedLogin> = {},
  held?: number,
): Promise<ManagedPeer> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-managed-" });
  const database = await databases.open();
  const login = await hashedLogin(loginOf(change));
  const provider = { account: 1, auth: "auth" };
  await database.write((transaction) => saveUser(transaction, provider, login, Date.now()));
  const { tree, quota } = await treeOf(database.kysely, provider);
  const contents = new ManagedContents(`${folder}/managed`, { held });
  const shared = new Uploads();
  const session = { id: "session", username: "partner", address: "127.0.0.1" };
  return {
    database,
    contents,
    folder,
    tree,
    store: managedStore({ database, contents, tree: (executor) => treeOf(executor, provider) }),
    session: (uploads = shared) => new SessionTree({ database, contents, uploads, tree, quota, session }),
    place: async (paths, bytes) => {
      const now = Date.now();
      const gone = await database.write(async (transaction) => {
        const replaced: string[] = [];
        for (const path of paths) {
          const names = namesOf(path);
          await using content = await contents.create();
          await content.handle.write(bytes, 0, bytes.length, 0);
          const place = {
            parent: await makeFolders(transaction, tree, names.slice(0, -1), now),
            name: names.at(-1) ?? "",
          };
          const file = { place, names, content: content.id, size: bytes.length, quota, now };
          replaced.push(...(await commitFile(transaction, tree, file)).gone);
        }
        return replaced;
      });
      for (const id of gone) await contents.remove(id);
    },
    bytes: async () =>
      (await database.kysely.selectFrom("managed_trees").select("bytes").where("id", "=", tree.id)
        .executeTakeFirstOrThrow()).bytes,
    stored: async () => {
      const small = await database.kysely.selectFrom("managed_contents").select("id").execute();
      return [...await Array.fromAsync(contents.stored()), ...small].map(({ id }) => id).sort();
    },
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Uploads a whole file. */
export async function put(session: SessionTree, path: string, text: string): Promise<void> {
  const file = await session.open(path, { write: true, create: true, truncate: true });
  await file.write(0, new TextEncoder().encode(text));
  await file.close();
}

/** Reads a whole file. */
export async function get(session: SessionTree, path: string): Promise<string> {
  const file = await session.open(path, { read: true });
  const { size } = await file.stat();
  const bytes = await file.read(0, size + 10);
  await file.close();
  return new TextDecoder().decode(bytes);
}
