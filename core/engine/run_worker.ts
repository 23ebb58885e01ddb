/**
 * The Worker that a run executes in, with a database connection of its own: the thread that serves HTTP is never kept
 * waiting by it.
 *
 * @module
 */
import type { Log } from "../contracts/log.ts";
import { openCore } from "./core.ts";
import { describeError, reviveError } from "./describe_error.ts";
import { Drain, executeRun } from "./execute_run.ts";
import { loadRegistry } from "./loader.ts";
import type { FromRun, ToRun } from "./run_protocol.ts";

/** Longest silence between two progress messages, in milliseconds. */
const PROGRESS_PAUSE = 100;

const scope = self as unknown as {
  postMessage(message: FromRun): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToRun>) => void): void;
};

const abort = new AbortController();

scope.addEventListener("message", ({ data }) => {
  if (data.type === "prepare") {
    // What is wrong with them, the start tells.
    loadRegistry(data.plugins).catch(() => {}).then(() => scope.postMessage({ type: "prepared" }));
  } else if (data.type === "start") {
    work(data).catch((error) => scope.postMessage({ type: "broken", failure: describeError(error) }));
  } else if (data.failure === "drain") abort.abort(new Drain());
  else abort.abort(reviveError(data.failure));
});

async function work(start: ToRun & { type: "start" }): Promise<void> {
  const { home, plugins, claim, claimedAt, workedBefore, retries, helper } = start;
  await using core = await openCore({ home, plugins });
  let told = 0;
  const end = await executeRun(core, claim, {
    signal: abort.signal,
    began: claimedAt - performance.timeOrigin,
    workedBefore,
    progress: (progress) => {
      const now = performance.now();
      if (now - told < PROGRESS_PAUSE) return;
      told = now;
      scope.postMessage({ type: "progress", progress });
    },
    log: workerLog(),
    retries,
    helper,
  });
  scope.postMessage({ type: "end", end });
}

function workerLog(): Log {
  const write = (level: (FromRun & { type: "log" })["level"]): Log["info"] => (message, fields) =>
    scope.postMessage({ type: "log", level, message, fields });
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
