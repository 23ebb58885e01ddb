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
    help: "File to write. Without an auth it is a file of this machine, `-` standard output; left out, a link to the " +
      "file is made. With an auth it is a path there.",
    placeholder: "ids.jsonl",
  } satisfies FieldMeta,
);
