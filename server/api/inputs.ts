/**
 * What several routes take in.
 *
 * @module
 */
import { z } from "zod";
import type { ConfigInput } from "../../core/engine/runtime.ts";

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** One value of a configuration: a value of the field's type, a string that is read as it, or null for the default. */
export const configValue: z.ZodType<ConfigInput[string]> = z.union([scalar, z.array(scalar)]).meta({
  id: "ConfigValue",
});

/** A configuration by field name. Which fields there are is the plugin's to say: see the schemas of its job types. */
export const configInput: z.ZodType<ConfigInput> = z.record(z.string(), configValue).meta({ id: "Config" });

/** Id or label of a saved auth. */
export const authReference: z.ZodString = z.string().min(1).describe(
  "Id or label of an auth; may be left out when just one saved auth fits",
);

/** Most items of a page; text is read as a number. */
export const pageLimit: z.ZodCoercedNumber = z.coerce.number().int().min(1).max(1000).describe(
  "Most items of the page",
);

/** Where the page before ended. */
export const pageCursor: z.ZodString = z.string().min(1).describe("`next` of the page before");

/** Whether a run imports files whatever the ledger of imported files knows of them. */
export const force: z.ZodBoolean = z.boolean().describe("Import files again that were imported before");
