/**
 * The engine, and the threads of a run, for the commands that need them.
 *
 * @module
 */
export { startRunThreads } from "../core/engine/run_threads.ts";

/**
 * Loads the engine. Its path stands here, so that Deno looks for all its files with this module, before the threads of a
 * run start, which look for the same: beside one another all take longer (20 ms of a run).
 */
export function loadEngine(): Promise<typeof import("../core/engine/open.ts")> {
  return import("../core/engine/open.ts");
}
