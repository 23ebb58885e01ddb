/**
 * The life of a server: it binds its port, opens the runtime, answers, and drains when it is told to stop.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import type { Log } from "../core/contracts/log.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import { createApp } from "./app.ts";
import { errorResponse } from "./errors.ts";
import { ensureFirstToken } from "./first_token.ts";
import type { HttpThreads } from "./http_threads.ts";
import { type Address, listen } from "./listen.ts";
import type { SftpThread } from "./sftp/thread.ts";
import { aborted } from "./stop_signal.ts";

/** What a server needs. */
export interface ServerOptions extends Address {
  /** Opens the runtime, once the port is had (a second server on a port starts no runs); gets the server's address. */
  open(url: string): Promise<Runtime>;
  readonly log: Log;
  /** Starts the threads that answer on the address beside this one. */
  threads?(runtime: Runtime, address: Address): Promise<HttpThreads>;
  /** Starts the SFTP server beside this one, once the runtime is open. */
  sftp?(runtime: Runtime): Promise<SftpThread>;
  /** Called when somebody can log in to it. */
  onSftp?(server: SftpThread): void;
  /** Shows a text to the operator. */
  tell(text: string): void;
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** Called when requests are answered, with the address. */
  onListen?(url: string): void;
  /** Milliseconds that requests in flight get once the server stops; 20,000 unless told. */
  readonly patience?: number;
}

/**
 * Serves until `signal` is aborted; then requests in flight finish, and running work checkpoints and gives its lease
 * back. Failures: `config` for an address that cannot be had, and those of opening.
 */
export async function runServer(options: ServerOptions): Promise<void> {
  const { log, signal } = options;
  const stopping = new AbortController();
  let handle = notNow(log, "The server is starting");
  const sharing = options.threads === undefined ? undefined : "first";
  const listener = listen(options, (request) => handle(request), sharing);
  const stop = () => {
    handle = notNow(log, "The server is stopping");
    return listener.stop(() => stopping.abort(tooLate()), options.patience);
  };
  try {
    await using runtime = await options.open(listener.url);
    await ensureFirstToken(runtime.tokens, options.tell);
    const app = createApp(runtime, {
      log,
      stopping: stopping.signal,
      ready: () => readyUntil(signal, runtime),
    });
    handle = app.fetch;
    await using threads = await options.threads?.(runtime, listener.address);
    options.onListen?.(listener.url);
    await using sftp = besideHttp(options, runtime);
    await Promise.race([aborted(signal), sftp.broken, ...threads === undefined ? [] : [threads.broken]]);
    log.info("Stopping: requests in flight finish, running work is handed back");
    await Promise.all([stop(), threads?.[Symbol.asyncDispose]()]);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The SFTP server, which starts while requests are answered; `broken` rejects where it does not, or no longer, serve. */
function besideHttp(
  { sftp, onSftp }: Pick<ServerOptions, "sftp" | "onSftp">,
  runtime: Runtime,
): AsyncDisposable & { readonly broken: Promise<never> } {
  const starting = sftp?.(runtime);
  const broken = starting === undefined ? new Promise<never>(() => {}) : starting.then((server) => {
    onSftp?.(server);
    return server.broken;
  });
  broken.catch(() => {});
  return {
    broken,
    [Symbol.asyncDispose]: async () => {
      const server = await starting?.catch(() => undefined);
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** What is answered before the runtime is open, and once the server stops: the process lives, and that is all. */
export function notNow(log: Log, why: string): (request: Request) => Response | Promise<Response> {
  return (request) => {
    if (new URL(request.url).pathname === "/healthz") return Response.json({ status: "ok" });
    return errorResponse(new Failure("transient", why), crypto.randomUUID(), log);
  };
}

/** Resolves while the server can do its work; once it is told to stop it cannot. */
export async function readyUntil(signal: AbortSignal, runtime: Runtime): Promise<void> {
  if (signal.aborted) throw new Failure("transient", "The server is stopping");
  await runtime.ready();
}

/** Why work is given up that outlives the server. */
export function tooLate(): Failure {
  return new Failure("transient", "The server stopped before the work was done", { hint: "Try again" });
}
