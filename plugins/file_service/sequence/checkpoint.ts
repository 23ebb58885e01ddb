/**
 * Where an import of files stands: between two files, or within one.
 *
 * @module
 */
import { z } from "zod";

/** The schema of a {@linkcode PassCheckpoint}, around that of the position in one file. */
export type PassCheckpointSchema<Position extends z.ZodType> = z.ZodObject<{
  current: z.ZodOptional<
    z.ZodObject<{
      path: z.ZodString;
      timestamp: z.ZodOptional<z.ZodInt>;
      rows: z.ZodInt;
      rejected: z.ZodInt;
      removed: z.ZodOptional<z.ZodInt>;
      position: z.ZodOptional<Position>;
    }>
  >;
  after: z.ZodOptional<z.ZodObject<{ name: z.ZodString; timestamp: z.ZodInt }>>;
  finish: z.ZodOptional<z.ZodObject<{ path: z.ZodString; size: z.ZodNumber; modified: z.ZodNumber }>>;
  files: z.ZodInt;
  bytes: z.ZodInt;
  done: z.ZodBoolean;
}>;

/**
 * Where an import of files stands. `current` is the file that is being read, with the position in it and the rows of it
 * so far; `removed` are the rows of the file before that were passed as gone, where those are told, after all of its own.
 * A file without rows has no position. `after` is the last file of the sequence that this run is done with, `finish` one whose rows are stored and
 * that is still to be moved or deleted. `files` and `bytes` count what this run has wholly imported; `done` tells that a
 * file that is no sequence was.
 */
export interface PassCheckpoint<Position> {
  readonly current?: {
    readonly path: string;
    readonly timestamp?: number | undefined;
    readonly rows: number;
    readonly rejected: number;
    readonly removed?: number | undefined;
    readonly position?: Position | undefined;
  } | undefined;
  readonly after?: { readonly name: string; readonly timestamp: number } | undefined;
  readonly finish?: { readonly path: string; readonly size: number; readonly modified: number } | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly done: boolean;
}

/** The schema of where an import of files stands; `position` is that of where the reading of one stands. */
export function passCheckpoint<Position extends z.ZodType>(position: Position): PassCheckpointSchema<Position> {
  const count = z.int().min(0);
  return z.object({
    current: z.object({
      path: z.string(),
      timestamp: z.int().optional(),
      rows: count,
      rejected: count,
      removed: count.optional(),
      position: position.optional(),
    }).optional(),
    after: z.object({ name: z.string(), timestamp: z.int() }).optional(),
    finish: z.object({ path: z.string(), size: z.number(), modified: z.number() }).optional(),
    files: count,
    bytes: count,
    done: z.boolean(),
  });
}
