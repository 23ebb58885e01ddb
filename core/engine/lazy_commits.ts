/**
 * Chooses how an import commits when its first batch is there: a thread is worth its start only for large imports.
 *
 * @module
 */
import type { PackedProfileBatch } from "../profiles/profile_batch.ts";
import type { Commits, ImportBatch } from "./import_commit.ts";

/** First batches with this many events make a thread worth it: a small import ends before one has started. */
const MANY_EVENTS = 20_000;

/** So do those with this many compressed bytes: commits of wide rows have few. */
const MANY_BYTES = 1 << 20;

/** Commits inline or on a thread, as the first batch suggests. */
export class LazyCommits implements Commits {
  #chosen: Commits | undefined;

  constructor(private readonly inline: () => Commits, private readonly thread: () => Commits) {}

  async commit(batch: ImportBatch): Promise<void> {
    const large = batch.events >= MANY_EVENTS || (batch.member?.length ?? 0) >= MANY_BYTES;
    this.#chosen ??= large ? this.thread() : this.inline();
    await this.#chosen.commit(batch);
  }

  async drain(): Promise<void> {
    await this.#chosen?.drain();
  }

  spare(): readonly PackedProfileBatch[] | undefined {
    return this.#chosen?.spare();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chosen?.[Symbol.asyncDispose]();
  }
}
