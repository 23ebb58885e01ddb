/**
 * Commits an import's batches on a thread of their own: while one commits, the run reads and prepares the next.
 *
 * @module
 */
import type { CommitStart, FromCommit, ToCommit } from "./commit_protocol.ts";
import { reviveError } from "./describe_error.ts";
import { type Commits, type ImportBatch, PlaceChanged } from "./import_commit.ts";
import { buffersOf, type PackedProfileBatch } from "../profiles/profile_batch.ts";
import { LeaseLost } from "./queue.ts";

/**
 * Starts a Worker that can become a {@linkcode CommitThread}. Started before the work begins it is ready when the first
 * batch is: its modules load through this thread, which would be busy by then (measured: 90 ms against a second).
 */
export function startCommitWorker(): Worker {
  return new Worker(new URL("./commit_worker.ts", import.meta.url), { type: "module", name: "commit" });
}

/** A thread that commits. At most one batch is under way; the next waits for it. */
export class CommitThread implements Commits {
  readonly #worker: Worker;
  #answer: { resolve(): void; reject(error: Error): void } = { resolve: () => {}, reject: () => {} };
  #spare: readonly PackedProfileBatch[] | undefined;
  #underWay: Promise<void> = Promise.resolve();
  /** Why the thread answers no more. */
  #broken: Error | undefined;

  /** Lets a worker commit for the claim in `start`; it is this thread's from then on. */
  constructor(start: Omit<CommitStart, "type">, worker: Worker = startCommitWorker()) {
    this.#worker = worker;
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromCommit>) => {
      if (data.type === "done") {
        this.#spare = data.spare;
        this.#answer.resolve();
      } else if (data.type === "lost") this.#answer.reject(new LeaseLost(start.claim));
      else if (data.type === "changed") this.#answer.reject(new PlaceChanged(start.claim));
      else if (data.type === "failed") this.#answer.reject(reviveError(data.failure, data.stack));
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#broken = new Error(`The commit thread ended: ${event.message}`);
      this.#answer.reject(this.#broken);
    });
    this.#post({ type: "start", ...start });
  }

  async commit({ profiles, ...rest }: ImportBatch): Promise<void> {
    await this.#underWay;
    const packed = profiles.map((batch) => batch.pack());
    const transfer = [rest.member, rest.rejects].flatMap((bytes) => bytes === undefined ? [] : [bytes.buffer]);
    transfer.push(...packed.flatMap(buffersOf));
    this.#ask({ type: "commit", batch: { ...rest, profiles: packed } }, transfer as ArrayBuffer[]);
  }

  spare(): readonly PackedProfileBatch[] | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  drain(): Promise<void> {
    return this.#underWay;
  }

  /** Waits for the batch under way and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay.catch(() => {});
    this.#ask({ type: "close" }, []);
    await this.#underWay.catch(() => {});
    this.#worker.terminate();
  }

  #ask(message: ToCommit, transfer: ArrayBuffer[]): void {
    this.#underWay = new Promise((resolve, reject) => this.#answer = { resolve, reject });
    // Whoever asks next is told; until then nobody listens.
    this.#underWay.catch(() => {});
    if (this.#broken === undefined) this.#post(message, transfer);
    else this.#answer.reject(this.#broken);
  }

  #post(message: ToCommit, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
