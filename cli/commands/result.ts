/**
 * `run result RUN`: the file that a run exported without an auth.
 *
 * @module
 */
import type { Command } from "../command.ts";

/** Writes it, or prints a link to it. */
export const result: Command = {
  summary: "Prints a link to the file that a run exported without an auth, or writes the file",
  args: [{ name: "RUN" }],
  flags: [{ name: "output", kind: "value", value: "FILE", help: "Write the file here instead; - is standard output" }],
  examples: ["run result 1f3a --output members.jsonl"],
  run: async (app, args) => {
    const { checkPlace, giveResult } = await import("../local_result.ts");
    const path = args.value("output");
    if (path !== undefined) await checkPlace(app, path);
    const run = await (await app.runtime()).runs.get(args.words[0] ?? "");
    return await giveResult(app, run, path);
  },
};
