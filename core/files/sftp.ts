/**
 * Files on an SFTP server.
 *
 * @module
 */
import type { Attributes } from "./sftp/ssh2_types.ts";
import type {
  FileEntry,
  FilePage,
  FileStore,
  ListOptions,
  OpenOptions,
  WriteOptions,
} from "../contracts/file_store.ts";
import { abortedOr, isFolder, notFound } from "./failures.ts";
import {
  baseName,
  formatPath,
  parentPath,
  type ParsedPath,
  parseFilePath,
  parsePath,
  temporaryName,
  type TemporaryUse,
} from "./paths.ts";
import { SftpConnection } from "./sftp/connection.ts";
import { RemoteLister } from "./sftp/list.ts";
import { settingsOf, type SftpOptions } from "./sftp/options.ts";
import { readRemote } from "./sftp/read.ts";
import { type SftpSession, SftpStatus, STATUS } from "./sftp/session.ts";
import { entryOf, kindOf, pathFailure } from "./sftp/status.ts";
import { makeFolders } from "./sftp/folders.ts";
import { replace } from "./sftp/replace.ts";
import { writeRemote } from "./sftp/write.ts";
import { tidyFolder } from "./tidy.ts";

/** A store over SFTP. Close it: it holds a connection. */
export interface SftpStore extends FileStore, AsyncDisposable {
  /** Removes a file. */
  remove(path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Moves a file, replacing what is at `to`; missing folders are made. */
  move(from: string, to: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Ends the connection; streams still open fail with kind `cancelled`. */
  close(): Promise<void>;
}

/**
 * Logs in to an SFTP server and gives its files as a store.
 *
 * A connection that drops is made again: `open`, `stat` and `list` go on by themselves (5 tries without progress),
 * `write`, `remove` and `move` fail with kind `transient`, and whatever comes next finds a new connection. The host key
 * is verified on each.
 *
 * Throws a `Failure`: `config` for an unknown host, a refused address, or what is no SFTP server; `auth` for user,
 * password, key, passphrase and host key; `transient` for a server that does not answer.
 */
export async function openSftpStore(options: SftpOptions): Promise<SftpStore> {
  const connection = new SftpConnection(settingsOf(options));
  try {
    const folder = parsePath(options.folder ?? "");
    const login = await connection.once(
      options.signal,
      (session) => session.request<string>((sftp, done) => sftp.realpath(".", done)),
    );
    return new RemoteStore(connection, join(login, folder));
  } catch (error) {
    await connection.close();
    throw abortedOr(options.signal, pathFailure(error, "."));
  }
}

class RemoteStore implements SftpStore {
  readonly #connection: SftpConnection;
  readonly #lister: RemoteLister;
  readonly #root: string;

  constructor(connection: SftpConnection, root: string) {
    this.#connection = connection;
    this.#lister = new RemoteLister(connection);
    this.#root = root;
  }

  async list(folder: string, options: ListOptions = {}): Promise<FilePage> {
    const parsed = parsePath(folder);
    return await this.#lister.page(join(this.#root, parsed), parsed, options);
  }

  async stat(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<FileEntry> {
    const parsed = parsePath(path);
    const remote = join(this.#root, parsed);
    try {
      const attributes = await this.#connection.retrying(signal, (session) => statOf(session, remote));
      return entryOf(formatPath(parsed), baseName(parsed), attributes);
    } catch (error) {
      // Some servers have no better answer for a path that goes on below a file, or for a circle of links.
      if (error instanceof SftpStatus && error.code === STATUS.failure) throw notFound(path, error);
      throw pathFailure(error, path);
    }
  }

  async open(path: string, options: OpenOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const parsed = parsePath(path);
    return await readRemote(this.#connection, { path, remote: join(this.#root, parsed) }, options);
  }

  async write(
    path: string,
    content: ReadableStream<Uint8Array>,
    { signal, owner, makeFolders = true }: WriteOptions = {},
  ): Promise<FileEntry> {
    const parsed = parseFilePath(path);
    const parent = parentPath(parsed);
    const folder = join(this.#root, parent);
    this.#lister.forget();
    const beside = (use: TemporaryUse) => `${folder}/${temporaryName(baseName(parsed), owner, use)}`;
    await writeRemote(
      this.#connection,
      {
        path,
        remote: join(this.#root, parsed),
        folder,
        folderPath: formatPath(parent),
        makeFolders,
        temporary: beside("part"),
        aside: beside("old"),
      },
      content,
      signal,
    );
    return await this.stat(path, signal === undefined ? {} : { signal });
  }

  async tidy(folder: string, owner: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#lister.forget();
    await tidyFolder(this, folder, owner, signal);
  }

  async remove(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const remote = join(this.#root, parseFilePath(path));
    this.#lister.forget();
    try {
      await this.#connection.once(signal, async (session) => {
        if (kindOf(await statOf(session, remote, "lstat")) === "folder") throw isFolder(path);
        await session.request<void>((sftp, done) => sftp.unlink(remote, (error) => done(error)));
      });
    } catch (error) {
      throw pathFailure(error, path);
    }
  }

  async move(from: string, to: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const source = join(this.#root, parseFilePath(from));
    const parsed = parseFilePath(to);
    const target = join(this.#root, parsed);
    this.#lister.forget();
    let path = from;
    try {
      await this.#connection.once(signal, async (session) => {
        if (kindOf(await statOf(session, source)) === "folder") throw isFolder(from);
        path = to;
        const folder = join(this.#root, parentPath(parsed));
        await makeFolders(session, folder);
        await replace(session, source, target, `${folder}/${temporaryName(baseName(parsed), undefined, "old")}`);
      });
    } catch (error) {
      throw pathFailure(error, path);
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The path on the server of what a path in the store means. */
function join(root: string, path: ParsedPath): string {
  if (path.absolute) return formatPath(path);
  return path.parts.length === 0 ? root : `${root.replace(/\/+$/, "")}/${path.parts.join("/")}`;
}

function statOf(session: SftpSession, remote: string, how: "stat" | "lstat" = "stat"): Promise<Attributes> {
  return session.request<Attributes>((sftp, done) => sftp[how](remote, done));
}
