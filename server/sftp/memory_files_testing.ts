/**
 * The files of an account in memory: what the server's tests put behind the protocol.
 *
 * @module
 */
import { Failure } from "../../core/contracts/failure.ts";
import type {
  SessionEntry,
  SessionFile,
  SessionFiles,
  SessionOpenOptions,
  SessionSpace,
} from "../../core/engine/managed/session_files.ts";

interface Content {
  bytes: Uint8Array;
  length: number;
  modified: number;
}

/** An account's files; several sessions may share it. */
export class MemoryAccount {
  readonly files = new Map<string, Content>();
  readonly folders = new Set<string>([""]);
  /** Paths of uploads that were closed, in order. */
  readonly completed: string[] = [];
  /** Paths of uploads that were interrupted, in order. */
  readonly interrupted: string[] = [];
  /** Files that are open now. */
  open = 0;
  /** Sessions that have not been disposed of. */
  sessions = 0;
  quota: number | undefined;
  /** Awaited before each session, where a test sets it. */
  beforeSession: (() => Promise<void>) | undefined;
  /** Awaited before each write, where a test sets it. */
  beforeWrite: (() => Promise<void>) | undefined;
  /** Awaited before each close, where a test sets it. */
  beforeClose: (() => Promise<void>) | undefined;

  /** The content of a file. */
  content(path: string): Uint8Array {
    const { bytes, length } = this.require(key(path));
    return bytes.subarray(0, length);
  }

  /** Puts a file there. */
  put(path: string, bytes: Uint8Array, modified: number = Date.now()): void {
    this.files.set(key(path), { bytes, length: bytes.length, modified });
  }

  used(): number {
    let used = 0;
    for (const { length } of this.files.values()) used += length;
    return used;
  }

  require(at: string): Content {
    const content = this.files.get(at);
    if (content === undefined) throw notFound(at);
    return content;
  }

  /** A session of it. */
  async session(): Promise<SessionFiles & AsyncDisposable> {
    await this.beforeSession?.();
    this.sessions++;
    return new MemoryFiles(this);
  }
}

class MemoryFiles implements SessionFiles, AsyncDisposable {
  readonly #account: MemoryAccount;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  canonical(path: string): string {
    return `/${key(path)}`;
  }

  async stat(path: string): Promise<SessionEntry> {
    const at = key(path);
    if (this.#account.folders.has(at)) return { name: nameOf(at), kind: "folder", size: 0, modified: 0 };
    return entryOf(at, this.#account.require(at));
  }

  async *list(path: string): AsyncIterable<readonly SessionEntry[]> {
    const at = key(path);
    if (!this.#account.folders.has(at)) throw notFound(at);
    const below = (other: string) => other !== "" && parentOf(other) === at;
    const entries = [
      ...[...this.#account.folders].filter(below).map((other): SessionEntry => ({
        name: nameOf(other),
        kind: "folder",
        size: 0,
        modified: 0,
      })),
      ...[...this.#account.files].filter(([other]) => below(other)).map(([other, file]) => entryOf(other, file)),
    ];
    entries.sort((a, b) => a.name < b.name ? -1 : 1);
    for (let first = 0; first < entries.length; first += 500) yield entries.slice(first, first + 500);
  }

  async open(path: string, options: SessionOpenOptions): Promise<SessionFile> {
    const at = key(path);
    const account = this.#account;
    if (account.folders.has(at)) throw new Failure("config", `"${at}" is a folder`, { code: "conflict" });
    const known = account.files.get(at);
    if (known !== undefined && options.exclusive) throw conflict(at);
    if (known === undefined) {
      if (!options.create) throw notFound(at);
      this.#requireParent(at);
      account.files.set(at, { bytes: new Uint8Array(0), length: 0, modified: Date.now() });
    } else if (options.truncate) known.length = 0;
    account.open++;
    return new MemoryFile(account, at, options.write === true);
  }

  async makeFolder(path: string): Promise<void> {
    const at = key(path);
    this.#requireFree(at);
    this.#account.folders.add(at);
  }

  async removeFolder(path: string): Promise<void> {
    const at = key(path);
    const { folders, files } = this.#account;
    if (!folders.has(at)) throw notFound(at);
    if ([...folders, ...files.keys()].some((other) => other.startsWith(`${at}/`))) {
      throw new Failure("config", `Folder "${at}" is not empty`, { code: "conflict" });
    }
    folders.delete(at);
  }

  async remove(path: string): Promise<void> {
    this.#account.require(key(path));
    this.#account.files.delete(key(path));
  }

  async rename(from: string, to: string, options: { readonly replace?: boolean } = {}): Promise<void> {
    const { folders, files } = this.#account;
    const [source, target] = [key(from), key(to)];
    if (options.replace) files.delete(target);
    this.#requireFree(target);
    if (!folders.has(source)) this.#account.require(source);
    const moved = (at: string) => at === source || at.startsWith(`${source}/`);
    for (const [at, file] of [...files].filter(([at]) => moved(at))) {
      files.delete(at);
      files.set(target + at.slice(source.length), file);
    }
    for (const at of [...folders].filter(moved)) {
      folders.delete(at);
      folders.add(target + at.slice(source.length));
    }
  }

  async space(): Promise<SessionSpace> {
    return { quota: this.#account.quota, used: this.#account.used() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#account.sessions--;
  }

  #requireFree(at: string): void {
    if (this.#account.folders.has(at) || this.#account.files.has(at)) throw conflict(at);
    this.#requireParent(at);
  }

  #requireParent(at: string): void {
    if (!this.#account.folders.has(parentOf(at))) throw notFound(parentOf(at));
  }
}

class MemoryFile implements SessionFile {
  readonly #account: MemoryAccount;
  readonly #at: string;
  readonly #write: boolean;

  constructor(account: MemoryAccount, at: string, write: boolean) {
    this.#account = account;
    this.#at = at;
    this.#write = write;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const file = this.#account.require(this.#at);
    return file.bytes.subarray(Math.min(position, file.length), Math.min(position + length, file.length));
  }

  async write(position: number, data: Uint8Array): Promise<void> {
    await this.#account.beforeWrite?.();
    const file = this.#grow(position + data.length);
    file.bytes.set(data, position);
  }

  async truncate(size: number): Promise<void> {
    const file = this.#grow(size);
    file.bytes.fill(0, size);
    file.length = size;
  }

  async stat(): Promise<SessionEntry> {
    return entryOf(this.#at, this.#account.require(this.#at));
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    await this.#account.beforeClose?.();
    this.#account.open--;
    if (this.#write) this.#account.completed.push(this.#at);
  }

  async interrupt(): Promise<void> {
    this.#account.open--;
    if (this.#write) this.#account.interrupted.push(this.#at);
  }

  #grow(length: number): Content {
    const account = this.#account;
    const file = account.require(this.#at);
    if (account.quota !== undefined && account.used() - file.length + length > account.quota) {
      throw new Failure("config", `Account "memory" is full`, { code: "too_large", hint: "Remove files" });
    }
    if (length > file.bytes.length) {
      const larger = new Uint8Array(Math.max(length, file.bytes.length * 2));
      larger.set(file.bytes.subarray(0, file.length));
      file.bytes = larger;
    }
    file.length = Math.max(file.length, length);
    file.modified = Date.now();
    return file;
  }
}

/** A path as the account keeps it: without a leading `/`, empty for the root. */
function key(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  if (path.includes("\0")) throw new Failure("config", "The path holds a NUL character", { hint: "Take it out" });
  return parts.join("/");
}

function parentOf(at: string): string {
  return at.slice(0, Math.max(at.lastIndexOf("/"), 0));
}

function nameOf(at: string): string {
  return at.slice(at.lastIndexOf("/") + 1);
}

function entryOf(at: string, { length, modified }: Content): SessionEntry {
  return { name: nameOf(at), kind: "file", size: length, modified };
}

function notFound(at: string): Failure {
  return new Failure("config", `"${at}" does not exist`, { code: "not_found", hint: "Check the path" });
}

function conflict(at: string): Failure {
  return new Failure("config", `"${at}" is there already`, { code: "conflict" });
}
