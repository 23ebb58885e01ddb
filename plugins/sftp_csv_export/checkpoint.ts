/**
 * Where a run stands.
 *
 * @module
 */
import { z } from "zod";
import { heldFor } from "../file_service/exports/mod.ts";

/** What is known of a file that was written. */
export const writtenFile = z.object({
  rows: z.int(),
  bytes: z.int(),
  /** In hexadecimal. */
  sha256: z.string(),
  /** When it was complete, in milliseconds since the Unix epoch. */
  at: z.int(),
});

/** What is known of a file that was written. */
export type WrittenFile = z.output<typeof writtenFile>;

/** A checkpoint, as a zod schema. */
export type CheckpointSchema = z.ZodObject<{
  /** Where the file goes: decided once, so that a later attempt replaces it. */
  path: z.ZodString;
  /** Its name before it is compressed and encrypted: that of the file in an archive. */
  name: z.ZodString;
  /** What the run was held for. */
  held: z.ZodOptional<typeof heldFor>;
  /** Present once the file is there. */
  written: z.ZodOptional<typeof writtenFile>;
}>;

/** Where a run stands. */
export const checkpoint: CheckpointSchema = z.object({
  path: z.string(),
  name: z.string(),
  held: heldFor.optional(),
  written: writtenFile.optional(),
});

/** Where a run stands. */
export type Checkpoint = z.output<CheckpointSchema>;
