/**
 * Where a mailed export stands: what it needs to mail the same link to those who do not have it yet.
 *
 * @module
 */
import { z } from "zod";
import { heldFor } from "../file_service/exports/mod.ts";

/** The schema of a {@linkcode Checkpoint}. */
export type CheckpointSchema = z.ZodObject<{
  held: z.ZodOptional<typeof heldFor>;
  file: z.ZodOptional<z.ZodObject<{ rows: z.ZodInt; columns: z.ZodArray<z.ZodString> }>>;
  mailed: z.ZodArray<z.ZodString>;
}>;

/**
 * `file` is what the published file holds, once there is one; `mailed` are the addresses whose mail the server has taken,
 * `held` what the run was held for. The link is not among them: whoever has it has the file.
 */
export const checkpoint: CheckpointSchema = z.object({
  held: heldFor.optional(),
  file: z.object({ rows: z.int(), columns: z.array(z.string()) }).optional(),
  mailed: z.array(z.string()),
});

/** Where a mailed export stands. */
export type Checkpoint = z.output<CheckpointSchema>;
