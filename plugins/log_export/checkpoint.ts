/**
 * Where a run of a log export stands.
 *
 * @module
 */
import { z } from "zod";

/** The schema of a {@linkcode Checkpoint}. */
export type CheckpointSchema = z.ZodObject<{
  output: z.ZodString;
  hours: z.ZodArray<z.ZodInt>;
  rows: z.ZodInt;
  bytes: z.ZodInt;
}>;

/** Where the files go, which hours are left, and what was delivered. */
export type Checkpoint = z.output<CheckpointSchema>;

/** The schema. */
export const checkpoint: CheckpointSchema = z.object({
  output: z.string(),
  hours: z.array(z.int()),
  rows: z.int().min(0),
  bytes: z.int().min(0),
});
