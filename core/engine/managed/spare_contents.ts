/**
 * Contents that are made ahead, their names already on the disk: whoever uploads many small files waits for neither.
 *
 * @module
 */
import type { OpenContent } from "./contents.ts";

/** Contents that are made at a time, in one folder: its names come to the disk once for all of them. */
const BATCH = 16;

/** Milliseconds between two contents that are asked for, up to which more are expected. */
const BUSY = 1_000;

/** How long spares are kept after one was asked for last, in milliseconds. */
const KEPT = 5_000;

/** How spares are made, and what becomes of those that nobody needs. */
export interface SpareMaker {
  /** Makes empty ones, and brings their names to the disk. */
  make(count: number): Promise<readonly OpenContent[]>;
  discard(content: OpenContent): Promise<void>;
}

/** Keeps some spares while they are in demand, and none otherwise. */
export class SpareContents implements AsyncDisposable {
  readonly #maker: SpareMaker;
  readonly #kept: number;
  readonly #spares: OpenContent[] = [];
  #asked = -Infinity;
  #making: Promise<void> | undefined;
  #discarding: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** `kept`: how long spares stay after one was asked for last, in milliseconds. */
  constructor(maker: SpareMaker, kept: number = KEPT) {
    this.#maker = maker;
    this.#kept = kept;
  }

  /** One of them; undefined where there is none just now. */
  take(): OpenContent | undefined {
    const now = performance.now();
    const busy = now - this.#asked <= BUSY;
    this.#asked = now;
    const taken = this.#spares.shift();
    if (busy && this.#spares.length <= BATCH / 2 && !this.#ended) this.#making ??= this.#make();
    return taken;
  }

  /** Lets go of those that are left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#making;
    this.#discardAll();
    await this.#discarding;
  }

  async #make(): Promise<void> {
    try {
      this.#spares.push(...await this.#maker.make(BATCH));
      this.#timer ??= setTimeout(() => this.#look(), this.#kept);
    } catch {
      // Whoever needs one makes it, and hears why it cannot be made.
    } finally {
      this.#making = undefined;
    }
  }

  #look(): void {
    const rest = this.#asked + this.#kept - performance.now();
    if (rest > 0) this.#timer = setTimeout(() => this.#look(), rest);
    else this.#discardAll();
  }

  #discardAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spares = this.#spares.splice(0);
    this.#discarding = this.#discarding.then(async () => {
      for (const spare of spares) await this.#maker.discard(spare).catch(() => {});
    });
  }
}
