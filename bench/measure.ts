/**
 * Measures commands as whole processes, with the operating system's own accounting.
 *
 * @module
 */

/** What one process took. */
export interface Measure {
  /** Wall-clock seconds. */
  readonly wall: number;
  /** CPU seconds, user and system, with those of the processes that it started and waited for. */
  readonly cpu: number;
  /** Peak resident memory in MiB, of the largest where it started others. */
  readonly memory: number;
}

/** GNU time (Debian package time). */
const TIME = "/usr/bin/time";

/** Makes GNU time write to `report` what {@linkcode readReport} reads. */
export function timed(report: string, command: readonly string[]): string[] {
  return [TIME, "-f", "%e %U %S %M", "-o", report, ...command];
}

/** Reads what GNU time wrote. */
export async function readReport(report: string): Promise<Measure> {
  // A program that a signal ended has a line of its own before.
  const line = (await Deno.readTextFile(report)).trim().split("\n").at(-1) ?? "";
  const [wall = NaN, user = NaN, system = NaN, kilobytes = NaN] = line.split(" ").map(Number);
  return { wall, cpu: user + system, memory: kilobytes / 1024 };
}

/** Runs a command to its end and measures it; its output goes nowhere. */
export async function measure(command: readonly string[], env: Record<string, string> = {}): Promise<Measure> {
  const report = await Deno.makeTempFile();
  try {
    const [time = TIME, ...args] = timed(report, command);
    const process = new Deno.Command(time, { args, env, stdin: "null", stdout: "null", stderr: "piped" });
    const { success, stderr } = await process.output();
    if (!success) throw new Error(`${command.join(" ")} failed: ${new TextDecoder().decode(stderr).slice(-2_000)}`);
    return await readReport(report);
  } finally {
    await Deno.remove(report);
  }
}
