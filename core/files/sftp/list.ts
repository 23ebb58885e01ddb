/**
 * Lists folders of any size, a page at a time.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Attributes, FileEntryWithStats } from "./ssh2_types.ts";
import { throwIfAborted } from "../../contracts/failure.ts";
import type { FileEntry, FilePage, ListOptions } from "../../contracts/file_store.ts";
import { notFolder } from "../failures.ts";
import { ListingBound } from "../listing_bound.ts";
import { filePage, pageOf } from "../paging.ts";
import { childPath, compareNames, formatPath, type ParsedPath } from "../paths.ts";
import type { SftpConnection } from "./connection.ts";
import { type SftpSession, SftpStatus, STATUS } from "./session.ts";
import { entryOf, kindOf, pathFailure } from "./status.ts";

/** How long a listing serves its further pages, in milliseconds: SFTP can only list a whole folder again. */
const KEEP = 10_000;
/** Requests in flight while names are read or links followed. */
const CONCURRENCY = 16;

interface Listing {
  readonly remote: string;
  readonly taken: number;
  readonly names: readonly Named[];
}

interface Named {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Lists folders, and remembers the last one for a short while. */
export class RemoteLister {
  readonly #connection: SftpConnection;
  #last: Listing | undefined;

  /** Lists over `connection`. */
  constructor(connection: SftpConnection) {
    this.#connection = connection;
  }

  /** Forgets what was listed: something was changed through the store itself. */
  forget(): void {
    this.#last = undefined;
  }

  /** One page of the folder that is `remote` on the server and `folder` in the store. */
  async page(remote: string, folder: ParsedPath, options: ListOptions): Promise<FilePage> {
    throwIfAborted(options.signal);
    const path = formatPath(folder);
    try {
      const names = this.#kept(remote, options) ?? await this.#readAll(remote, path, options.signal);
      const { items, next } = pageOf(names, options);
      const entries = await this.#entries(items, remote, folder, options.signal);
      return filePage(entries, next);
    } catch (error) {
      // What a server answers when a file is opened as a folder differs: OpenSSH says "no such file".
      if (error instanceof SftpStatus && await this.#isNoFolder(remote, options.signal)) throw notFolder(path, error);
      throw pathFailure(error, path);
    }
  }

  /** The last listing, where a further page of it is wanted and it is still fresh; a first page always lists anew. */
  #kept(remote: string, { cursor }: ListOptions): readonly Named[] | undefined {
    const last = this.#last;
    const usable = cursor !== undefined && last?.remote === remote && performance.now() - last.taken < KEEP;
    return usable ? last.names : undefined;
  }

  async #readAll(remote: string, path: string, signal: AbortSignal | undefined): Promise<readonly Named[]> {
    const { names, none } = await this.#connection.retrying(
      signal,
      (session) => readNames(session, remote, path, signal),
    );
    if (none !== undefined) {
      const name = JSON.stringify(none.slice(0, 100));
      this.#connection.settings.log?.(`The server lists in "${path}" what can be no name, such as ${name}: left out`);
    }
    this.#last = { remote, taken: performance.now(), names };
    return names;
  }

  /** Describes the names of a page; links are followed, so many at a time. */
  async #entries(
    items: readonly Named[],
    remote: string,
    folder: ParsedPath,
    signal: AbortSignal | undefined,
  ): Promise<FileEntry[]> {
    const entries = new Array<FileEntry>(items.length);
    let next = 0;
    const describe = async () => {
      for (let index = next++; index < items.length; index = next++) {
        const item = items[index];
        if (item === undefined) return;
        const path = childPath(folder, item.name);
        const attributes = kindOf(item.attributes) === "link"
          ? await this.#follow(`${remote}/${item.name}`, signal) ?? item.attributes
          : item.attributes;
        entries[index] = entryOf(path, item.name, attributes);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, describe));
    return entries;
  }

  async #isNoFolder(remote: string, signal: AbortSignal | undefined): Promise<boolean> {
    const found = await this.#follow(remote, signal);
    return found !== undefined && kindOf(found) !== "folder";
  }

  /** What a link leads to; `undefined` where it leads nowhere. */
  async #follow(remote: string, signal: AbortSignal | undefined): Promise<Attributes | undefined> {
    try {
      return await this.#connection.retrying(
        signal,
        (session) => session.request<Attributes>((sftp, done) => sftp.stat(remote, done)),
      );
    } catch (error) {
      if (error instanceof SftpStatus) return undefined;
      throw error;
    }
  }
}

/** All names of a folder, sorted; `none` is one of what the server lists as such and is none. */
async function readNames(
  session: SftpSession,
  remote: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly names: Named[]; readonly none: string | undefined }> {
  const handle = await session.request<Buffer>((sftp, done) => sftp.opendir(remote, done));
  const bound = new ListingBound(path);
  let over: unknown;
  try {
    const names: Named[] = [];
    let none: string | undefined;
    const readOn = async () => {
      for (;;) {
        throwIfAborted(signal);
        if (over !== undefined) throw over;
        const batch = await session.request<FileEntryWithStats[]>((sftp, done) => sftp.readdir(handle, done));
        bound.add(batch.map(({ filename }) => filename));
        for (const { filename, attrs } of batch) {
          if (isName(filename)) names.push({ name: filename, attributes: attrs });
          else if (filename !== "." && filename !== "..") none = filename;
        }
      }
    };
    // A server gives some hundred names an answer; one request at a time would cost a round trip for each. Where one
    // reader fails the others end, too: nobody would stop them.
    const failed = (error: unknown) => {
      over = error;
      untilEnd(error);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, () => readOn().catch(failed)));
    return { names: names.sort((a, b) => compareNames(a.name, b.name)), none };
  } finally {
    // Nobody waits for the answer: a handle the server fails to close ends with the session.
    session.request<void>((sftp, done) => sftp.close(handle, (error) => done(error))).catch(() => {});
  }
}

function untilEnd(error: unknown): void {
  if (!(error instanceof SftpStatus && error.code === STATUS.eof)) throw error;
}

/** A server is not trusted to send names only: one with a `/` could lead elsewhere. */
function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0");
}
