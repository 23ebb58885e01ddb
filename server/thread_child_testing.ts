/**
 * A Worker for the tests of threads: it serves until it is stopped, or fails or breaks as it is told.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import { aborted } from "./stop_signal.ts";
import { serveThread } from "./thread_service.ts";

serveThread<"serve" | "fail" | "break", string, string>(async (start, { ready, say, signal }) => {
  if (start === "fail") throw new Failure("config", "There is nothing to serve", { hint: "Bring something" });
  say("hello");
  ready("here");
  if (start === "break") queueMicrotask(() => undefinedFunction());
  await aborted(signal);
  say("bye");
});

declare function undefinedFunction(): void;
