/**
 * The command line as a process: from its arguments to its exit code.
 *
 * @module
 */
import { dispatch } from "./dispatch.ts";
import { processSink } from "./output.ts";

/** Does what `argv` says and ends the process. `builtIn` is the module of the built-in plugins. */
export async function runProcess(argv: readonly string[], builtIn: string): Promise<never> {
  const code = await dispatch(argv, {
    stdout: processSink(Deno.stdout),
    stderr: processSink(Deno.stderr),
    builtIn,
    env: (name) => Deno.env.get(name),
  });
  // Not by a signal's leftovers or a forgotten timer: when the command is done, the program is.
  Deno.exit(code);
}
