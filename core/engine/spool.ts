/**
 * The spool: files that came over HTTP, each in a folder of its own below the data directory, until its run has ended
 * for good.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { Failure } from "../contracts/failure.ts";
import { giveBackPiece } from "../contracts/give_back.ts";
import type { FileStore } from "../contracts/file_store.ts";
import { localStore } from "../files/local.ts";
import { diskFullFailure } from "./disk_full.ts";
import { isLocked, namesIn, syncFolder, unlessMissing } from "./stored_files.ts";

/** Where a file lies: it belongs to a run, which may not be queued yet. */
export interface SpoolPlace {
  readonly account: number;
  readonly run: string;
}

/** A file that is durable. It counts as coming in, and is not swept, until it is disposed of: its run should be there. */
export interface Spooled extends Disposable {
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly digest: string;
}

/** A folder of the spool. */
export interface SpoolEntry extends SpoolPlace {
  /** When it, or a file in it, was changed last: milliseconds since the Unix epoch. */
  readonly modified: number;
  readonly bytes: number;
  /** Whether whoever receives it lives and is not done: it holds a lock on the file, which ends with its process. */
  readonly coming: boolean;
}

/** Bytes between two looks at whether somebody removed the file that is coming in. */
const LOOK = 4 << 20;

/** The spool of a data directory. */
export class Spool {
  constructor(private readonly dir: string) {}

  /**
   * Writes a file (0600) and brings it, and the folders it lies in, to the disk. It is never held in memory. Whatever
   * keeps it from being whole leaves nothing behind.
   *
   * @throws {Failure} `too_large` for more than `limit` bytes, `transient` for a full disk and where somebody else
   * removed it meanwhile, and what `content` throws.
   */
  async receive(
    place: SpoolPlace,
    name: string,
    content: AsyncIterable<Uint8Array>,
    limit: number,
  ): Promise<Spooled> {
    const folder = this.#folder(place);
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      using files = new DisposableStack();
      const file = files.use(await Deno.open(join(folder, name), { write: true, createNew: true, mode: 0o600 }));
      // Before its first byte: whoever finds bytes and no lock knows that nobody receives them.
      await file.lock(true);
      const written = await writeContent(file, content, limit);
      // A name is on the disk only when its folder is.
      for (const path of [folder, dirname(folder), this.dir, dirname(this.dir)]) await syncFolder(path);
      files.move();
      return { ...written, [Symbol.dispose]: () => file.close() };
    } catch (error) {
      // What cannot be removed now is swept later.
      await this.remove(place).catch(() => {});
      throw diskFullFailure(error, this.dir) ?? error;
    }
  }

  /** The one file of a run, as a store. */
  files(place: SpoolPlace): FileStore {
    return localStore({ root: this.#folder(place) });
  }

  /** Removes a run's file, if it is there. */
  async remove(place: SpoolPlace): Promise<void> {
    await Deno.remove(this.#folder(place), { recursive: true }).catch(unlessMissing);
  }

  /** What is there. */
  async *entries(): AsyncGenerator<SpoolEntry, void, undefined> {
    for (const account of await namesIn(this.dir)) {
      for (const run of await namesIn(join(this.dir, account))) {
        const place = { account: Number(account), run };
        yield { ...place, ...await lookAt(this.#folder(place)) };
      }
    }
  }

  #folder({ account, run }: SpoolPlace): string {
    return join(this.dir, String(account), run);
  }
}

async function writeContent(
  file: Deno.FsFile,
  content: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<{ readonly bytes: number; readonly digest: string }> {
  const hash = createHash("sha256");
  let bytes = 0, looked = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLarge(limit);
    const written = writeWhole(file, chunk);
    // Meanwhile: the system writes on a thread of its own.
    hash.update(chunk);
    await written;
    giveBackPiece(chunk);
    if (bytes < looked + LOOK) continue;
    await refuseCutOff(file);
    looked = bytes;
  }
  await file.sync();
  await refuseCutOff(file);
  return { bytes, digest: hash.digest("hex") };
}

async function writeWhole(file: Deno.FsFile, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
}

/** An erasure does not wait for ever for what may hold the erased. */
async function refuseCutOff(file: Deno.FsFile): Promise<void> {
  if ((await file.stat()).nlink !== 0) return;
  throw new Failure("transient", "The upload was cut off: an erasure had waited for it for too long", {
    hint: "Send it again",
  });
}

/** What more than `limit` bytes are answered with. */
export function tooLarge(limit: number): Failure {
  return new Failure("config", `The file is over ${limit} bytes, the most that is taken`, {
    code: "too_large",
    hint: 'Send it in parts, or have the operator raise "upload_limit_bytes" in waybill.json',
  });
}

/** What there is to tell of a folder and the files in it. */
async function lookAt(folder: string): Promise<Pick<SpoolEntry, "modified" | "bytes" | "coming">> {
  let modified = (await Deno.stat(folder).catch(unlessMissing))?.mtime?.getTime() ?? 0;
  let bytes = 0, coming = false;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    // Its size first: bytes were written under the lock that is looked at then.
    const info = await Deno.stat(path).catch(unlessMissing);
    modified = Math.max(modified, info?.mtime?.getTime() ?? 0);
    bytes += info?.size ?? 0;
    coming ||= await isLocked(path);
  }
  return { modified, bytes, coming };
}
