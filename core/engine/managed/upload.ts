/**
 * A file that is being written, until its upload ends or breaks off.
 *
 * @module
 */
import type { Place } from "./nodes.ts";
import { Ranges } from "./ranges.ts";
import type { UploadContent } from "./upload_content.ts";

/** What an upload begins with. */
export interface UploadStart {
  readonly place: Place;
  readonly content: UploadContent;
  /** Bytes that are in it already. */
  readonly size: number;
  /** Whether it makes a file even if nothing is written. */
  readonly changed?: boolean;
  /** Whether it goes on with what one that broke off has brought. */
  readonly resumed?: boolean;
  /** Bytes of what it takes the place of: they count no more once it is there. */
  readonly replaces: number;
}

/** One upload. */
export class Upload {
  /** Another one where the file is renamed meanwhile. */
  place: Place;
  readonly content: UploadContent;
  readonly replaces: number;
  readonly resumed: boolean;
  /** The session that writes it: the last one that opened it. */
  owner: unknown;
  /** Handles of that session. */
  handles = 0;
  /** Whether there is something to keep. */
  changed: boolean;
  /** Whether the file was removed, or replaced, meanwhile: nothing becomes of the upload. */
  abandoned = false;
  /** Why something could not be written: then the upload comes to nothing. */
  failed: unknown;
  readonly #start: number;
  #size: number;
  #modified = Date.now();
  readonly #ranges: Ranges;
  readonly #writing = new Set<Promise<void>>();

  constructor({ place, content, size, replaces, changed = false, resumed = false }: UploadStart) {
    this.place = place;
    this.content = content;
    this.#start = size;
    this.#size = size;
    this.changed = changed;
    this.replaces = replaces;
    this.resumed = resumed;
    this.#ranges = new Ranges(size);
  }

  /** Bytes from the start to the last one written. */
  get size(): number {
    return this.#size;
  }

  /** When it was written last, in milliseconds since the Unix epoch. */
  get modified(): number {
    return this.#modified;
  }

  /** Bytes from the start that have come without a gap. */
  get contiguous(): number {
    return this.#ranges.contiguous;
  }

  /** Whether something becomes of it when it ends. */
  get isWanted(): boolean {
    return this.changed && !this.abandoned && this.failed === undefined;
  }

  /** Reads what has come. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(Math.max(0, Math.min(length, this.#size - position)));
    return buffer.subarray(0, await this.content.read(buffer, position));
  }

  /** Takes back what it brought. */
  async undo(): Promise<void> {
    await this.content.truncate(this.#start);
  }

  /** Resolves when what is being written is written. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing);
  }

  /** Writes all of `data`. */
  async write(position: number, data: Uint8Array): Promise<void> {
    const writing = this.#write(position, data);
    this.#writing.add(writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }

  async #write(position: number, data: Uint8Array): Promise<void> {
    await this.content.write(position, data);
    this.#ranges.add(position, position + data.length);
    this.#size = Math.max(this.#size, position + data.length);
    this.#touch();
  }

  /** Cuts it off, or fills it up with zeros. */
  async truncate(size: number): Promise<void> {
    await this.content.truncate(size);
    this.#size = size;
    this.#ranges.cut(size);
    this.#touch();
  }

  #touch(): void {
    this.changed = true;
    this.#modified = Date.now();
  }
}
