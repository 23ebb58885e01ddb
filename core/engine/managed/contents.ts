/**
 * What the files of managed accounts hold: files on the disk under random names, which no client's path ever touches.
 *
 * @module
 */
import { constants } from "node:fs";
import { copyFile, type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Failure } from "../../contracts/failure.ts";
import type { FileEntry, FileStore } from "../../contracts/file_store.ts";
import { localStore } from "../../files/local.ts";
import { AccountFailure } from "./account_failure.ts";
import { diskFullFailure, saysDiskFull } from "../disk_full.ts";
import { isId, newId } from "../ids.ts";
import { namesIn, syncFolder, unlessMissing } from "../stored_files.ts";
import { HeldBytes } from "./held_bytes.ts";
import { contentGone } from "./small_contents.ts";
import { SpareContents } from "./spare_contents.ts";

/** A file that is being written. Whoever finds it without its lock, and no row that names it, may remove it. */
export interface OpenContent extends AsyncDisposable {
  /** 32 hex digits: its name. */
  readonly id: string;
  readonly handle: FileHandle;
  /** Brings the file and its name to the disk. */
  sync(): Promise<void>;
}

/** A content that is on the disk. */
export interface StoredContent {
  readonly id: string;
  readonly bytes: number;
  /** When it was written last: milliseconds since the Unix epoch. */
  readonly modified: number;
}

/** Bytes of small open files that are held in memory: those of 2,000 of the largest. Beyond it they are files. */
const HELD = 64 * 1024 * 1024;

/** How long a content without a byte counts as one that is about to be locked, in milliseconds. */
const NEWBORN = 60_000;

/** How often a lock is asked for, and the milliseconds between: whoever only looks at one holds it for an instant. */
const LOCK_TRIES = 20;
const LOCK_PAUSE = 25;

/** The contents of a data directory. */
export class ManagedContents implements AsyncDisposable {
  /** What small uploads, and small files that are read, hold in memory. */
  readonly held: HeldBytes;
  readonly #spares: SpareContents | undefined;

  /**
   * `ahead`: whether some are made before they are needed, while many are. Whoever says so disposes of it. `held`: bytes
   * of small open files that may be in memory.
   */
  constructor(
    private readonly dir: string,
    { ahead = false, held = HELD }: { readonly ahead?: boolean; readonly held?: number | undefined } = {},
  ) {
    this.held = new HeldBytes(held);
    if (!ahead) return;
    this.#spares = new SpareContents({
      make: (count) => this.#makeTogether(count),
      discard: (content) => this.#discard(content),
    });
  }

  /** Removes those that were made ahead. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spares?.[Symbol.asyncDispose]();
  }

  /** Makes an empty one (0600). Failure `transient` for a full disk. */
  async create(): Promise<OpenContent> {
    return this.#spares?.take() ?? await this.#make(newId());
  }

  /** Makes one that begins as another is. */
  async copy(of: string): Promise<OpenContent> {
    const made = await this.create();
    try {
      await copyFile(this.#path(of), this.#path(made.id));
      return made;
    } catch (error) {
      await this.#discard(made);
      throw this.#failed(error);
    }
  }

  /** Opens one to go on writing it; undefined while somebody else writes it, and where it is gone. */
  async reopen(id: string): Promise<OpenContent | undefined> {
    try {
      return await this.#opened(id, constants.O_RDWR, true);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Opens one to read it. Failure `config` (`not_found`) where it is gone. */
  async read(id: string): Promise<FileHandle> {
    try {
      return await open(this.#path(id), constants.O_RDONLY);
    } catch (error) {
      if (!isMissing(error)) throw this.#failed(error);
      throw contentGone(error);
    }
  }

  /** One as a file of a store, under the name that it has for people. */
  async file(id: string, name: string): Promise<{ readonly files: FileStore; readonly entry: FileEntry }> {
    const files = localStore({ root: this.dir });
    return { files, entry: { ...await files.stat(`${id.slice(0, 2)}/${id}`), name } };
  }

  /** Removes one, if it is there. */
  async remove(id: string): Promise<void> {
    await Deno.remove(this.#path(id)).catch(unlessMissing);
  }

  /** Those that are on the disk, whether a row names them or not. */
  async *stored(): AsyncGenerator<StoredContent, void, undefined> {
    for (const folder of await namesIn(this.dir)) {
      for (const id of await namesIn(join(this.dir, folder))) {
        if (!isId(id)) continue;
        const found = await Deno.stat(this.#path(id)).catch(unlessMissing);
        if (found !== undefined) yield { id, bytes: found.size, modified: found.mtime?.getTime() ?? 0 };
      }
    }
  }

  /** Whether somebody writes it, or is about to. */
  async isBeingWritten({ id, bytes, modified }: StoredContent): Promise<boolean> {
    using file = await Deno.open(this.#path(id), { read: true }).catch(unlessMissing);
    if (file === undefined) return false;
    if (!await file.tryLock(true)) return true;
    return bytes === 0 && Date.now() - modified < NEWBORN;
  }

  #path(id: string): string {
    // Ids come from the database and from here alone; a path that is none must not be made of one.
    if (!isId(id)) throw new Error(`"${id}" names no content`);
    return join(this.dir, id.slice(0, 2), id);
  }

  async #make(id: string, named = false): Promise<OpenContent> {
    try {
      return await this.#made(id, named);
    } catch (error) {
      if (!isMissing(error)) throw this.#failed(error);
      await this.#makeFolder(dirname(this.#path(id)));
      return await this.#made(id, named);
    }
  }

  /** Makes some in one folder, their names on the disk. */
  async #makeTogether(count: number): Promise<OpenContent[]> {
    const made: OpenContent[] = [];
    const folder = newId().slice(0, 2);
    try {
      while (made.length < count) made.push(await this.#make(`${folder}${newId().slice(2)}`, true));
      await syncFolder(join(this.dir, folder));
      return made;
    } catch (error) {
      for (const content of made) await this.#discard(content);
      throw error;
    }
  }

  /** Removes one that nobody needs, and lets go of it. */
  async #discard(content: OpenContent): Promise<void> {
    await this.remove(content.id);
    await content[Symbol.asyncDispose]();
  }

  async #made(id: string, named: boolean): Promise<OpenContent> {
    const made = await this.#opened(id, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, named);
    // Nobody else knows its name, but for whoever looks for what crashes left, and lets go of it.
    if (made === undefined) throw new Error(`The new content "${id}" is locked`);
    return made;
  }

  /** Undefined where somebody else holds the lock. `named`: whether its name is on the disk. */
  async #opened(id: string, flags: number, named: boolean): Promise<OpenContent | undefined> {
    const path = this.#path(id);
    const handle = await open(path, flags, 0o600);
    let lock: Deno.FsFile | undefined;
    try {
      // The lock is another opening's: it ends with the process, whatever becomes of it.
      lock = await Deno.open(path, { read: true });
      if (!await locked(lock)) {
        lock.close();
        await handle.close();
        return undefined;
      }
    } catch (error) {
      lock?.close();
      await handle.close();
      throw this.#failed(error);
    }
    const held = lock;
    let hasName = named;
    let closed = false;
    return {
      id,
      handle,
      sync: async () => {
        try {
          await handle.datasync();
          if (!hasName) await syncFolder(dirname(path));
          hasName = true;
        } catch (error) {
          throw this.#failed(error);
        }
      },
      [Symbol.asyncDispose]: async () => {
        if (closed) return;
        closed = true;
        held.close();
        await handle.close();
      },
    };
  }

  async #makeFolder(folder: string): Promise<void> {
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      for (const path of [this.dir, dirname(this.dir)]) await syncFolder(path);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    return diskFull(error) ?? error;
  }
}

/** The Failure of a full disk, which says nothing of where the disk is: clients of the server read it. */
export function diskFull(error: unknown): Failure | undefined {
  if (diskFullFailure(error, "") === undefined && !saysDiskFull(error)) return undefined;
  return new AccountFailure("The server's disk is full", {
    hint: "Try again later, or tell whoever runs the server",
    cause: error,
  });
}

/** Does work that writes. Failure `transient` for a full disk. */
export async function throwIfDiskFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFull(error) ?? error;
  }
}

/** Takes the lock; false where somebody holds it for longer than a look at it takes. */
async function locked(file: Deno.FsFile): Promise<boolean> {
  for (let tries = 1;; tries++) {
    if (await file.tryLock(true)) return true;
    if (tries === LOCK_TRIES) return false;
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
