/**
 * What a plugin writes about its work.
 *
 * @module
 */
import type { JsonValue } from "./records.ts";

/** Writes one line each; the engine adds run and job, and removes secrets. */
export interface Log {
  /** For whoever debugs the plugin. */
  debug(message: string, fields?: Readonly<Record<string, JsonValue>>): void;
  /** What a reader of the run's story wants to know. */
  info(message: string, fields?: Readonly<Record<string, JsonValue>>): void;
  /** Something unusual that the run got over. */
  warn(message: string, fields?: Readonly<Record<string, JsonValue>>): void;
  /** Something that stopped a part of the work. */
  error(message: string, fields?: Readonly<Record<string, JsonValue>>): void;
}
