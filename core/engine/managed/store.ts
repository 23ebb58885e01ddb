/**
 * The files of a managed account as jobs see them: those whose uploads have ended, read where they lie.
 *
 * @module
 */
import { Failure, throwIfAborted } from "../../contracts/failure.ts";
import type {
  FileEntry,
  FilePage,
  FileStore,
  ListOptions,
  OpenOptions,
  WriteOptions,
} from "../../contracts/file_store.ts";
import type { Database, Executor } from "../../database/database.ts";
import { abortedOr, changed, isFolder, noFolder, notFolder, notFound, untilAborted } from "../../files/failures.ts";
import { streamOf } from "../../files/local/io.ts";
import { filePage } from "../../files/paging.ts";
import {
  baseName,
  childPath,
  formatPath,
  parentPath,
  type ParsedPath,
  parseFilePath,
  parsePath,
} from "../../files/paths.ts";
import { requireUnchanged } from "../../files/unchanged.ts";
import { type ManagedContents, type OpenContent, throwIfDiskFull } from "./contents.ts";
import { readContent } from "./content_reader.ts";
import { commitFile } from "./file_commit.ts";
import {
  addBytes,
  bytesOf,
  contentsOf,
  deleteNode,
  makeFolders,
  type Node,
  nodeAt,
  nodesIn,
  ROOT,
  type Tree,
  updateNode,
} from "./nodes.ts";
import { namesOf } from "./paths.ts";

const DEFAULT_PAGE = 1_000;
const LARGEST_PAGE = 10_000;

/** A store over a managed account; it has every optional member. */
export interface ManagedStore extends FileStore {
  remove(path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  move(from: string, to: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** The database's clock. */
  clock(): Promise<number>;
  readonly whole: true;
}

/** Whose files. */
export interface ManagedStoreOptions {
  readonly database: Database;
  readonly contents: ManagedContents;
  /** Looked up when the first file is asked for: the account may be made, and closed, at any time. */
  tree(executor: Executor): Promise<{ readonly tree: Tree; readonly quota: number | undefined }>;
}

/** Gives an account's files as a store. The account's root is the store's, with and without a leading `/`. */
export function managedStore(options: ManagedStoreOptions): ManagedStore {
  return new TreeStore(options);
}

class TreeStore implements ManagedStore {
  readonly whole = true;

  constructor(private readonly options: ManagedStoreOptions) {}

  clock(): Promise<number> {
    return this.options.database.now();
  }

  async list(folder: string, options: ListOptions = {}): Promise<FilePage> {
    throwIfAborted(options.signal);
    const parsed = within(parsePath(folder), folder);
    const limit = Math.min(Math.max(Math.trunc(options.limit ?? DEFAULT_PAGE), 1), LARGEST_PAGE);
    const { tree } = await this.#tree();
    const parent = await this.#folder(tree, parsed, folder);
    const found: Node[] = [];
    let after = options.cursor ?? "";
    // Uploads that have not ended lie among the rest.
    while (found.length <= limit) {
      const nodes = await nodesIn(this.#kysely, tree, parent, after, limit + 1).execute();
      found.push(...nodes.filter(isThere));
      const last = nodes.at(-1);
      if (last === undefined || nodes.length <= limit) break;
      after = last.name;
    }
    throwIfAborted(options.signal);
    const page = found.slice(0, limit);
    const next = found.length > limit ? page.at(-1)?.name : undefined;
    return filePage(page.map((node) => describe(childPath(parsed, node.name), node)), next);
  }

  async stat(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<FileEntry> {
    throwIfAborted(signal);
    const parsed = within(parsePath(path), path);
    const { tree } = await this.#tree();
    if (parsed.parts.length === 0) {
      return { path: formatPath(parsed), name: "", kind: "folder", size: 0, modified: 0, version: tree.id };
    }
    return describe(formatPath(parsed), await this.#find(this.#kysely, tree, parsed, path));
  }

  async open(path: string, options: OpenOptions = {}): Promise<ReadableStream<Uint8Array>> {
    throwIfAborted(options.signal);
    const parsed = within(parsePath(path), path);
    const { tree } = await this.#tree();
    const node = await this.#find(this.#kysely, tree, parsed, path);
    if (node.content === null) throw isFolder(path);
    const entry = describe(path, node);
    if (options.version !== undefined && options.version !== entry.version) throw changed(path);
    const { contents } = this.options;
    const reader = await readContent(this.#kysely, contents, tree.account, node.content).catch((error: unknown) => {
      throw error instanceof Failure && error.code === "not_found" ? changed(path, "it was removed or renamed") : error;
    });
    const look = async () => {
      const now = await this.#find(this.#kysely, tree, parsed, path).catch(() => undefined);
      requireUnchanged(path, entry, now && describe(path, now));
    };
    const { offset = 0, signal } = options;
    return streamOf(reader, { path, offset, size: node.size, look, signal });
  }

  async write(
    path: string,
    content: ReadableStream<Uint8Array>,
    { signal, makeFolders: makes = true }: WriteOptions = {},
  ): Promise<FileEntry> {
    const reader = content.getReader();
    try {
      const parsed = within(parseFilePath(path), path);
      const names = namesOf(formatPath(parsed));
      throwIfAborted(signal);
      const { tree, quota } = await this.#tree();
      if (!makes) await this.#requireFolder(tree, parentPath(parsed));
      const made = await this.options.contents.create();
      let gone: readonly string[] = [made.id];
      try {
        const size = await receive(reader, made, signal);
        gone = await this.#write(async (transaction, now) => {
          const parent = await makeFolders(transaction, tree, names.slice(0, -1), now);
          const place = { parent, name: baseName(parsed) };
          return (await commitFile(transaction, tree, { place, names, content: made.id, size, quota, now })).gone;
        });
      } finally {
        await made[Symbol.asyncDispose]();
        await this.#discard(gone);
      }
      return await this.stat(path);
    } catch (error) {
      reader.cancel(error).catch(() => {});
      throw abortedOr(signal, error);
    }
  }

  async remove(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    throwIfAborted(signal);
    const parsed = within(parseFilePath(path), path);
    const { tree } = await this.#tree();
    const gone = await this.#write(async (transaction) => {
      const node = await this.#find(transaction, tree, parsed, path);
      if (node.kind === "folder") throw isFolder(path);
      return await drop(transaction, tree, node);
    });
    await this.#discard(gone);
  }

  async move(from: string, to: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    throwIfAborted(signal);
    const source = within(parseFilePath(from), from);
    const names = namesOf(formatPath(within(parseFilePath(to), to)));
    const { tree } = await this.#tree();
    const gone = await this.#write(async (transaction, now) => {
      const node = await this.#find(transaction, tree, source, from);
      if (node.kind === "folder") throw isFolder(from);
      const parent = await makeFolders(transaction, tree, names.slice(0, -1), now);
      const place = { parent, name: names.at(-1) ?? "" };
      const other = await nodeAt(transaction, tree, place);
      if (other?.kind === "folder") throw isFolder(to);
      if (other?.id === node.id) return [];
      const gone = other === undefined ? [] : await drop(transaction, tree, other);
      await updateNode(transaction, node, { parent_id: parent, name: place.name });
      return gone;
    });
    await this.#discard(gone);
  }

  get #kysely(): Executor {
    return this.options.database.kysely;
  }

  #tree(): Promise<{ readonly tree: Tree; readonly quota: number | undefined }> {
    return this.options.tree(this.#kysely);
  }

  async #write<T>(work: (transaction: Executor, now: number) => Promise<T>): Promise<T> {
    const { database } = this.options;
    return await database.write(async (transaction) => await work(transaction, await database.now()));
  }

  async #discard(contents: readonly string[]): Promise<void> {
    for (const id of contents) await this.options.contents.remove(id);
  }

  async #folder(tree: Tree, { parts }: ParsedPath, path: string): Promise<string> {
    let parent = ROOT;
    for (const name of parts) {
      const node = await nodeAt(this.#kysely, tree, { parent, name });
      if (node === undefined || !isThere(node)) throw notFound(path);
      if (node.kind === "file") throw notFolder(path);
      parent = node.id;
    }
    return parent;
  }

  async #requireFolder(tree: Tree, folder: ParsedPath): Promise<void> {
    await this.#folder(tree, folder, formatPath(folder)).catch((error: unknown) => {
      const isMissing = error instanceof Failure && error.code === "not_found";
      throw isMissing ? noFolder(formatPath(folder), error) : error;
    });
  }

  /** What jobs see at a path. */
  async #find(executor: Executor, tree: Tree, { parts }: ParsedPath, path: string): Promise<Node> {
    let node: Node | undefined;
    for (const name of parts) {
      if (node?.kind === "file") throw notFound(path);
      node = await nodeAt(executor, tree, { parent: node?.id ?? ROOT, name });
      if (node === undefined || !isThere(node)) throw notFound(path);
    }
    if (node === undefined) throw isFolder(path);
    return node;
  }
}

/** Whether jobs see it: a folder, or a file whose upload has ended once. */
function isThere({ kind, content }: Node): boolean {
  return kind === "folder" || content !== null;
}

function describe(path: string, { name, kind, size, modified, content, id }: Node): FileEntry {
  return { path, name, kind, size, modified, version: content ?? id };
}

/** The path, where it stays within the account. */
function within(parsed: ParsedPath, path: string): ParsedPath {
  const parts: string[] = [];
  for (const part of parsed.parts) {
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) {
      throw new Failure("config", `Path "${path}" leads out of the account's files`, {
        hint: "Give a path inside the account, starting there",
      });
    }
  }
  return { absolute: parsed.absolute, parts };
}

async function drop(transaction: Executor, tree: Tree, node: Node): Promise<string[]> {
  await deleteNode(transaction, node);
  await addBytes(transaction, tree, -bytesOf(node));
  return contentsOf(node);
}

/** Writes what comes, and brings it to the disk. */
async function receive(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { handle, sync }: OpenContent,
  signal: AbortSignal | undefined,
): Promise<number> {
  let size = 0;
  for (;;) {
    const { done, value } = await untilAborted(reader.read(), signal);
    if (done) break;
    await throwIfDiskFull(async () => {
      for (let start = 0; start < value.length;) {
        start += (await handle.write(value, start, value.length - start, size + start)).bytesWritten;
      }
    });
    size += value.length;
  }
  await sync();
  throwIfAborted(signal);
  return size;
}
