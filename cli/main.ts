/**
 * The command line: `deno task waybill NOUN VERB …`.
 *
 * @module
 */
import { dispatch } from "./dispatch.ts";
import { processSink } from "./output.ts";

if (import.meta.main) {
  // Not by a signal's leftovers or a forgotten timer: when the command is done, the program is.
  Deno.exit(
    await dispatch(Deno.args, {
      stdout: processSink(Deno.stdout),
      stderr: processSink(Deno.stderr),
      builtIn: import.meta.resolve("../plugins/mod.ts"),
      env: (name) => Deno.env.get(name),
    }),
  );
}
