/**
 * A thread of the server beside the first one: it is started, says that it serves, and ends when it is told to.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import { reviveError } from "../core/engine/describe_error.ts";
import type { FromThread, ToThread } from "./thread_protocol.ts";

/** A thread that serves. Disposing of it tells it to stop, and waits for that. */
export interface Thread<Ready> extends AsyncDisposable {
  /** What it said when it began to serve. */
  readonly ready: Ready;
  /** Rejects when the thread broke. */
  readonly broken: Promise<never>;
}

/** How to start one. */
export interface ThreadOptions<Start, Said> {
  /** What error messages call it. */
  readonly what: string;
  /** What it is told at first. */
  readonly start: Start;
  /** What of that it gets for itself. */
  readonly transfer?: Transferable[];
  /** Takes what it says meanwhile. */
  readonly heard: (said: Said) => void;
  /** Milliseconds that it gets to stop; then it is cut off. */
  readonly patience: number;
}

/** Waits until a Worker that was just made, whose module calls `serveThread`, serves. Throws what keeps it from that. */
export async function startThread<Start, Ready, Said>(
  worker: Worker,
  { what, start, transfer = [], heard, patience }: ThreadOptions<Start, Said>,
): Promise<Thread<Ready>> {
  const ready = Promise.withResolvers<Ready>(), stopped = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<never>();
  // Whoever waits for it hears of it; before that, whoever starts it does.
  broken.promise.catch((error) => ready.reject(error));
  worker.addEventListener("message", ({ data }: MessageEvent<FromThread<Ready, Said>>) => {
    if (data.type === "ready") ready.resolve(data.ready);
    else if (data.type === "stopped") stopped.resolve();
    else if (data.type === "failed") broken.reject(reviveError(data.failure));
    else heard(data.said);
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    broken.reject(new Failure("transient", `${what} broke: ${event.message}`));
  });
  const send = (message: ToThread<Start>, transfer: Transferable[] = []) => worker.postMessage(message, transfer);
  const stop = async () => {
    send({ type: "stop" });
    const timer = setTimeout(() => stopped.resolve(), patience);
    await Promise.race([stopped.promise, broken.promise.catch(() => {})]);
    clearTimeout(timer);
    worker.terminate();
  };
  send({ type: "start", start }, transfer);
  try {
    let stopping: Promise<void> | undefined;
    return {
      ready: await ready.promise,
      broken: broken.promise,
      [Symbol.asyncDispose]: () => stopping ??= stop(),
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
