/**
 * Compares a run's file, on another thread than the one that reads it meanwhile.
 *
 * @module
 */
import { Comparison, type FoundRows, Snapshot } from "../codecs/diff/mod.ts";
import { folderSpool } from "../codecs/spool.ts";
import { Failure } from "../contracts/failure.ts";
import type { ComparisonStart, FromComparison, ToComparison } from "./comparison_protocol.ts";
import { describeError } from "./describe_error.ts";
import { openSnapshot, writeSnapshot } from "./snapshots.ts";

/** Opens what a run's thread asked for, and does what it asks for through the port. */
export function serveComparison(port: MessagePort, start: ComparisonStart): void {
  const service = new ComparisonService(start);
  let last: Promise<void> = Promise.resolve();
  port.addEventListener("message", ({ data }: MessageEvent<ToComparison>) => {
    if (data.type === "close") service.end();
    last = last.then(async () => {
      const told = await service.answer(data);
      port.postMessage(told, memoryOf(told));
    });
  });
}

/** Answers one message after another. What failed goes on failing: rows are missing since. */
class ComparisonService {
  readonly #ending = new AbortController();
  readonly #stack = new AsyncDisposableStack();
  readonly #opened: Promise<Comparison>;
  #failed: { readonly error: unknown } | undefined;
  /** The name of the file's snapshot, once it is on the disk. */
  #written: Promise<string> | undefined;

  constructor(start: ComparisonStart) {
    this.#opened = this.#open(start);
    // Told with the first answer; unhandled until then, it would end the thread without one.
    this.#opened.catch(() => {});
  }

  /** Lets what is being done end soon. */
  end(): void {
    this.#ending.abort(new Failure("cancelled", "The comparison is not wanted any more"));
  }

  async answer(message: ToComparison): Promise<FromComparison> {
    try {
      if (message.type !== "close") return await this.#answer(message);
      await this.#opened.catch(() => {});
      await this.#written?.catch(() => {});
      await this.#stack.disposeAsync();
      return { type: "closed" };
    } catch (error) {
      this.#failed ??= { error };
      const stack = error instanceof Error ? error.stack : undefined;
      return { type: "failed", failure: describeError(error), stack };
    }
  }

  async #answer(message: Exclude<ToComparison, { readonly type: "close" }>): Promise<FromComparison> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    if (this.#failed !== undefined) throw this.#failed.error;
    const comparison = await this.#opened;
    switch (message.type) {
      case "add":
        await comparison.add(message.batch);
        return { type: "added", memory: message.batch.bytes.buffer as ArrayBuffer };
      case "find": {
        const found = Promise.withResolvers<FoundRows>();
        this.#written = writeSnapshot(message.place, passed(comparison.findToSnapshot(signal), found.resolve));
        this.#written.catch(found.reject);
        return { type: "found", found: await found.promise };
      }
      case "written":
        if (this.#written === undefined) throw new Error("A snapshot is written with its comparison");
        return { type: "written", name: await this.#written };
    }
  }

  async #open({ snapshot, workDir, options }: ComparisonStart): Promise<Comparison> {
    const before = await Snapshot.open(this.#stack.use(await present(snapshot)));
    return this.#stack.use(await Comparison.open(folderSpool(workDir), before, options));
  }
}

/** The memory that goes with an answer. */
function memoryOf(told: FromComparison): ArrayBuffer[] {
  if (told.type === "added") return [told.memory];
  if (told.type !== "found") return [];
  const { bits, gone, different = [] } = told.found;
  const arrays = [bits, ...(gone === undefined ? [] : [gone.bits])];
  const rows = different.flatMap(({ batch: { bytes, rows, times, columns }, numbers }) => [
    ...[bytes, rows, times, numbers],
    ...(columns === undefined ? [] : [columns.spans]),
  ]);
  return [...arrays, ...rows].map(({ buffer }) => buffer as ArrayBuffer);
}

/** Opens a snapshot that the run's thread has found, and which an erasure may have replaced since. */
async function present(path: string) {
  try {
    return await openSnapshot(path);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new Failure("transient", "The snapshot of the file before was replaced when it was about to be read", {
      hint: "Run it again: the one in its place tells the same, but of people who were erased",
      cause,
    });
  }
}

/** The same bytes; whoever wants what they end with gets it. */
async function* passed<Result>(
  bytes: AsyncGenerator<Uint8Array, Result>,
  ended: (result: Result) => void,
): AsyncGenerator<Uint8Array> {
  ended(yield* bytes);
}
