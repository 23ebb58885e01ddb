/**
 * Commits a run's batches on a thread of their own: while one commits, the run reads and prepares the next.
 *
 * @module
 */
import { buffersOf } from "../profiles/profile_batch.ts";
import type { FromCommit, ImportStart, ReplayStart, ToCommit } from "./commit_protocol.ts";
import type { Commits, Spare } from "./commits.ts";
import { reviveError } from "./describe_error.ts";
import { type ImportBatch, PlaceChanged } from "./import_commit.ts";
import { LeaseLost } from "./queue.ts";
import type { ReplayPart } from "./replay_commit.ts";

/** A thread that commits. At most one batch is under way; the next waits for it. */
abstract class Thread<Start extends ImportStart | ReplayStart> implements AsyncDisposable {
  readonly #port: MessagePort;
  #answer: { resolve(): void; reject(error: Error): void } = { resolve: () => {}, reject: () => {} };
  #spare: Spare | undefined;
  #underWay: Promise<void> = Promise.resolve();

  /** Lets the worker at the port's other end commit for the claim in `start`. Whoever started it ends it. */
  constructor(start: Start, port: MessagePort) {
    this.#port = port;
    port.addEventListener("message", ({ data }: MessageEvent<FromCommit>) => {
      if (data.type === "done") {
        this.#spare = data.spare;
        this.#answer.resolve();
      } else if (data.type === "lost") this.#answer.reject(new LeaseLost(start.claim));
      else if (data.type === "changed") this.#answer.reject(new PlaceChanged(start.claim));
      else if (data.type === "failed") this.#answer.reject(reviveError(data.failure, data.stack));
    });
    port.start();
    this.#post(start);
  }

  /** The memory of what is committed, once. */
  spare(): Spare | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  /** Waits for the batch under way; throws what made it fail. */
  drain(): Promise<void> {
    return this.#underWay;
  }

  /** Waits for the batch under way, and until the worker has closed its database. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay.catch(() => {});
    this.ask({ type: "close" }, []);
    await this.#underWay.catch(() => {});
    this.#port.close();
  }

  /** Sends what is answered; `drain` waits for the answer. */
  protected ask(message: ToCommit, transfer: ArrayBuffer[]): void {
    this.#underWay = new Promise((resolve, reject) => this.#answer = { resolve, reject });
    // Whoever asks next is told; until then nobody listens.
    this.#underWay.catch(() => {});
    this.#post(message, transfer);
  }

  #post(message: ToCommit, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** The thread that commits an import. */
export class CommitThread extends Thread<ImportStart> implements Commits<ImportBatch> {
  /** Sends a batch when the one before is committed. */
  async commit({ profiles, ...rest }: ImportBatch): Promise<void> {
    await this.drain();
    const packed = profiles.map((batch) => batch.pack());
    const transfer = [rest.lines, rest.rejects].flatMap((bytes) => bytes === undefined ? [] : [bytes.buffer]);
    transfer.push(...packed.flatMap(buffersOf));
    this.ask({ type: "batch", batch: { ...rest, profiles: packed } }, transfer as ArrayBuffer[]);
  }
}

/** The thread that commits a replay. */
export class ReplayThread extends Thread<ReplayStart> implements Commits<ReplayPart> {
  /** Sends a part when the one before is committed. */
  async commit({ batches, ...rest }: ReplayPart): Promise<void> {
    await this.drain();
    const packed = batches.map(({ profiles, ...batch }) => ({ ...batch, profiles: profiles.pack() }));
    this.ask(
      { type: "part", part: { ...rest, batches: packed } },
      packed.flatMap(({ profiles }) => buffersOf(profiles)),
    );
  }
}
