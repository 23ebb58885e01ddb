/**
 * The spool: files that came over HTTP, each in a folder of its own below the data directory, until its run has ended
 * for good.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../contracts/failure.ts";
import type { FileStore } from "../contracts/file_store.ts";
import { localStore } from "../files/local.ts";
import { diskFullFailure } from "./disk_full.ts";

/** Where a file lies: it belongs to a run, which may not be queued yet. */
export interface SpoolPlace {
  readonly account: number;
  readonly run: string;
}

/** A file that is durable. */
export interface Spooled {
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly digest: string;
}

/** A folder of the spool. */
export interface SpoolEntry extends SpoolPlace {
  /** When it, or a file in it, was changed last: milliseconds since the Unix epoch. */
  readonly modified: number;
}

/** The spool of a data directory. */
export class Spool {
  constructor(private readonly dir: string) {}

  /**
   * Writes a file (0600) and brings it, and the folders it lies in, to the disk. It is never held in memory. Whatever
   * keeps it from being whole leaves nothing behind.
   *
   * @throws {Failure} `too_large` for more than `limit` bytes, `transient` for a full disk, and what `content` throws.
   */
  async write(
    place: SpoolPlace,
    name: string,
    content: AsyncIterable<Uint8Array>,
    limit: number,
  ): Promise<Spooled> {
    const folder = this.#folder(place);
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      const spooled = await writeFile(join(folder, name), content, limit);
      // A name is on the disk only when its folder is.
      for (const path of [folder, dirname(folder), this.dir, dirname(this.dir)]) await syncFolder(path);
      return spooled;
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
        const folder = this.#folder(place);
        const paths = [folder, ...(await namesIn(folder)).map((name) => join(folder, name))];
        const times = await Promise.all(paths.map(modifiedAt));
        yield { ...place, modified: Math.max(...times) };
      }
    }
  }

  #folder({ account, run }: SpoolPlace): string {
    return join(this.dir, String(account), run);
  }
}

async function writeFile(path: string, content: AsyncIterable<Uint8Array>, limit: number): Promise<Spooled> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLarge(limit);
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }
  await file.sync();
  return { bytes, digest: hash.digest("hex") };
}

/** What more than `limit` bytes are answered with. */
export function tooLarge(limit: number): Failure {
  return new Failure("config", `The file is over ${limit} bytes, the most that is taken`, {
    code: "too_large",
    hint: 'Send it in parts, or have the operator raise "upload_limit_bytes" in waybill.json',
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  } catch (error) {
    unlessMissing(error);
    return [];
  }
}

async function modifiedAt(path: string): Promise<number> {
  const info = await Deno.stat(path).catch(unlessMissing);
  return info?.mtime?.getTime() ?? 0;
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotADirectory)) throw error;
}
