/**
 * The SFTP server in a thread of its own: its encryption keeps no request of HTTP waiting.
 *
 * @module
 */
import { Failure } from "../../core/contracts/failure.ts";
import type { Log } from "../../core/contracts/log.ts";
import { reviveError } from "../../core/engine/describe_error.ts";
import type { FromThread, ThreadStart, ToThread } from "./thread_protocol.ts";

/** How long its end is waited for, in milliseconds: uploads are put down as far as they came. */
const PATIENCE = 10_000;

/** A running server. Disposing of it ends its sessions. */
export interface SftpThread extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  /** Of its host keys, the preferred one first. */
  readonly fingerprints: readonly string[];
  /** Rejects when the thread broke. */
  readonly broken: Promise<never>;
}

/** Starts it. Failure `config` where the address cannot be had. */
export async function startSftpThread(start: ThreadStart, log: Log): Promise<SftpThread> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "sftp" });
  const listening = Promise.withResolvers<Extract<FromThread, { type: "listening" }>>();
  const broken = Promise.withResolvers<never>();
  const stopped = Promise.withResolvers<void>();
  // Whoever waits for it hears of it; before that, whoever starts it does.
  broken.promise.catch((error) => listening.reject(error));
  worker.addEventListener("message", ({ data }: MessageEvent<FromThread>) => {
    if (data.type === "listening") listening.resolve(data);
    else if (data.type === "stopped") stopped.resolve();
    else if (data.type === "failed") broken.reject(reviveError(data.failure));
    else log[data.level](data.message, data.fields);
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    broken.reject(new Failure("transient", `The SFTP server's thread broke: ${event.message}`));
  });
  const send = (message: ToThread) => worker.postMessage(message);
  send({ type: "start", ...start });
  try {
    const { address, fingerprints } = await listening.promise;
    return {
      address,
      fingerprints,
      broken: broken.promise,
      [Symbol.asyncDispose]: async () => {
        send({ type: "stop" });
        const timer = setTimeout(() => stopped.resolve(), PATIENCE);
        await Promise.race([stopped.promise, broken.promise.catch(() => {})]);
        clearTimeout(timer);
        worker.terminate();
      },
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
