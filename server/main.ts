/**
 * The server program: `deno task serve`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { Failure, FAILURE_HANDLING } from "../core/contracts/failure.ts";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { runServer } from "./serve.ts";

/** How to serve. */
export interface ServeOptions {
  /** Data directory. */
  readonly home: string;
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 = any free one. */
  readonly port: number;
  /** Module specifiers of plugins beside the built-in ones. */
  readonly plugins: readonly string[];
  /** Stops the server; SIGTERM and SIGINT do, too. */
  readonly signal?: AbortSignal;
  /** Called when requests are answered, with the address (`http://127.0.0.1:8080`). */
  readonly onListen?: (url: string) => void;
}

/** Where a server listens unless told. */
export const DEFAULT_HOST = "127.0.0.1";
/** The port it listens on unless told. */
export const DEFAULT_PORT = 8080;

/** What `--help` prints. */
const HELP = `Usage: deno task serve [--home DIR] [--host ADDRESS] [--port PORT] [--plugin MODULE]…

Starts the HTTP server, with the worker that executes runs. SIGTERM stops it without losing anything.

  --home DIR        data directory; WAYBILL_HOME, or .waybill unless told
  --host ADDRESS    address to listen on; ${DEFAULT_HOST} unless told
  --port PORT       port to listen on; ${DEFAULT_PORT} unless told, 0 = any free one
  --plugin MODULE   a plugin beside the built-in ones, may be repeated; those in WAYBILL_PLUGINS unless told
`;

/** Serves until a signal says to stop; then requests in flight finish and running work is handed back. */
export async function serve(options: ServeOptions): Promise<void> {
  const log = createLog();
  const told = stopSignal(options.signal);
  try {
    await runServer({
      host: options.host,
      port: options.port,
      open: (address) =>
        openRuntime({
          home: options.home,
          plugins: [import.meta.resolve("../plugins/mod.ts"), ...options.plugins],
          runner: "serve",
          address,
          log,
        }),
      log,
      tell: (text) => print(Deno.stderr, text),
      signal: told.signal,
      onListen: (url) => {
        print(Deno.stderr, `Waybill listens on ${url}, documentation at ${url}/docs\n`);
        options.onListen?.(url);
      },
    });
  } finally {
    told[Symbol.dispose]();
  }
}

/** A signal that follows SIGTERM and SIGINT. The second of them ends the process: only the first is caught. */
function stopSignal(also: AbortSignal | undefined): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGTERM", "SIGINT"];
  let listening = true;
  const release = () => {
    if (listening) { for (const name of signals) Deno.removeSignalListener(name, caught); }
    listening = false;
  };
  const caught = () => {
    release();
    stop.abort();
  };
  for (const name of signals) Deno.addSignalListener(name, caught);
  return {
    signal: also === undefined ? stop.signal : AbortSignal.any([stop.signal, also]),
    [Symbol.dispose]: release,
  };
}

function readFlags(args: string[]): ServeOptions | "help" {
  const { values } = parseArgs({
    args,
    options: {
      home: { type: "string" },
      host: { type: "string", default: DEFAULT_HOST },
      port: { type: "string", default: String(DEFAULT_PORT) },
      plugin: { type: "string", multiple: true },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : NaN;
  if (!(port <= 65_535)) throw new TypeError(`--port must be a number from 0 to 65535, not "${values.port}"`);
  const named = (Deno.env.get("WAYBILL_PLUGINS") ?? "").split(",").filter((module) => module !== "");
  const plugins = values.plugin ?? named;
  const home = values.home ?? Deno.env.get("WAYBILL_HOME") ?? ".waybill";
  return { home, host: values.host, port, plugins };
}

function print(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += to.writeSync(bytes.subarray(written));
}

/** Runs the program and gives its exit code. */
async function main(args: string[]): Promise<number> {
  let options;
  try {
    options = readFlags(args);
  } catch (error) {
    // `parseArgs` says what is wrong in words that a user can read.
    print(Deno.stderr, `error: ${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return USAGE;
  }
  if (options === "help") {
    print(Deno.stdout, HELP);
    return 0;
  }
  try {
    await serve(options);
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    print(Deno.stderr, `error: ${error.message}\n${error.hint === undefined ? "" : `hint: ${error.hint}\n`}`);
    return FAILURE_HANDLING[error.kind].exitCode;
  }
}

/** Exit code of flags that cannot be read (SPEC §5). */
const USAGE = 2;

if (import.meta.main) Deno.exit(await main(Deno.args));
