/**
 * The SFTP server in a thread of its own: its encryption keeps no request of HTTP waiting.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";
import { startThread } from "../thread.ts";
import type { SftpReady, SftpSaid, SftpStart } from "./thread_protocol.ts";

/** How long its end is waited for, in milliseconds: uploads are put down as far as they came. */
const PATIENCE = 10_000;

/** A running server. Disposing of it ends its sessions. */
export interface SftpThread extends AsyncDisposable, SftpReady {
  /** Rejects when the thread broke. */
  readonly broken: Promise<never>;
}

/** Starts it. Failure `config` where the address cannot be had. */
export async function startSftpThread(start: SftpStart, log: Log): Promise<SftpThread> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "sftp" });
  const { ready, broken, ...thread } = await startThread<SftpStart, SftpReady, SftpSaid>(worker, {
    what: "The SFTP server's thread",
    start,
    heard: ({ level, message, fields }) => log[level](message, fields),
    patience: PATIENCE,
  });
  return { ...ready, broken, [Symbol.asyncDispose]: thread[Symbol.asyncDispose] };
}
