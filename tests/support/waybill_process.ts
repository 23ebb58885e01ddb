/**
 * Waybill in a process of its own, to be killed, stopped and continued.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { databaseUrl, homePath, type Place } from "./place.ts";

/** A running process. Disposing of it kills it. */
export interface WaybillProcess extends AsyncDisposable {
  /** What it wrote to its log so far, a line each. */
  readonly log: readonly string[];
  /** How it ended. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Whether it has ended. */
  ended(): boolean;
  /** Sends it a signal. */
  signal(signal: Deno.Signal): void;
  /** Stops it as SIGSTOP does, and waits until every thread of it stands. */
  pause(): Promise<void>;
  /** Kills it, and waits until it is gone. */
  kill(): Promise<void>;
  /** Resolves once a line of its log matches, with the first group or the match; fails when it ends before. */
  logged(pattern: RegExp): Promise<string>;
}

/** What the `serve` task grants, narrowed to the data directory and this machine. */
function permissions(home: string): string[] {
  return [
    "--no-prompt",
    "--allow-read",
    `--allow-write=${home}`,
    "--allow-net=127.0.0.1",
    "--allow-env=WAYBILL_*,HOME,TMPDIR,TZ,NO_COLOR,FORCE_COLOR,TERM,COLUMNS,CI",
    "--allow-sys=hostname,uid,statfs",
  ];
}

/** Starts a process that executes the queued runs of a data directory. */
export function startServing(place: Place): WaybillProcess {
  return start(place, script("./serve_child.ts"), [homePath(place)]);
}

/** Starts the server program itself, on a port that is free. */
export function startServer(place: Place): WaybillProcess {
  return start(place, script("../../server/main.ts"), ["--home", homePath(place), "--port", "0", "--no-sftp"]);
}

/** Starts the server program with its SFTP server, both on ports that are free. */
export function startServerWithSftp(place: Place): WaybillProcess {
  return start(place, script("../../server/main.ts"), ["--home", homePath(place), "--port", "0", "--sftp-port", "0"]);
}

/** Starts the SFTP server alone, on a port that is free; the database must be there. */
export function startSftp(place: Place): WaybillProcess {
  return start(place, script("./sftp_child.ts"), [homePath(place), "0".repeat(32)]);
}

/** Starts `waybill worker`. */
export function startWorker(place: Place): WaybillProcess {
  return startCli(place, ["worker"]);
}

/** Starts the command line, to be interrupted. */
export function startCli(place: Place, args: readonly string[]): WaybillProcess {
  return start(place, script("../../cli/main.ts"), [...args, "--home", homePath(place)]);
}

/** What a command printed. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What differs from an ordinary start of the command line. */
export interface CliOptions {
  /** Variables over those of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags for Deno itself. */
  readonly denoFlags?: readonly string[];
}

/** Runs the command line to its end. */
export async function runCli(
  place: Place,
  args: readonly string[],
  { env = {}, denoFlags = [] }: CliOptions = {},
): Promise<CommandResult> {
  const home = homePath(place);
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", ...denoFlags, ...permissions(home), script("../../cli/main.ts"), ...args, "--home", home],
    env: { NO_COLOR: "1", WAYBILL_DATABASE_URL: databaseUrl(place), ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function script(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function start(place: Place, program: string, args: readonly string[]): WaybillProcess {
  const child = new Deno.Command("deno", {
    args: ["run", ...permissions(homePath(place)), program, ...args],
    env: { WAYBILL_DATABASE_URL: databaseUrl(place) },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log: string[] = [];
  let ended = false;
  let changed = Promise.withResolvers<void>();
  const tell = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      log.push(...lines);
      tell();
    }
  })();
  const status = Promise.all([child.status, reading]).then(([status]) => {
    ended = true;
    tell();
    return status;
  });
  const kill = async () => {
    if (!ended) child.kill("SIGKILL");
    await status;
  };
  return {
    log,
    status,
    ended: () => ended,
    signal: (signal) => child.kill(signal),
    async pause() {
      child.kill("SIGSTOP");
      // A thread goes on until it next leaves the kernel or is scheduled out: it could still lock the database.
      while (!await threadsStand(child.pid)) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    kill,
    async logged(pattern) {
      for (;;) {
        for (const line of log) {
          const match = pattern.exec(line);
          if (match !== null) return match[1] ?? match[0];
        }
        if (ended) throw new Error(`The process ended before it logged ${pattern}: ${log.join("\n")}`);
        await changed.promise;
      }
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function threadsStand(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-L", "-o", "stat=", "-p", String(pid)] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").every((state) => state.trim().startsWith("T"));
}
