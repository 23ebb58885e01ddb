/**
 * The CLI inside a test: a data directory of its own, and what it prints caught.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { dispatch } from "./dispatch.ts";
import type { Sink } from "./output.ts";

/** What a command printed and how it ended. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A CLI with a data directory of its own. Disposing of it removes the directory. */
export interface TestCli extends AsyncDisposable {
  /** The data directory's parent: a place for files. */
  readonly folder: string;
  /** Runs a command. `env` stands for the environment that the program reads itself. */
  run(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<Printed>;
  /** Runs a command with `--json` and gives the value it printed. */
  json(...argv: readonly string[]): Promise<Record<string, unknown>>;
}

/** The folder of examples. */
export const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));

/** Makes one. */
export async function testCli(): Promise<TestCli> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-cli-" });
  const home = `${folder}/home`;
  const run = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Printed> => {
    const [stdout, stderr] = [caught(), caught()];
    const code = await dispatch(argv, {
      stdout,
      stderr,
      builtIn: import.meta.resolve("../plugins/mod.ts"),
      env: (name) => ({ WAYBILL_HOME: home, ...env })[name],
    });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  };
  return {
    folder,
    run,
    json: async (...argv) => {
      const { code, stdout, stderr } = await run([...argv, "--json"]);
      if (code !== 0) throw new Error(`"${argv.join(" ")}" ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A standard output that keeps what is written: of a terminal, or of none. */
export function caught(terminal = false, columns = 80): Sink & { text(): string } {
  const decoder = new TextDecoder();
  let text = "";
  return {
    terminal,
    write: (part) => {
      text += typeof part === "string" ? part : decoder.decode(part);
    },
    width: () => columns,
    text: () => text,
  };
}
