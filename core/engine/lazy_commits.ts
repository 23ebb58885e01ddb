/**
 * Chooses how a run commits when its first batch is there: a thread is worth its start only for many events.
 *
 * @module
 */
import type { Commits, Spare } from "./commits.ts";
import type { ImportBatch } from "./import_commit.ts";
import type { ReplayPart } from "./replay_commit.ts";

/** First batches with this many events make a thread worth it: a small run ends before one has started. */
export const MANY_EVENTS = 20_000;

/** So do those with this many bytes of lines: commits of wide rows have few events. */
const MANY_LINES = 8 << 20;

/** Commits inline or on a thread, as the first batch suggests. */
export class LazyCommits<Batch extends ImportBatch | ReplayPart> implements Commits<Batch> {
  #chosen: Commits<Batch> | undefined;

  constructor(private readonly inline: () => Commits<Batch>, private readonly thread: () => Commits<Batch>) {}

  async commit(batch: Batch): Promise<void> {
    this.#chosen ??= isLarge(batch) ? this.thread() : this.inline();
    await this.#chosen.commit(batch);
  }

  async drain(): Promise<void> {
    await this.#chosen?.drain();
  }

  spare(): Spare | undefined {
    return this.#chosen?.spare();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chosen?.[Symbol.asyncDispose]();
  }
}

function isLarge({ events, lines = 0 }: ImportBatch | ReplayPart): boolean {
  return events >= MANY_EVENTS || (typeof lines === "number" ? lines : lines.length) >= MANY_LINES;
}
