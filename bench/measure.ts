/**
 * Measures commands as whole processes, with the operating system's own accounting.
 *
 * @module
 */

/** What one process took. */
export interface Measure {
  /** Wall-clock seconds. */
  readonly wall: number;
  /** CPU seconds, user and system. */
  readonly cpu: number;
  /** Peak resident memory in MiB. */
  readonly memory: number;
}

/** GNU time (Debian package time). */
const TIME = "/usr/bin/time";

/** Runs a command to its end and measures it; its output goes nowhere. */
export async function measure(command: readonly string[], env: Record<string, string> = {}): Promise<Measure> {
  const report = await Deno.makeTempFile();
  try {
    const { success, stderr } = await new Deno.Command(TIME, {
      args: ["-f", "%e %U %S %M", "-o", report, ...command],
      env,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`${command.join(" ")} failed: ${new TextDecoder().decode(stderr).slice(-2_000)}`);
    const [wall = NaN, user = NaN, system = NaN, kilobytes = NaN] = (await Deno.readTextFile(report)).trim().split(" ")
      .map(Number);
    return { wall, cpu: user + system, memory: kilobytes / 1024 };
  } finally {
    await Deno.remove(report);
  }
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Least, middle and greatest, rounded. */
export function spread(values: readonly number[], digits = 2): string {
  const round = (value: number) => value.toFixed(digits);
  return `${round(median(values))} (${round(Math.min(...values))}–${round(Math.max(...values))})`;
}
