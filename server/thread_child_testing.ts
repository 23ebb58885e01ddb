/**
 * A Worker for the tests of threads: it serves until it is stopped, or fails or breaks as it is told; the latter when
 * something comes over the channel {@linkcode BREAK}.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import { aborted } from "./stop_signal.ts";
import { serveThread } from "./thread_service.ts";

/** Name of the channel. */
const BREAK = "break";

serveThread<"serve" | "fail" | "break", string, string>(async (start, { ready, say, signal }) => {
  if (start === "fail") throw new Failure("config", "There is nothing to serve", { hint: "Bring something" });
  if (start === "break") new BroadcastChannel(BREAK).onmessage = () => undefinedFunction();
  say("hello");
  ready("here");
  await aborted(signal);
  say("bye");
});

declare function undefinedFunction(): void;
