/**
 * What the thread of the SFTP server and the one that started it tell each other.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";

/** Where to serve, and whose accounts. */
export interface SftpStart {
  /** Data directory. */
  readonly home: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Id of this process. */
  readonly process: string;
}

/** What it serves as. */
export interface SftpReady {
  readonly address: { readonly host: string; readonly port: number };
  /** Of its host keys, the preferred one first. */
  readonly fingerprints: readonly string[];
}

/** A line of its log. */
export interface SftpSaid {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields?: LogFields;
}

/** What goes with a line of the log. */
export type LogFields = Parameters<Log["info"]>[1];
