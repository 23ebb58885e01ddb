/**
 * The command line with its outputs in files, as a shell does with `>` and `2>`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** Files that take what a command writes; what is not named is caught. */
export interface Redirection {
  readonly stdout?: string;
  readonly stderr?: string;
}

/** What a command printed that did not go into a file. */
export interface RedirectedResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
export async function runRedirected(
  home: string,
  args: readonly string[],
  to: Redirection,
): Promise<RedirectedResult> {
  const { code, stdout, stderr } = await command(home, args, to, "piped").output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Starts the command line; what does not go into a file is lost. */
export function startRedirected(home: string, args: readonly string[], to: Redirection): Deno.ChildProcess {
  return command(home, args, to, "null").spawn();
}

function command(
  home: string,
  args: readonly string[],
  { stdout = "-", stderr = "-" }: Redirection,
  outputs: "piped" | "null",
): Deno.Command {
  const launcher = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-run"];
  return new Deno.Command("deno", {
    args: ["run", ...launcher, path("./redirected.ts"), stdout, stderr, ...waybill(), ...args, "--home", home],
    env: { NO_COLOR: "1", WAYBILL_DATABASE_URL: "" },
    stdin: "null",
    stdout: outputs,
    stderr: outputs,
  });
}

/** What Deno gets to start the `waybill` task, with the permissions that the task grants. */
function waybill(): string[] {
  const config: { tasks: { waybill: { command: string } } } = JSON.parse(
    Deno.readTextFileSync(path("../../deno.json")),
  );
  const words = config.tasks.waybill.command.replaceAll("'", "").split(" ");
  // Variables stand before the program.
  return [...words.slice(words.indexOf("deno") + 1, -1), path("../../cli/main.ts")];
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
