/**
 * Has people erased in a process of its own and waits until they are: `HOME IDS_FILE waiting|working`. `waiting`: nobody
 * executes runs before all are asked for, so that one run does them all; `working`: the first is begun at once.
 *
 * @module
 */
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import type { Runtime } from "../core/engine/runtime.ts";

const PLUGINS = [import.meta.resolve("../plugins/mod.ts")];

function open(home: string, runner: "worker" | "none"): Promise<Runtime> {
  return openRuntime({ home, plugins: PLUGINS, runner, log: createLog({ write: () => {} }) });
}

/** Asks for all and gives the runs that do it. */
async function ask({ erasures }: Runtime, ids: readonly string[]): Promise<string[]> {
  const runs = new Set<string>();
  for (const id of ids) runs.add((await erasures.request("customer_id", id)).run_id);
  return [...runs];
}

if (import.meta.main) {
  const [home = "", file = "", mode] = Deno.args;
  const ids = (await Deno.readTextFile(file)).trim().split("\n");
  let asked: string[] | undefined;
  if (mode === "waiting") {
    await using runtime = await open(home, "none");
    asked = await ask(runtime, ids);
  }
  await using runtime = await open(home, "worker");
  for (const id of asked ?? await ask(runtime, ids)) {
    let last: { readonly status: string; readonly failure: unknown } | undefined;
    for await (last of runtime.runs.follow(id));
    if (last?.status !== "succeeded") throw new Error(`Run "${id}" ${last?.status}: ${JSON.stringify(last?.failure)}`);
  }
  const { items } = await runtime.erasures.list({ limit: 1_000 });
  if (!items.every(({ state }) => state === "done")) throw new Error("Not every erasure is done");
}
