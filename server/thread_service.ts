/**
 * The inside of a thread that serves beside the first one.
 *
 * @module
 */
import { describeError } from "../core/engine/describe_error.ts";
import type { FromThread, ToThread } from "./thread_protocol.ts";

/** How a thread that serves speaks to the one that started it. */
export interface ThreadService<Ready, Said> {
  /** Says that it serves. */
  ready(ready: Ready): void;
  /** Says something else. */
  say(said: Said): void;
  /** Aborted when the thread is told to stop. */
  readonly signal: AbortSignal;
}

/** Makes this Worker one that `startThread` starts: `work` serves until it is told to stop. */
export function serveThread<Start, Ready, Said>(
  work: (start: Start, service: ThreadService<Ready, Said>) => Promise<void>,
): void {
  const scope = self as unknown as {
    postMessage(message: FromThread<Ready, Said>): void;
    addEventListener(type: "message", listener: (event: MessageEvent<ToThread<Start>>) => void): void;
  };
  const stop = new AbortController();
  const service: ThreadService<Ready, Said> = {
    ready: (ready) => scope.postMessage({ type: "ready", ready }),
    say: (said) => scope.postMessage({ type: "said", said }),
    signal: stop.signal,
  };
  scope.addEventListener("message", ({ data }) => {
    if (data.type === "stop") return stop.abort();
    work(data.start, service).then(
      () => scope.postMessage({ type: "stopped" }),
      (error) => scope.postMessage({ type: "failed", failure: describeError(error) }),
    );
  });
}
