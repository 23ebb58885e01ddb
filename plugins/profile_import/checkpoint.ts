/**
 * Where a profile import stands: all it needs to go on exactly there.
 *
 * @module
 */
import { z } from "zod";
import { type PassCheckpoint, passCheckpoint, type PassCheckpointSchema } from "../file_service/sequence/mod.ts";

/** The schema of a {@linkcode FilePosition}. */
export type FilePositionSchema = z.ZodObject<{
  path: z.ZodString;
  version: z.ZodString;
  member: z.ZodOptional<z.ZodString>;
  position: z.ZodObject<{ offset: z.ZodInt; line: z.ZodInt }>;
  csv: z.ZodOptional<
    z.ZodObject<{
      names: z.ZodArray<z.ZodString>;
      delimiter: z.ZodString;
      cells: z.ZodInt;
      recovering: z.ZodBoolean;
    }>
  >;
  rows: z.ZodInt;
}>;

/**
 * Where the reading of one file stands. `path` and `version` name the file as it was, `member` what is read of it where
 * it is an archive; `position` is the reader's, in the bytes that come out of all layers, and `csv` what else it knows
 * of a CSV file. `rows` counts those so far, rejected ones included.
 */
export type FilePosition = z.output<FilePositionSchema>;

/** The schema of a {@linkcode Checkpoint}. */
export type CheckpointSchema = PassCheckpointSchema<FilePositionSchema>;

/** Where a profile import stands: in or between files. */
export type Checkpoint = PassCheckpoint<FilePosition>;

/** The schema. */
export const checkpoint: CheckpointSchema = passCheckpoint(z.object({
  path: z.string(),
  version: z.string(),
  member: z.string().optional(),
  position: z.object({ offset: z.int().min(0), line: z.int().min(1) }),
  csv: z.object({
    names: z.array(z.string()),
    delimiter: z.string(),
    cells: z.int().min(0),
    recovering: z.boolean(),
  }).optional(),
  rows: z.int().min(0),
}));
