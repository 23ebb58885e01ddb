/**
 * Where a JSON import stands: all it needs to go on exactly there.
 *
 * @module
 */
import { z } from "zod";

/** The schema of a {@linkcode Checkpoint}. */
export type CheckpointSchema = z.ZodObject<{
  path: z.ZodString;
  version: z.ZodString;
  position: z.ZodObject<{ offset: z.ZodInt; line: z.ZodInt }>;
  untimed: z.ZodInt;
}>;

/**
 * Where a JSON import stands. `path` and `version` name the file as it was; `position` is the reader's; `untimed` counts
 * the records so far whose timestamp does not parse.
 */
export type Checkpoint = z.output<CheckpointSchema>;

/** The schema. */
export const checkpoint: CheckpointSchema = z.object({
  path: z.string(),
  version: z.string(),
  position: z.object({ offset: z.int().min(0), line: z.int().min(1) }),
  untimed: z.int().min(0),
});
