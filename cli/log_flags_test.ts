import assert from "node:assert/strict";
import { parseArguments } from "./args.ts";
import { LOG_FLAGS, logOptions } from "./log_flags.ts";
import { Output, type Sink } from "./output.ts";
import { UsageError } from "./usage.ts";

const sink = (terminal: boolean): Sink => ({ terminal, write: () => {}, width: () => 80 });
const options = (argv: readonly string[], terminal: boolean) =>
  logOptions(parseArguments(argv, LOG_FLAGS), new Output(sink(false), sink(terminal), { json: false, quiet: false }));

Deno.test("a log is for machines unless a terminal shows it, and either can be asked for", () => {
  assert.deepEqual(options([], false), { format: "json", level: "info", colors: false });
  assert.deepEqual(options([], true), { format: "pretty", level: "info", colors: true });
  const asked = options(["--log-format", "pretty", "--log-level=debug"], false);
  assert.deepEqual(asked, { format: "pretty", level: "debug", colors: false });
});

Deno.test("a log format or level that there is not is told with those that there are", () => {
  for (const [flag, hint] of [["--log-format", "json, pretty"], ["--log-level", "debug, info, warn, error"]] as const) {
    assert.throws(() => options([flag, "loud"], false), (error: unknown) => {
      assert(error instanceof UsageError);
      assert.equal(error.message, `Flag ${flag} cannot be "loud"`);
      assert.equal(error.hint, `One of ${hint}`);
      return true;
    });
  }
});
