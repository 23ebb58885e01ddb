/**
 * Further threads that answer HTTP on the address of the first one. Each has an engine and database connections of its
 * own, as a server of its own would have; runs, schedules, sweeps and SFTP are the first thread's.
 *
 * @module
 */
import { type FirstThread, serveFirst } from "../core/engine/first_thread.ts";
import type { GatheringLog, LogOptions } from "../core/engine/log.ts";
import type { Address } from "./listen.ts";
import { startThread, type Thread } from "./thread.ts";

/** What such a thread is told. */
export interface HttpStart {
  /** Data directory. */
  readonly home: string;
  /** Module specifiers of the plugins. */
  readonly plugins: readonly string[];
  /** Where the first thread listens. */
  readonly address: Address;
  /** Leads to the first thread. */
  readonly first: MessagePort;
  /** How lines of the log are written. */
  readonly log: Pick<LogOptions, "level" | "format" | "colors">;
  /** Milliseconds that requests in flight get once the server stops. */
  readonly patience: number | undefined;
}

/** Lines of the log, each with its LF. */
export type HttpSaid = string;

/** Milliseconds that a thread gets beside those of its requests. */
const MORE_PATIENCE = 5_000;

/** Milliseconds that requests get unless told. */
const PATIENCE = 20_000;

/** Threads that answer. Disposing of them lets requests in flight finish. */
export interface HttpThreads extends AsyncDisposable {
  /** Rejects when one of them broke. */
  readonly broken: Promise<never>;
}

/** Starts `count` threads; throws what keeps one of them from answering. */
export async function startHttpThreads(
  count: number,
  start: Omit<HttpStart, "first">,
  first: FirstThread,
  log: Pick<GatheringLog, "pass">,
): Promise<HttpThreads> {
  await using stack = new AsyncDisposableStack();
  const ports = stack.use(new DisposableStack());
  const starting = Array.from({ length: count }, () => {
    const worker = new Worker(new URL("./http_worker.ts", import.meta.url), { type: "module", name: "http" });
    const { port1, port2 } = new MessageChannel();
    ports.defer(() => port1.close());
    serveFirst(port1, first);
    return startThread<HttpStart, null, HttpSaid>(worker, {
      what: "A thread that answers HTTP",
      start: { ...start, first: port2 },
      transfer: [port2],
      heard: (lines) => log.pass(lines),
      patience: (start.patience ?? PATIENCE) + MORE_PATIENCE,
    });
  });
  const threads: Thread<null>[] = [];
  const started = await Promise.allSettled(starting);
  for (const result of started) if (result.status === "fulfilled") threads.push(result.value);
  stack.defer(async () => void await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]())));
  for (const result of started) if (result.status === "rejected") throw result.reason;
  const all = stack.move();
  const broken = threads.length === 0
    ? new Promise<never>(() => {})
    : Promise.race(threads.map(({ broken }) => broken));
  broken.catch(() => {});
  return { broken, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
