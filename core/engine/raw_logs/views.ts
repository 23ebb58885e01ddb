/**
 * What the outside sees of raw logs.
 *
 * @module
 */
import type { HourParts } from "./hours.ts";

/** What became of a batch. */
export interface CollectedView {
  /** Events that are kept, the late ones included. */
  readonly accepted: number;
  /** Those whose hour was complete: they are in the hour of their arrival, flagged. */
  readonly late: number;
  /** Events of people who are being erased: they are not kept. */
  readonly refused: number;
}

/** A batch as it comes in. */
export interface CollectInput {
  readonly stream: ReadableStream<Uint8Array>;
  readonly gzip: boolean;
  readonly signal?: AbortSignal;
  /** Bytes of the body, where they were announced. */
  readonly size?: number;
  /** The same batch under the same key, of one caller and app, is taken once within 24 hours. */
  readonly key?: string;
}

/** An hour of an app, as it is asked for. */
export interface LogHourInput extends HourParts {
  readonly app: string;
  /** Where the caller reached the server: the link begins with it where `WAYBILL_PUBLIC_URL` says nothing else. */
  readonly origin?: string;
}

/** Raw logs of apps: events, sessions and closes, kept by the hour for 30 days. */
export interface RawLogs {
  /**
   * Keeps a batch (JSON lines, 10 MB at most, unpacked) of an app, named by its id: it is on the disk, or nothing of it
   * is. Failures: `config` for lines that are no rows, `too_large`, `conflict` for a key that another batch has.
   */
  collect(app: string, input: CollectInput): Promise<CollectedView>;
  /**
   * A link to the log of a complete hour, good for 48 hours. Failure `not_found` for an hour that is not complete, not kept
   * any more or none at all, and an app that is not there or has no log exports enabled.
   */
  link(input: LogHourInput): Promise<string>;
}
