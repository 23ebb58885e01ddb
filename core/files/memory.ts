/**
 * A file store in memory, for tests and for content that is already at hand.
 *
 * @module
 */
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type {
  FileEntry,
  FilePage,
  FileStore,
  ListOptions,
  OpenOptions,
  WriteOptions,
} from "../contracts/file_store.ts";
import { abortedOr, changed, isFolder, noFolder, notFolder, notFound, untilAborted } from "./failures.ts";
import { filePage, pageOf } from "./paging.ts";
import { isLookDue, requireUnchanged, type Seen } from "./unchanged.ts";
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

/** Bytes a stream hands out at a time. */
const CHUNK = 64 * 1024;

interface StoredFile {
  readonly bytes: Uint8Array;
  readonly modified: number;
  readonly serial: number;
}

/** A store that keeps its files in memory and has every optional member. */
export interface MemoryStore extends FileStore {
  /** Removes a file. */
  remove(path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Moves a file, replacing what is at `to`. */
  move(from: string, to: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** This machine's clock. */
  clock(): Promise<number>;
}

/**
 * Opens an empty store, or one that holds `files`: path to content, text as UTF-8.
 *
 * A folder exists once a file has been in it. A leading `/` means the same root; `..` is refused.
 */
export function memoryStore(files: Readonly<Record<string, Uint8Array | string>> = {}): MemoryStore {
  const stored = new Map<string, StoredFile>();
  const folders = new Set([""]);
  let serial = 0;

  const put = (key: string, bytes: Uint8Array) => {
    stored.set(key, { bytes, modified: Date.now(), serial: ++serial });
    for (let end = key.indexOf("/"); end !== -1; end = key.indexOf("/", end + 1)) folders.add(key.slice(0, end));
  };
  const isFolderKey = (key: string) => folders.has(key);

  const describe = (path: ParsedPath): FileEntry => {
    const key = keyOf(path);
    const file = stored.get(key);
    const common = { path: formatPath(path), name: baseName(path) };
    if (file !== undefined) {
      return { ...common, kind: "file", ...seen(file) };
    }
    if (isFolderKey(key)) return { ...common, kind: "folder", size: 0, modified: 0, version: "folder" };
    throw notFound(formatPath(path));
  };

  const requireFile = (path: ParsedPath): StoredFile => {
    const file = stored.get(keyOf(path));
    if (file !== undefined) return file;
    throw describe(path).kind === "folder" ? isFolder(formatPath(path)) : notFound(formatPath(path));
  };

  const requireFree = (path: ParsedPath): string => {
    const key = keyOf(path);
    if (isFolderKey(key)) throw isFolder(formatPath(path));
    for (let end = key.indexOf("/"); end !== -1; end = key.indexOf("/", end + 1)) {
      if (stored.has(key.slice(0, end))) throw notFolder(key.slice(0, end));
    }
    return key;
  };

  const store: MemoryStore = {
    async list(folder: string, options: ListOptions = {}): Promise<FilePage> {
      throwIfAborted(options.signal);
      const parsed = parsePath(folder);
      if (describe(parsed).kind !== "folder") throw notFolder(folder);
      const key = keyOf(parsed);
      const prefix = key === "" ? "" : `${key}/`;
      const names = new Set<string>();
      for (const other of [...stored.keys(), ...folders]) {
        const name = other.startsWith(prefix) ? other.slice(prefix.length).split("/")[0] : "";
        if (name) names.add(name);
      }
      const sorted = [...names].sort(compareNames).map((name) => ({ name }));
      const { items, next } = pageOf(sorted, options);
      return filePage(items.map(({ name }) => describe(parsePath(childPath(parsed, name)))), next);
    },

    async stat(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<FileEntry> {
      throwIfAborted(options.signal);
      return describe(parsePath(path));
    },

    async open(path: string, options: OpenOptions = {}): Promise<ReadableStream<Uint8Array>> {
      throwIfAborted(options.signal);
      const parsed = parsePath(path);
      const file = requireFile(parsed);
      if (options.version !== undefined && seen(file).version !== options.version) throw changed(path);
      const { bytes } = file;
      const { offset = 0 } = options;
      let position = offset;
      const look = () => {
        const now = stored.get(keyOf(parsed));
        requireUnchanged(path, seen(file), now && seen(now));
      };
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          throwIfAborted(options.signal);
          if (position >= bytes.length) {
            if (offset >= bytes.length) look();
            return controller.close();
          }
          if (isLookDue(position, position + CHUNK, bytes.length)) look();
          // A copy: the receiver may transfer the chunk's buffer.
          controller.enqueue(bytes.slice(position, position += CHUNK));
        },
      }, { highWaterMark: 0 });
    },

    async write(
      path: string,
      content: ReadableStream<Uint8Array>,
      { signal, makeFolders = true }: WriteOptions = {},
    ): Promise<FileEntry> {
      const parsed = parseFilePath(path);
      const key = requireFree(parsed);
      if (!makeFolders && !isFolderKey(keyOf(parentPath(parsed)))) throw noFolder(formatPath(parentPath(parsed)));
      put(key, await collect(content, signal));
      return describe(parsed);
    },

    async remove(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
      throwIfAborted(options.signal);
      const parsed = parseFilePath(path);
      requireFile(parsed);
      stored.delete(keyOf(parsed));
    },

    async move(from: string, to: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
      throwIfAborted(options.signal);
      const source = parseFilePath(from);
      const target = parseFilePath(to);
      const { bytes } = requireFile(source);
      const key = requireFree(target);
      if (key === keyOf(source)) return;
      stored.delete(keyOf(source));
      put(key, bytes);
    },

    clock: async () => Date.now(),
  };

  for (const [path, content] of Object.entries(files)) {
    put(
      requireFree(parseFilePath(path)),
      typeof content === "string" ? new TextEncoder().encode(content) : content.slice(),
    );
  }
  return store;
}

function seen({ bytes: { length: size }, modified, serial }: StoredFile): Seen {
  return { size, modified, version: `${size}-${serial}` };
}

function keyOf(path: ParsedPath): string {
  if (path.parts.includes("..")) {
    throw new Failure("config", `Path "${formatPath(path)}" leads out of the store`, {
      hint: 'Give a path without ".."',
    });
  }
  return path.parts.join("/");
}

/** The whole content in one block. */
async function collect(content: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const reader = content.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal);
      if (done) break;
      chunks.push(value.slice());
      size += value.length;
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw abortedOr(signal, error);
  }
  const whole = new Uint8Array(size);
  let position = 0;
  for (const chunk of chunks) {
    whole.set(chunk, position);
    position += chunk.length;
  }
  return whole;
}
