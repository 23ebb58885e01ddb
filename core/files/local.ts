/**
 * Files in a local folder, and nowhere else.
 *
 * @module
 */
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type {
  FileEntry,
  FilePage,
  FileStore,
  ListOptions,
  OpenOptions,
  WriteOptions,
} from "../contracts/file_store.ts";
import { abortedOr, changed, isFolder, noFolder, notFolder, notReadable } from "./failures.ts";
import { isMissing, systemFailure } from "./local/failures.ts";
import { streamOf, writeWhole } from "./local/io.ts";
import { filePage, pageOf } from "./paging.ts";
import {
  baseName,
  childPath,
  compareNames,
  formatPath,
  parentPath,
  type ParsedPath,
  parseFilePath,
  parsePath,
} from "./paths.ts";
import { tidyFolder } from "./tidy.ts";
import { requireUnchanged, type Seen } from "./unchanged.ts";

/** Entries described at the same time. */
const CONCURRENCY = 32;

/** Where a local store lies. */
export interface LocalStoreOptions {
  /** The folder the store is confined to; relative to the working directory. */
  readonly root: string;
}

/** A store over a local folder; it has every optional member. */
export interface LocalStore extends FileStore {
  /** Removes a file. */
  remove(path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Moves a file, replacing what is at `to`; missing folders are made. */
  move(from: string, to: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** This machine's clock. */
  clock(): Promise<number>;
}

/**
 * Gives a folder as a store.
 *
 * Confined to its root: `..`, absolute paths and symbolic links are followed as long as they end inside, and are a
 * failure of kind `config` where they do not. This guards against paths, not against a process that
 * swaps folders for links while a file is being opened.
 */
export function localStore({ root }: LocalStoreOptions): LocalStore {
  return new FolderStore(resolve(root));
}

class FolderStore implements LocalStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  clock(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  async list(folder: string, options: ListOptions = {}): Promise<FilePage> {
    throwIfAborted(options.signal);
    const parsed = parsePath(folder);
    return await this.#doing(folder, options.signal, async () => {
      const real = await this.#locate(parsed);
      if (!(await stat(real)).isDirectory()) throw notFolder(folder);
      const names = (await readdir(real)).sort(compareNames).map((name) => ({ name }));
      const { items, next } = pageOf(names, options);
      return filePage(await this.#describeAll(parsed, items, options.signal), next);
    });
  }

  async stat(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<FileEntry> {
    throwIfAborted(signal);
    const parsed = parsePath(path);
    return await this.#doing(path, signal, async () => await describe(parsed, await this.#locate(parsed)));
  }

  async open(path: string, options: OpenOptions = {}): Promise<ReadableStream<Uint8Array>> {
    throwIfAborted(options.signal);
    const parsed = parsePath(path);
    return await this.#doing(path, options.signal, async () => {
      const real = await this.#locate(parsed);
      const entry = await describe(parsed, real);
      if (entry.kind === "folder") throw isFolder(path);
      if (entry.kind !== "file") throw notReadable(path);
      const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW);
      let opened: Seen;
      try {
        opened = seen(await handle.stat({ bigint: true }));
        if (opened.version !== (options.version ?? entry.version)) throw changed(path);
      } catch (error) {
        await handle.close();
        throw error;
      }
      const look = async () => {
        requireUnchanged(path, opened, seen(await handle.stat({ bigint: true })));
        // By its path once more: a new file, or another link, may be there by now.
        requireUnchanged(path, opened, await statBig(this.#lexical(parsed)).then(seen, ifMissing));
      };
      const { offset = 0, signal } = options;
      return streamOf(handle, { path, offset, size: opened.size, look, signal });
    });
  }

  async write(
    path: string,
    content: ReadableStream<Uint8Array>,
    options: WriteOptions = {},
  ): Promise<FileEntry> {
    const parsed = parseFilePath(path);
    const reader = content.getReader();
    try {
      throwIfAborted(options.signal);
      return await this.#doing(path, options.signal, async () => {
        const target = await this.#place(parsed, options);
        await writeWhole(target, reader, options);
        return await describe(parsed, target);
      });
    } catch (error) {
      reader.cancel(error).catch(() => {});
      throw error;
    }
  }

  async tidy(folder: string, owner: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await tidyFolder(this, folder, owner, options.signal);
  }

  async remove(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    throwIfAborted(signal);
    const parsed = parseFilePath(path);
    await this.#doing(path, signal, async () => {
      // The link itself is removed, not what it leads to: only its folder is resolved.
      const file = join(await this.#locate(parentPath(parsed)), baseName(parsed));
      if ((await lstat(file)).isDirectory()) throw isFolder(path);
      await unlink(file);
    });
  }

  async move(from: string, to: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    throwIfAborted(signal);
    const source = parseFilePath(from);
    const target = parseFilePath(to);
    await this.#doing(from, signal, async () => {
      const file = await this.#locate(source);
      if ((await stat(file)).isDirectory()) throw isFolder(from);
      await rename(file, await this.#place(target));
    });
  }

  /** Where an existing path leads to, links resolved; refused where that is outside of the root. */
  async #locate(path: ParsedPath): Promise<string> {
    const lexical = this.#lexical(path);
    const [root, real] = await Promise.all([realpath(this.#root), realpath(lexical)]);
    if (!isInside(root, real)) throw this.#outside(path);
    return real;
  }

  /** Where a file is to be written; makes its folder unless told, and no folder outside of the root. */
  async #place(path: ParsedPath, { makeFolders = true }: WriteOptions = {}): Promise<string> {
    const lexical = this.#lexical(path);
    const folder = dirname(lexical);
    if (!makeFolders && !await isDirectory(folder)) throw noFolder(formatPath(parentPath(path)));
    await mkdir(this.#root, { recursive: true });
    let existing = folder;
    while (!await exists(existing)) existing = dirname(existing);
    const [root, real] = await Promise.all([realpath(this.#root), realpath(existing)]);
    if (!isInside(root, real)) throw this.#outside(path);
    const place = join(real, relative(existing, folder));
    await mkdir(place, { recursive: true });
    const target = join(place, basename(lexical));
    const there = await stat(target).catch(() => undefined);
    if (there?.isDirectory() === true) throw isFolder(formatPath(path));
    // A device or a pipe that made way for a file would be gone for everybody.
    if (there?.isFile() === false) throw notReadable(formatPath(path));
    return target;
  }

  /** The path before any link is followed; refused where `..` or a leading `/` lead out of the root. */
  #lexical(path: ParsedPath): string {
    const text = formatPath(path);
    const lexical = isAbsolute(text) ? resolve(text) : resolve(this.#root, text);
    if (!isInside(this.#root, lexical)) throw this.#outside(path);
    return lexical;
  }

  #outside(path: ParsedPath): Failure {
    return new Failure("config", `Path "${formatPath(path)}" leads out of folder "${this.#root}"`, {
      hint: "Give a path inside the folder, starting there",
    });
  }

  async #describeAll(
    folder: ParsedPath,
    items: readonly { readonly name: string }[],
    signal: AbortSignal | undefined,
  ): Promise<FileEntry[]> {
    const entries = new Array<FileEntry | undefined>(items.length);
    let next = 0;
    const work = async () => {
      for (let index = next++; index < items.length; index = next++) {
        throwIfAborted(signal);
        const item = items[index];
        if (item !== undefined) entries[index] = await this.#describeChild(folder, item.name);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return entries.filter((entry) => entry !== undefined);
  }

  /** One entry of a listing; `undefined` where it went away since. */
  async #describeChild(folder: ParsedPath, name: string): Promise<FileEntry | undefined> {
    const child = parsePath(childPath(folder, name));
    try {
      return await describe(child, await this.#locate(child));
    } catch (error) {
      if (!(error instanceof Failure) && !isMissing(error)) throw error;
      // A link that leads nowhere, or out of the root, is listed and cannot be opened.
      const link = await lstat(this.#lexical(child)).catch(() => undefined);
      if (link === undefined) return undefined;
      return { path: formatPath(child), name, kind: "other", size: 0, modified: link.mtimeMs, version: "link" };
    }
  }

  /** Runs file-system work on `path` and turns what it throws into failures. */
  async #doing<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw abortedOr(signal, systemFailure(error, path));
    }
  }
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function exists(path: string): Promise<boolean> {
  // A dangling link exists too: nothing is made in its place.
  return await lstat(path).then(() => true, (error) => {
    if (isMissing(error)) return false;
    throw error;
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then((found) => found.isDirectory(), () => false);
}

type BigStats = Awaited<ReturnType<typeof statBig>>;

function statBig(path: string) {
  return stat(path, { bigint: true });
}

async function describe(path: ParsedPath, real: string): Promise<FileEntry> {
  const found = await statBig(real);
  const kind = found.isDirectory() ? "folder" : found.isFile() ? "file" : "other";
  return {
    path: formatPath(path),
    name: baseName(path),
    kind,
    size: kind === "file" ? Number(found.size) : 0,
    modified: Number(found.mtimeMs),
    version: versionOf(found),
  };
}

function seen(found: BigStats): Seen {
  return { size: Number(found.size), modified: Number(found.mtimeMs), version: versionOf(found) };
}

function ifMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** The inode too: a file replaced by a rename within one tick of the clock is another one. */
function versionOf({ size, mtimeNs, ino }: BigStats): string {
  return `${size}-${mtimeNs}-${ino}`;
}
