/**
 * What a thread of the server and the one that started it tell each other.
 *
 * @module
 */
import type { FailureJson } from "../core/contracts/failure.ts";

/** To the thread. */
export type ToThread<Start> = { readonly type: "start"; readonly start: Start } | { readonly type: "stop" };

/** From it. */
export type FromThread<Ready, Said> =
  | { readonly type: "ready"; readonly ready: Ready }
  | { readonly type: "said"; readonly said: Said }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: FailureJson };
