/**
 * A server as a process: it stops on signals, logs to standard error, and says where it listens.
 *
 * @module
 */
import { isIP } from "node:net";
import { Failure } from "../core/contracts/failure.ts";
import type { Log } from "../core/contracts/log.ts";
import { publicUrl } from "../core/engine/artifacts/public_url.ts";
import { createLog, type GatheringLog, type LogOptions } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import { flushAtTheEnd } from "./flush.ts";
import type { HttpThreads } from "./http_threads.ts";
import { type Address, requireSharing } from "./listen.ts";
import { runServer } from "./serve.ts";
import type { SftpThread } from "./sftp/thread.ts";
import { stopSignal } from "./stop_signal.ts";

/** How to serve. */
export interface ServeOptions {
  /** Data directory. */
  readonly home: string;
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 = any free one. */
  readonly port: number;
  /** Module specifiers of the plugins. */
  readonly plugins: readonly string[];
  /** Threads that answer HTTP; 1 unless told. */
  readonly threads?: number;
  /** How to write the log. */
  readonly log?: LogOptions;
  /** Where the SFTP server listens; it is not started unless told. */
  readonly sftp?: { readonly host: string; readonly port: number };
}

/** Where a server listens unless told. */
export const DEFAULT_HOST = "127.0.0.1";
/** The port it listens on unless told. */
export const DEFAULT_PORT = 8080;
/** The port that the SFTP server listens on unless told. */
export const DEFAULT_SFTP_PORT = 2022;

/**
 * Serves until a signal says to stop; then requests in flight finish and running work is handed back. Failure `config`
 * also where links could not be made, for what `WAYBILL_PUBLIC_URL` says.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { threads = 1 } = options;
  publicUrl();
  if (threads > 1) requireSharing();
  const log = createLog({ ...options.log, gathers: true });
  using stop = stopSignal();
  using _ = flushAtTheEnd(log);
  await runServer({
    host: options.host,
    port: options.port,
    open: (address) =>
      openRuntime({
        home: options.home,
        plugins: options.plugins,
        runner: "serve",
        address,
        ...(options.sftp && isIP(options.sftp.host) > 0 && options.sftp.port > 0 && { sftpAddress: options.sftp }),
        log,
      }),
    log,
    tell: print,
    signal: stop.signal,
    onListen: (url) => tryToPrint(`Waybill listens on ${url}, documentation at ${url}/docs\n`),
    ...(threads > 1 && { threads: startThreads(threads - 1, options, log) }),
    ...(options.sftp && { sftp: startSftp(options.home, options.sftp, log) }),
    onSftp: ({ address: { host, port }, fingerprints: [fingerprint] }) =>
      tryToPrint(`SFTP on ${host.includes(":") ? `[${host}]` : host} port ${port}, host key ${fingerprint}\n`),
  });
}

/** Starts the threads beside the first one. */
function startThreads(count: number, { home, plugins, log: options }: ServeOptions, log: GatheringLog) {
  return async (runtime: Runtime, address: Address): Promise<HttpThreads> => {
    const { startHttpThreads } = await import("./http_threads.ts");
    const { level, format, colors } = options ?? {};
    const logOptions = { ...level && { level }, ...format && { format }, ...colors && { colors } };
    return await startHttpThreads(
      count,
      { home, plugins, address, log: logOptions, patience: undefined },
      runtime.first,
      log,
    );
  };
}

/** Starts the SFTP server and tells where it is. */
function startSftp(
  home: string,
  { host, port }: { readonly host: string; readonly port: number },
  log: Log,
): (runtime: Runtime) => Promise<SftpThread> {
  return async ({ process }) => {
    if (process === undefined) throw new Error("This process serves nobody");
    const { startSftpThread } = await import("./sftp/thread.ts");
    const server = await startSftpThread({ home, host, port, process: process.id }, log);
    await process.servesSftpAt(server.address);
    const [host_key] = server.fingerprints;
    log.info("The SFTP server listens", { ...server.address, host_key: host_key ?? "" });
    return server;
  };
}

/** It listens all the same where nobody can read it. */
function tryToPrint(text: string): void {
  try {
    print(text);
  } catch {
    // Nobody can read it.
  }
}

function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch (error) {
    throw new Failure(
      "transient",
      `Standard error cannot be written: ${error instanceof Error ? error.message : error}`,
      {
        hint: "Free space where it goes, then try again",
        cause: error,
      },
    );
  }
}
