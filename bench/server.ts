/**
 * A server in a process of its own, measured from its start to its end.
 *
 * @module
 */
import { type Measure, readReport, timed } from "./measure.ts";
import { SERVE } from "./stage.ts";

/** A running server. */
export interface BenchServer extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  /** Ends it and gives what it took; `wall` is until it was asked to end. */
  end(): Promise<Measure>;
}

/** Starts one for a data directory, with further flags; resolves once `/healthz` answers. */
export async function startBenchServer(home: string, flags: readonly string[] = []): Promise<BenchServer> {
  const report = await Deno.makeTempFile();
  const command = [...SERVE, "--home", home, "--port", "0", "--sftp-port", "0", ...flags];
  const [program = "", ...args] = timed(report, command);
  const started = performance.now();
  const timing = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  const log = timing.stderr.pipeThrough(new TextDecoderStream());
  const url = await addressIn(log);
  await untilHealthy(url);
  const reading = log.pipeTo(new WritableStream());
  let ended: Promise<Measure> | undefined;
  const end = async () => {
    const wall = (performance.now() - started) / 1_000;
    await terminateChildOf(timing.pid);
    await Promise.all([timing.status, reading]);
    const measured = await readReport(report);
    await Deno.remove(report);
    return { ...measured, wall };
  };
  return {
    url,
    end: () => ended ??= end(),
    [Symbol.asyncDispose]: async () => {
      await (ended ??= end());
    },
  };
}

/** The URL that the server's log names; the rest of it stays to be read. */
async function addressIn(log: ReadableStream<string>): Promise<string> {
  let text = "";
  for await (const piece of log.values({ preventCancel: true })) {
    text += piece;
    const url = /listens on (http:\S+),/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`The server ended before it listened: ${text}`);
}

async function untilHealthy(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/healthz`);
    await response.body?.cancel();
    if (response.status === 200) return;
  }
}

/** GNU time passes no signal on. */
async function terminateChildOf(pid: number): Promise<void> {
  const { stdout } = await new Deno.Command("/usr/bin/ps", { args: ["-o", "pid=", "--ppid", String(pid)] }).output();
  const child = new TextDecoder().decode(stdout).trim();
  await new Deno.Command("/usr/bin/kill", { args: ["-TERM", child] }).output();
}
