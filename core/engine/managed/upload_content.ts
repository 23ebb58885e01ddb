/**
 * What an upload has brought: in memory as long as it is small, else a file.
 *
 * @module
 */
import { type ManagedContents, type OpenContent, throwIfDiskFull } from "./contents.ts";
import { newSmallId, SMALL } from "./small_contents.ts";

/** Bytes that an upload gets at first; doubled when they are too few. */
const FIRST = 1_024;

/** The bytes of one upload. Once they are a file they stay one. */
export class UploadContent implements AsyncDisposable {
  readonly #contents: ManagedContents;
  readonly #smallId = newSmallId();
  #memory = new Uint8Array();
  #size = 0;
  /** The file, once there is to be one. */
  #file: OpenContent | undefined;
  #moving: Promise<OpenContent> | undefined;

  /** Begins with nothing, or with a file, which it takes over. */
  constructor(contents: ManagedContents, file?: OpenContent) {
    this.#contents = contents;
    if (file === undefined) return;
    this.#file = file;
    this.#moving = Promise.resolve(file);
  }

  /** The name that it has once it is kept. */
  get id(): string {
    return this.#file?.id ?? this.#smallId;
  }

  /** All of it, while it is small; undefined once it is a file. */
  get small(): Uint8Array | undefined {
    return this.#moving === undefined ? this.#memory.subarray(0, this.#size) : undefined;
  }

  /** Fills a buffer from a position on, as far as there are bytes, and says how many. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    const { small } = this;
    if (small === undefined) {
      return (await (await this.file()).handle.read(buffer, 0, buffer.length, position)).bytesRead;
    }
    const bytes = small.subarray(position, position + buffer.length);
    buffer.set(bytes);
    return bytes.length;
  }

  /** Writes all of `data`; what lies between the end and `position` becomes zeros. Failure `transient` for a full disk. */
  async write(position: number, data: Uint8Array): Promise<void> {
    if (this.#moving === undefined && this.#put(position, data)) return;
    const { handle } = await this.file();
    await throwIfDiskFull(async () => {
      for (let start = 0; start < data.length;) {
        start += (await handle.write(data, start, data.length - start, position + start)).bytesWritten;
      }
    });
  }

  /** Cuts it off, or fills it up with zeros. Failure `transient` for a full disk. */
  async truncate(size: number): Promise<void> {
    if (this.#moving === undefined && this.#resize(size)) return;
    const { handle } = await this.file();
    await throwIfDiskFull(() => handle.truncate(size));
  }

  /** Makes it a file, if it is none. */
  file(): Promise<OpenContent> {
    this.#moving ??= this.#move();
    return this.#moving;
  }

  /** Lets go of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // A file that could not be made whole is let go of, too.
    await this.#moving?.catch(() => {});
    this.#forget();
    await this.#file?.[Symbol.asyncDispose]();
  }

  #put(position: number, data: Uint8Array): boolean {
    const end = position + data.length;
    if (!this.#reserve(end)) return false;
    this.#memory.set(data, position);
    this.#size = Math.max(this.#size, end);
    return true;
  }

  #resize(size: number): boolean {
    if (!this.#reserve(size)) return false;
    // What is cut off must not come back when it grows again.
    this.#memory.fill(0, size);
    this.#size = size;
    return true;
  }

  /** Makes room for so many bytes; false where there is none. */
  #reserve(size: number): boolean {
    const before = this.#memory;
    if (size <= before.length) return true;
    if (size > SMALL) return false;
    const length = Math.min(SMALL, Math.max(size, 2 * before.length, FIRST));
    if (!this.#contents.held.take(length - before.length)) return false;
    this.#memory = new Uint8Array(length);
    this.#memory.set(before.subarray(0, this.#size));
    return true;
  }

  async #move(): Promise<OpenContent> {
    const bytes = this.#memory.subarray(0, this.#size);
    const file = await this.#contents.create();
    this.#file = file;
    await throwIfDiskFull(async () => {
      for (let start = 0; start < bytes.length;) {
        start += (await file.handle.write(bytes, start, bytes.length - start, start)).bytesWritten;
      }
    });
    this.#forget();
    return file;
  }

  #forget(): void {
    this.#contents.held.give(this.#memory.length);
    this.#memory = new Uint8Array();
    this.#size = 0;
  }
}
