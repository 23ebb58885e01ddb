/**
 * The tables of streams: their fields, their mappings, and the files of the archive.
 *
 * The rules of `../tables.ts` hold here too.
 *
 * @module
 */

/** A named, append-only series of events. */
export interface StreamsTable {
  account_id: number;
  id: number;
  name: string;
  events: number;
  created_at: number;
}

/** What is known of one field of a stream. */
export interface StreamFieldsTable {
  account_id: number;
  stream_id: number;
  name: string;
  /** Events in which it has a non-empty value. */
  filled: number;
  /** JSON list of up to five example values. */
  examples: string;
}

/** Which stream fields become which profile fields, and by which identities. */
export interface MappingsTable {
  account_id: number;
  /** 32 hex digits. */
  id: string;
  stream_id: number;
  table_id: number;
  /** JSON. */
  definition: string;
  created_at: number;
  updated_at: number;
}

/** One archive file: gzip members of JSON lines. Bytes past `length` do not exist. */
export interface SegmentsTable {
  account_id: number;
  id: number;
  /** `stream` holds events, `rejects` a run's rejected rows, `logs` the raw logs of an app. */
  kind: "stream" | "rejects" | "logs";
  /** Stream id, run id, or app id. */
  owner: string;
  /** Start of the hour the events came in; of raw logs, the hour that they belong to. */
  hour: number;
  /** Run and fence, or the collector, that append to it: no two processes ever write one file. */
  writer: string;
  /** Relative to the archive's folder. */
  path: string;
  /** Durable length in bytes. */
  length: number;
  events: number;
}
