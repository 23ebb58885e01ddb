/**
 * Where the reading of a file of ids stands.
 *
 * @module
 */
import { z } from "zod";

/** The schema of a {@linkcode FilePosition}. */
export type FilePositionSchema = z.ZodObject<{
  path: z.ZodString;
  version: z.ZodString;
  member: z.ZodOptional<z.ZodString>;
  position: z.ZodObject<{ offset: z.ZodInt; line: z.ZodInt }>;
  lines: z.ZodInt;
}>;

/**
 * Where the reading stands: the file as it was, what is read of it where it is an archive, the reader's position in the
 * bytes that come out of all layers, and how many lines there were so far.
 */
export type FilePosition = z.output<FilePositionSchema>;

/** The schema. */
export const checkpoint: FilePositionSchema = z.object({
  path: z.string(),
  version: z.string(),
  member: z.string().optional(),
  position: z.object({ offset: z.int().min(0), line: z.int().min(1) }),
  lines: z.int().min(0),
});
