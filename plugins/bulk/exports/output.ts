/**
 * The option that says where the file of an export goes.
 *
 * @module
 */
import type { FieldMeta } from "@waybill/waybill";
import { z } from "zod";

/** Where the file goes. */
export const output: z.ZodOptional<z.ZodString> = z.string().min(1).max(1000).optional().meta(
  {
    title: "Output",
    help:
      "File to write: without an auth one of this machine, `-` for standard output, or left out for a link to the " +
      "file; with an auth a path there.",
    placeholder: "export.jsonl",
  } satisfies FieldMeta,
);
