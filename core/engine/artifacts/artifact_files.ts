/**
 * The files of artifacts, below the data directory: one folder for each account, a file by the artifact's id in it.
 *
 * Whoever writes one holds a lock on it, which ends with the process: so what a crash left is told from what is coming.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { Failure } from "../../contracts/failure.ts";
import { diskFullFailure } from "../disk_full.ts";
import { isLocked, namesIn, syncFolder, unlessMissing } from "../stored_files.ts";

/** Where a file lies. */
export interface ArtifactPlace {
  readonly account: number;
  /** The artifact's id. */
  readonly id: string;
}

/** What was written. */
export interface WrittenFile {
  readonly size: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** A file that is there. */
export interface ArtifactEntry extends ArtifactPlace {
  readonly size: number;
  /** Whether whoever writes it lives and has not closed it, or may be about to write its first byte. */
  readonly coming: boolean;
}

/** After how long a file without a byte is no longer one that is about to be written, in milliseconds. */
const KEEP_EMPTY = 3_600_000;
/** Bytes written, and handed on, at a time. */
const CHUNK = 256 * 1024;

/** The files of a data directory. */
export class ArtifactFiles {
  constructor(private readonly dir: string) {}

  /** Makes an empty file (0600), which counts as coming until it is closed. Failure `transient` for a full disk. */
  async create(place: ArtifactPlace): Promise<NewFile> {
    try {
      await Deno.mkdir(dirname(this.#path(place)), { recursive: true, mode: 0o700 });
      const file = await Deno.open(this.#path(place), { write: true, createNew: true, mode: 0o600 });
      try {
        await file.lock(true);
        return new NewFile(file, this.dir, dirname(this.#path(place)));
      } catch (error) {
        file.close();
        throw error;
      }
    } catch (error) {
      throw diskFullFailure(error, this.dir) ?? error;
    }
  }

  /** Bytes of a file; undefined where there is none. */
  async size(place: ArtifactPlace): Promise<number | undefined> {
    return (await Deno.stat(this.#path(place)).catch(unlessMissing))?.size;
  }

  /** `length` bytes of a file from `first` on; undefined where there is no such file. */
  async read(place: ArtifactPlace, first: number, length: number): Promise<ReadableStream<Uint8Array> | undefined> {
    const file = await Deno.open(this.#path(place), { read: true }).catch(unlessMissing);
    if (file === undefined) return undefined;
    try {
      await file.seek(first, Deno.SeekMode.Start);
    } catch (error) {
      file.close();
      throw error;
    }
    return stretch(file, length);
  }

  /** Removes a file, if it is there. */
  async remove(place: ArtifactPlace): Promise<void> {
    await Deno.remove(this.#path(place)).catch(unlessMissing);
  }

  /** What is there: of one account where it is named. */
  async *entries(account?: number): AsyncGenerator<ArtifactEntry, void, undefined> {
    for (const folder of account === undefined ? await namesIn(this.dir) : [String(account)]) {
      for (const id of await namesIn(join(this.dir, folder))) {
        const place = { account: Number(folder), id };
        // Its size first: bytes were written under the lock that is looked at then.
        const info = await Deno.stat(this.#path(place)).catch(unlessMissing);
        if (info === undefined) continue;
        const { size, mtime } = info;
        const begun = size === 0 && Date.now() - (mtime?.getTime() ?? 0) < KEEP_EMPTY;
        yield { ...place, size, coming: begun || await isLocked(this.#path(place)) };
      }
    }
  }

  #path({ account, id }: ArtifactPlace): string {
    return join(this.dir, String(account), id);
  }
}

/** A file that is being written. */
export class NewFile implements Disposable {
  constructor(
    private readonly file: Deno.FsFile,
    private readonly dir: string,
    private readonly folder: string,
  ) {}

  /**
   * Writes all of it and brings it to the disk. Failure `transient` for a full disk, and where an erasure removed the
   * file meanwhile; or what `content` throws.
   */
  async write(content: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
    const hash = createHash("sha256");
    let size = 0;
    try {
      for await (const chunk of inBlocks(content)) {
        hash.update(chunk);
        for (let at = 0; at < chunk.length;) at += await this.file.write(chunk.subarray(at));
        size += chunk.length;
      }
      await this.file.sync();
      // A name is on the disk only when its folder is.
      for (const path of [this.folder, this.dir, dirname(this.dir)]) await syncFolder(path);
    } catch (error) {
      throw diskFullFailure(error, this.dir) ?? error;
    }
    if ((await this.file.stat()).nlink === 0) throw cutOff();
    return { size, sha256: hash.digest("hex") };
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

/** What is said where an erasure removed a file that was being written: it may have held the erased. */
export function cutOff(): Failure {
  return new Failure("transient", "An erasure removed the file while it was being written", { hint: "Try again" });
}

/** The next `length` bytes of a file, which is closed with the stream, however that ends. */
function stretch(file: Deno.FsFile, length: number): ReadableStream<Uint8Array> {
  let left = length;
  let open = true;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const buffer = new Uint8Array(Math.min(CHUNK, left));
        const count = left === 0 ? 0 : await file.read(buffer);
        if (count === null) throw new Error("The file of an artifact is shorter than it was");
        left -= count;
        if (count > 0) controller.enqueue(buffer.subarray(0, count));
        if (left > 0) return;
        close();
        controller.close();
      } catch (error) {
        close();
        controller.error(error);
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

/** The same bytes in pieces worth a call of the system's: rejected rows come one by one. */
async function* inBlocks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const block = new Uint8Array(CHUNK);
  let filled = 0;
  for await (const chunk of content) {
    if (filled + chunk.length > CHUNK) {
      yield block.subarray(0, filled);
      filled = 0;
    }
    if (chunk.length > CHUNK) {
      yield chunk;
      continue;
    }
    block.set(chunk, filled);
    filled += chunk.length;
  }
  yield block.subarray(0, filled);
}
