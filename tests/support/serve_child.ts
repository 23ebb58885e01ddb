/**
 * A process that executes the queued runs of a data directory until SIGTERM: what `waybill serve` is without HTTP.
 *
 * `deno run serve_child.ts HOME`; says "ready" on standard output.
 *
 * @module
 */
import { openRuntime } from "../../core/engine/open.ts";
import { PLUGINS } from "./home.ts";

/** Runs until SIGTERM; then hands running work back. */
async function main(home: string): Promise<void> {
  const told = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", told.resolve);
  await using _runtime = await openRuntime({ home, plugins: PLUGINS, runner: "serve" });
  console.log("ready");
  await told.promise;
  Deno.removeSignalListener("SIGTERM", told.resolve);
}

const [home] = Deno.args;
if (import.meta.main && home !== undefined) await main(home);
