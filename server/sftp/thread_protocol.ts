/**
 * What the thread of the SFTP server and the one that started it tell each other.
 *
 * @module
 */
import type { FailureJson } from "../../core/contracts/failure.ts";
import type { Log } from "../../core/contracts/log.ts";

/** Where to serve, and whose accounts. */
export interface ThreadStart {
  /** Data directory. */
  readonly home: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Id of this process. */
  readonly process: string;
}

/** To the SFTP server's thread. */
export type ToThread = { readonly type: "start" } & ThreadStart | { readonly type: "stop" };

/** From it. */
export type FromThread =
  | {
    readonly type: "listening";
    readonly address: { readonly host: string; readonly port: number };
    readonly fingerprints: readonly string[];
  }
  | { readonly type: "log"; readonly level: keyof Log; readonly message: string; readonly fields?: LogFields }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: FailureJson };

/** What goes with a line of the log. */
export type LogFields = Parameters<Log["info"]>[1];
