/**
 * A file that another thread compares: while it hashes rows and looks them up, the run's own reads on.
 *
 * @module
 */
import { differenceOf, type Snapshot } from "../codecs/diff/mod.ts";
import type { RecordBatch } from "../contracts/records.ts";
import type { Difference, FileComparison } from "../contracts/snapshot.ts";
import { giveBack } from "../contracts/give_back.ts";
import { untilAborted } from "../files/failures.ts";
import { beginBeside } from "./beside.ts";
import type { ComparisonStart, FromComparison, ToComparison } from "./comparison_protocol.ts";
import { reviveError } from "./describe_error.ts";
import { removeSnapshot, type SnapshotFiles, type SnapshotPlace } from "./snapshots.ts";

/** Bytes of rows that may be on their way before the next have to wait: 8 MiB. */
const MOST_UNDER_WAY = 8 << 20;

/** Pieces of memory that are kept for rows to come; others that come back are freed. */
const SPARE = 4;

/** What a comparison beside needs of the run. */
export interface ComparisonGiven {
  /** The snapshot of the file before, open on this thread: who is gone, is read of it. */
  readonly before: Snapshot;
  /** Where the file's own is kept. */
  readonly files: SnapshotFiles;
  readonly place: SnapshotPlace;
  readonly signal: AbortSignal;
}

type Told<Type extends FromComparison["type"]> = Extract<FromComparison, { readonly type: Type }>;

/** Compares on the Worker that a run's port leads to. */
export class ComparisonThread implements FileComparison {
  readonly #port: MessagePort;
  readonly #waiting: PromiseWithResolvers<FromComparison>[] = [];
  readonly #spare: ArrayBuffer[] = [];
  #underWay = 0;
  /** Resolved when rows were taken, or could not be. */
  #taken = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  /** The file's snapshot, once it is being written. */
  #written: Promise<Told<"written">> | undefined;
  #isKept = false;

  constructor(helper: MessagePort, start: ComparisonStart, private readonly given: ComparisonGiven) {
    this.#port = beginBeside(helper, start);
    this.#port.addEventListener("message", ({ data }: MessageEvent<FromComparison>) => {
      const waiting = this.#waiting.shift();
      if (data.type === "failed") waiting?.reject(reviveError(data.failure, data.stack));
      else waiting?.resolve(data);
    });
    this.#port.start();
  }

  /** Sends a copy of the batch, which so is the reader's again. */
  async add(batch: RecordBatch): Promise<void> {
    const { copy, memory } = copyOf(batch, this.#spare.pop());
    const { byteLength } = memory;
    this.#underWay += byteLength;
    this.#ask<"added">({ type: "add", batch: copy }, [memory]).then(
      (told) => this.#takeBack(told.memory),
      (error) => this.#failure ??= { error },
    ).finally(() => {
      this.#underWay -= byteLength;
      this.#taken.resolve();
      this.#taken = Promise.withResolvers();
    });
    while (this.#underWay > MOST_UNDER_WAY) await untilAborted(this.#taken.promise, this.given.signal);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** The snapshot is written meanwhile, and brought to the disk while the rows that are different are handed over. */
  async difference(): Promise<Difference> {
    const { before, place: { folder, account, run }, signal } = this.given;
    const found = this.#ask<"found">({ type: "find", place: { folder, account, run } });
    this.#written = this.#ask<"written">({ type: "written" });
    return differenceOf((await untilAborted(found, signal)).found, before);
  }

  async keep(): Promise<string> {
    const { files, signal } = this.given;
    if (this.#written === undefined) throw new Error("A file's snapshot is kept once the file is compared");
    const { name } = await untilAborted(this.#written, signal);
    const kept = await files.withoutErased(name);
    this.#isKept = true;
    return kept;
  }

  /** Waits until the other thread has let everything go. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ask<"closed">({ type: "close" });
    this.#port.close();
    const written = this.#isKept ? undefined : await this.#written?.catch(() => undefined);
    if (written !== undefined) await removeSnapshot(this.given.place, written.name);
  }

  #takeBack(memory: ArrayBuffer): void {
    if (this.#spare.length < SPARE) this.#spare.push(memory);
    else giveBack(new Uint8Array(memory));
  }

  #ask<Type extends FromComparison["type"]>(message: ToComparison, transfer: ArrayBuffer[] = []): Promise<Told<Type>> {
    const waiting = Promise.withResolvers<FromComparison>();
    // Whoever waits for it is told; nobody may.
    waiting.promise.catch(() => {});
    this.#waiting.push(waiting);
    this.#port.postMessage(message, transfer);
    return waiting.promise as Promise<Told<Type>>;
  }
}

/** A copy of a batch, all of whose arrays lie in one piece of memory: the one given, if it is large enough. */
function copyOf(
  { bytes, rows, times, columns }: RecordBatch,
  spare: ArrayBuffer | undefined,
): { readonly copy: RecordBatch; readonly memory: ArrayBuffer } {
  const { names = [], spans = new Uint32Array(0) } = columns ?? {};
  const rowsAt = times.byteLength, spansAt = rowsAt + rows.byteLength, bytesAt = spansAt + spans.byteLength;
  const size = bytesAt + bytes.length;
  const memory = spare !== undefined && spare.byteLength >= size ? spare : new ArrayBuffer(size);
  const copy = {
    bytes: new Uint8Array(memory, bytesAt, bytes.length),
    rows: new Uint32Array(memory, rowsAt, rows.length),
    times: new Float64Array(memory, 0, times.length),
    columns: { names, spans: new Uint32Array(memory, spansAt, spans.length) },
  };
  copy.times.set(times);
  copy.rows.set(rows);
  copy.columns.spans.set(spans);
  copy.bytes.set(bytes);
  const { columns: copied, ...lines } = copy;
  return { copy: columns === undefined ? lines : { ...lines, columns: copied }, memory };
}
