/**
 * Commits a run's batches on a thread of their own: while one commits, the run reads and prepares the next.
 *
 * @module
 */
import { MemberPacking, type PackedPieces } from "../profiles/archive.ts";
import { buffersOf } from "../profiles/packed_batch.ts";
import { beginBeside } from "./beside.ts";
import type { FromCommit, ImportStart, ReplayStart, ToCommit } from "./commit_protocol.ts";
import type { Commits, Spare } from "./commits.ts";
import { reviveError } from "./describe_error.ts";
import { type ImportBatch, PlaceChanged } from "./import_commit.ts";
import { LeaseLost } from "./claim.ts";
import type { ReplayPart } from "./replay_commit.ts";
import { turn, Turns } from "./turns.ts";

/** How long lines are compressed between two looks at whether the commit under way has ended, in milliseconds. */
const SLICE = 4;

/** A thread that commits. At most one batch is under way; the next waits for it. */
abstract class Thread<Start extends ImportStart | ReplayStart> implements AsyncDisposable {
  readonly #port: MessagePort;
  #answer: { resolve(): void; reject(error: Error): void } = { resolve: () => {}, reject: () => {} };
  #spare: Spare | undefined;
  #underWay: Promise<void> = Promise.resolve();
  /** Whether an answer is waited for. */
  protected isBusy = false;

  /** Lets the Worker that the port leads to commit for the claim in `start`. Whoever started it ends it. */
  constructor(start: Start, helper: MessagePort) {
    this.#port = beginBeside(helper, start);
    this.#port.addEventListener("message", ({ data }: MessageEvent<FromCommit>) => {
      this.isBusy = false;
      if (data.type === "done") {
        this.#spare = data.spare;
        this.#answer.resolve();
      } else if (data.type === "lost") this.#answer.reject(new LeaseLost(start.claim));
      else if (data.type === "changed") this.#answer.reject(new PlaceChanged(start.claim));
      else if (data.type === "failed") this.#answer.reject(reviveError(data.failure, data.stack));
    });
    this.#port.start();
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
    this.isBusy = true;
    this.tell(message, transfer);
  }

  /** Sends a message. */
  protected tell(message: ToCommit, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** The thread that commits an import. */
export class CommitThread extends Thread<ImportStart> implements Commits<ImportBatch> {
  /** Sends a batch when the one before is committed; compresses its lines while it waits. */
  async commit({ profiles, ...rest }: ImportBatch): Promise<void> {
    const packed = rest.lines === undefined ? undefined : await this.#pack(rest.lines);
    await this.drain();
    const packedProfiles = profiles.map((batch) => batch.pack());
    const transfer = [rest.lines, rest.rejects, packed?.bytes]
      .flatMap((bytes) => bytes === undefined ? [] : [bytes.buffer]);
    transfer.push(...packedProfiles.flatMap(buffersOf));
    this.ask({ type: "batch", batch: { ...rest, packed, profiles: packedProfiles } }, transfer as ArrayBuffer[]);
  }

  /** Compresses lines for as long as a commit is under way: the other thread compresses the rest. */
  async #pack(lines: Uint8Array): Promise<PackedPieces> {
    const packing = new MemberPacking(lines), turns = new Turns(SLICE);
    while (this.isBusy && !packing.done) {
      packing.step();
      await turns.rest();
    }
    return packing.take();
  }
}

/** The thread that commits a replay. */
export class ReplayThread extends Thread<ReplayStart> implements Commits<ReplayPart> {
  /** Sends a part when the one before is committed; notes whom its events name while it waits. */
  async commit({ batches, ...rest }: ReplayPart): Promise<void> {
    // An answer that is there is heard first.
    await turn();
    for (const { profiles } of batches) if (this.isBusy) profiles.name();
    await this.drain();
    const packed = batches.map(({ profiles, ...batch }) => ({ ...batch, profiles: profiles.pack() }));
    this.ask(
      { type: "part", part: { ...rest, batches: packed } },
      packed.flatMap(({ profiles }) => buffersOf(profiles)),
    );
  }
}
