/**
 * Starts a Deno program with its outputs in files, as a shell does with `>` and `2>`: `Deno.Command` only has pipes.
 *
 * `deno run redirected.ts STDOUT STDERR ARGUMENT…`; an output called `-` goes where this program's goes. Ends with the
 * program's exit code, and hands SIGTERM on.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { openSync } from "node:fs";

if (import.meta.main) {
  const [stdout = "-", stderr = "-", ...args] = Deno.args;
  const target = (path: string) => path === "-" ? "inherit" : openSync(path, "a");
  const child = spawn("deno", args, { stdio: ["ignore", target(stdout), target(stderr)] });
  // Not by the child's own method: after it, a program that ends by itself counts as one that was killed.
  Deno.addSignalListener("SIGTERM", () => child.pid !== undefined && Deno.kill(child.pid, "SIGTERM"));
  child.on("close", (code) => Deno.exit(code ?? 99));
}
