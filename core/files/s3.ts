/**
 * The file store over S3, as Amazon and others offer it.
 *
 * @module
 */
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { FileEntry, FilePage, FileStore, ListOptions, OpenOptions } from "../contracts/file_store.ts";
import { changed, isFolder, notFound } from "./failures.ts";
import { baseName, formatPath, parentPath, type ParsedPath, parseFilePath, parsePath } from "./paths.ts";
import { type S3Answer, S3Client } from "./s3/client.ts";
import { entryOf, S3Lister, type S3Object, versionOf } from "./s3/list.ts";
import type { S3Options } from "./s3/options.ts";
import { readObject } from "./s3/read.ts";
import { encodePart } from "./s3/sign.ts";
import { writeObject } from "./s3/write.ts";

/** Bytes that S3 copies in one request. */
const MOST_COPIED = 5 * 1024 ** 3;

interface Signalled {
  readonly signal?: AbortSignal;
}

/** A store with every optional member. */
export interface S3Store extends FileStore {
  /** Removes a file. */
  remove(path: string, options?: Signalled): Promise<void>;
  /** Moves a file of up to 5 GiB: S3 copies it, then the old one is removed. */
  move(from: string, to: string, options?: Signalled): Promise<void>;
  /** The service's clock. */
  clock(): Promise<number>;
  /** Closes its connections. */
  close(): Promise<void>;
}

/**
 * Opens a bucket, or a folder of it. Nothing is asked of the service yet.
 *
 * A folder exists as long as a file lies in it; where a file and a folder have one name, the file is listed. A leading
 * `/` means the same root; `..` is refused. Versions are ETag and size: S3 gives the same ones to the same content.
 */
export function openS3Store(options: S3Options): S3Store {
  return new Store(options);
}

interface Found {
  readonly object: S3Object;
  readonly etag: string;
}

class Store implements S3Store {
  readonly #client: S3Client;
  readonly #lister: S3Lister;
  readonly #root: readonly string[];
  readonly #bucket: string;

  constructor(options: S3Options) {
    this.#client = new S3Client(options);
    this.#lister = new S3Lister(this.#client);
    this.#bucket = options.bucket;
    this.#root = partsWithin(parsePath(options.folder ?? ""));
  }

  async list(folder: string, options: ListOptions = {}): Promise<FilePage> {
    throwIfAborted(options.signal);
    const parsed = parsePath(folder);
    const key = this.#key(parsed);
    return await this.#lister.list(parsed, key === "" ? "" : `${key}/`, partsWithin(parsed).length === 0, options);
  }

  async stat(path: string, { signal }: Signalled = {}): Promise<FileEntry> {
    throwIfAborted(signal);
    const parsed = parsePath(path);
    const [text, name] = [formatPath(parsed), baseName(parsed)];
    const found = await this.#find(parsed, signal);
    if (found !== undefined) return entryOf(text, { name, object: found.object });
    if (await this.#isFolder(parsed, signal)) return entryOf(text, { name });
    throw notFound(text);
  }

  async open(path: string, options: OpenOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const { signal, version } = options;
    throwIfAborted(signal);
    const parsed = parsePath(path);
    const { object, etag } = await this.#file(parsed, signal);
    if (version !== undefined && object.version !== version) throw changed(path);
    const look = async () => (await this.#find(parsed, signal))?.object;
    return readObject({ client: this.#client, path, key: this.#key(parsed), object, etag, look }, options);
  }

  async write(path: string, content: ReadableStream<Uint8Array>, { signal }: Signalled = {}): Promise<FileEntry> {
    const parsed = parseFilePath(path);
    const key = this.#key(parsed);
    try {
      throwIfAborted(signal);
      if (await this.#isFolder(parsed, signal)) throw isFolder(formatPath(parsed));
    } catch (error) {
      content.cancel(error).catch(() => {});
      throw error;
    }
    await writeObject({ client: this.#client, path, key, signal }, content);
    return await this.stat(path, signal === undefined ? {} : { signal });
  }

  async remove(path: string, { signal }: Signalled = {}): Promise<void> {
    throwIfAborted(signal);
    const parsed = parseFilePath(path);
    await this.#file(parsed, signal);
    await this.#delete(parsed, signal);
  }

  async move(from: string, to: string, { signal }: Signalled = {}): Promise<void> {
    throwIfAborted(signal);
    const [source, target] = [parseFilePath(from), parseFilePath(to)];
    const { object, etag } = await this.#file(source, signal);
    if (await this.#isFolder(target, signal)) throw isFolder(formatPath(target));
    const [key, old] = [this.#key(target), this.#key(source)];
    if (key === old) return;
    if (object.size > MOST_COPIED) {
      throw new Failure("config", `File "${from}" has over 5 GiB, which S3 does not move at once`, {
        hint: "Keep it where it is, or delete it after the import",
      });
    }
    const place = [this.#bucket, ...old.split("/")].map(encodePart).join("/");
    const headers = { "x-amz-copy-source": `/${place}`, "x-amz-copy-source-if-match": etag };
    await this.#client.text({ method: "PUT", key, headers, what: `"${to}"`, signal });
    await this.#delete(source, signal);
  }

  async clock(): Promise<number> {
    const query = { "list-type": "2", "max-keys": "1" };
    const answer = await this.#client.ask({ method: "GET", query, what: "the bucket" });
    answer.body.resume();
    return Date.parse(answer.header("date") ?? "");
  }

  async close(): Promise<void> {
    this.#client[Symbol.dispose]();
  }

  #key(path: ParsedPath): string {
    return [...this.#root, ...partsWithin(path)].join("/");
  }

  async #isFolder(path: ParsedPath, signal: AbortSignal | undefined): Promise<boolean> {
    if (partsWithin(path).length === 0) return true;
    return await this.#lister.isFolder(`${this.#key(path)}/`, signal);
  }

  /** The object; undefined where there is none. */
  async #find(path: ParsedPath, signal: AbortSignal | undefined): Promise<Found | undefined> {
    if (partsWithin(path).length === 0) return undefined;
    const what = `"${formatPath(path)}"`;
    const answer = await this.#client.find({ method: "HEAD", key: this.#key(path), what, signal });
    answer?.body.resume();
    return answer && foundIn(answer);
  }

  async #file(path: ParsedPath, signal: AbortSignal | undefined): Promise<Found> {
    const found = await this.#find(path, signal);
    if (found !== undefined) return found;
    const text = formatPath(path);
    throw await this.#isFolder(path, signal) ? isFolder(text) : notFound(text);
  }

  async #delete(path: ParsedPath, signal: AbortSignal | undefined): Promise<void> {
    const what = `"${formatPath(path)}"`;
    (await this.#client.ask({ method: "DELETE", key: this.#key(path), what, signal })).body.resume();
    await this.#keepFolder(parentPath(path), signal);
  }

  /**
   * A folder without a file is none in S3. So that it goes on being there as it does elsewhere, an empty object marks it,
   * as those do that S3's own console makes; who may not write one has no such folder any more.
   */
  async #keepFolder(folder: ParsedPath, signal: AbortSignal | undefined): Promise<void> {
    if (await this.#isFolder(folder, signal)) return;
    const what = `folder "${formatPath(folder)}"`;
    try {
      const answer = await this.#client.ask({
        method: "PUT",
        key: `${this.#key(folder)}/`,
        body: new Uint8Array(),
        what,
        signal,
      });
      answer.body.resume();
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof Failure) || error.kind !== "auth") throw error;
    }
  }
}

function foundIn(answer: S3Answer): Found {
  const size = Number(answer.header("content-length") ?? 0);
  const etag = answer.header("etag") ?? "";
  const modified = Date.parse(answer.header("last-modified") ?? "");
  return { etag, object: { size, modified, version: versionOf(etag, size) } };
}

function partsWithin(path: ParsedPath): readonly string[] {
  if (!path.parts.includes("..")) return path.parts;
  throw new Failure("config", `Path "${formatPath(path)}" leads out of the store`, {
    hint: 'Give a path without ".."',
  });
}
