/**
 * The spool: where a codec puts bytes that nobody may use yet, such as plaintext that is not authenticated.
 *
 * @module
 */
import { join } from "node:path";
import { Failure } from "../contracts/failure.ts";
import { handOver } from "../contracts/give_back.ts";
import type { Spool, SpoolFile } from "../contracts/spool.ts";
import { inTurn } from "./spool_turns.ts";

export type { Spool, SpoolFile } from "../contracts/spool.ts";

/** Bytes that a stream hands out at a time. */
const CHUNK = 512 * 1024;

/**
 * A spool in a folder, which is made (0700) where it is missing. Its files are readable by this user alone (0600), and
 * their names go as soon as they are open: whatever ends the process, nothing is left behind.
 */
export function folderSpool(folder: string): Spool {
  return {
    create: async () => {
      const path = join(folder, `${crypto.randomUUID()}.spool`);
      try {
        await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
        const file = await Deno.open(path, { read: true, write: true, createNew: true, mode: 0o600 });
        // Windows keeps the name of a file that is open: there it goes with the file.
        const isNamed = await Deno.remove(path).then(() => false, () => true);
        return new OpenSpoolFile(file, folder, isNamed ? path : undefined);
      } catch (error) {
        throw spoolFailure(error, folder);
      }
    },
  };
}

/** Not a file of `node:fs`, which the runtime writes on the thread that asks for it (Deno 2.9). */
class OpenSpoolFile implements SpoolFile {
  readonly #file: Deno.FsFile;
  readonly #folder: string;
  #path: string | undefined;
  #size = 0;
  #isOpen = true;
  // The file has one position, so reads and writes must not overlap.
  readonly #turn = inTurn();
  #position = 0;

  constructor(file: Deno.FsFile, folder: string, path: string | undefined) {
    this.#file = file;
    this.#folder = folder;
    this.#path = path;
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#doing(async () => {
      this.#seek(this.#size);
      for (let at = 0; at < bytes.length;) {
        const written = await this.#file.write(at === 0 ? bytes : bytes.subarray(at));
        this.#size += written;
        this.#position = this.#size;
        at += written;
      }
    });
  }

  read(offset: number, into: Uint8Array): Promise<number> {
    return this.#doing(async () => {
      this.#seek(offset);
      let filled = 0;
      while (filled < into.length) {
        const read = await this.#file.read(filled === 0 ? into : into.subarray(filled));
        if (read === null) break;
        filled += read;
        this.#position += read;
      }
      return filled;
    });
  }

  open(offset = 0): ReadableStream<Uint8Array> {
    return streamOf(this, offset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn(async () => {
      if (this.#isOpen) this.#file.close();
      this.#isOpen = false;
      if (this.#path !== undefined) await Deno.remove(this.#path);
      this.#path = undefined;
    });
  }

  #seek(position: number): void {
    if (this.#position !== position) this.#position = this.#file.seekSync(position, Deno.SeekMode.Start);
  }

  #doing<T>(work: () => Promise<T>): Promise<T> {
    return this.#turn(async () => {
      if (!this.#isOpen) throw new TypeError("The spool file is gone");
      return await work().catch((error: unknown) => {
        throw spoolFailure(error, this.#folder);
      });
    });
  }
}

/** The bytes of a spool file from `offset` to its present end. A piece is read while the one before is worked on. */
export function streamOf(file: SpoolFile, offset: number): ReadableStream<Uint8Array> {
  const end = file.size;
  let position = offset;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (position >= end) return controller.close();
      const buffer = new Uint8Array(Math.min(CHUNK, end - position));
      position += await file.read(position, buffer);
      controller.enqueue(handOver(buffer));
    },
  }, { highWaterMark: 1 });
}

function spoolFailure(error: unknown, folder: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Failure("transient", `The disk is full: the spool "${folder}" could not be written`, {
      hint: "Free some space, then try again",
      cause: error,
    });
  }
  const isDenied = error instanceof Error && error.name === "NotCapable";
  if (isDenied || code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ERR_ACCESS_DENIED") {
    return new Failure("config", `Waybill may not write to the spool "${folder}"`, {
      hint: "Check who owns the folder, and that Waybill was started with --allow-read and --allow-write for it",
      cause: error,
    });
  }
  if (typeof code !== "string") return error;
  return new Failure("transient", `The spool "${folder}" could not be reached: ${code}`, {
    hint: "Check the disk, or try again later",
    cause: error,
  });
}
