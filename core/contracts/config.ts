/**
 * How auths and jobs declare their configuration: one zod object, from which flags, forms, JSON Schema and reference
 * tables derive.
 *
 * @module
 */
import type { z } from "zod";

/** A configuration: keys in snake_case, one level deep. */
export type ConfigSchema = z.ZodObject;

/** A configuration as `run`, `connect` and the others see it: parsed, defaults filled in. */
export type ConfigOf<Schema extends ConfigSchema> = z.output<Schema>;

/** What a field's `.meta({ … })` may say: `.meta({ … } satisfies FieldMeta)`. */
export interface FieldMeta {
  /** Name on forms and in tables; else made from the key. */
  readonly title?: string;
  /** What it is for; the first sentence works as one line of `--help`. */
  readonly help?: string;
  /** Write-only: stored encrypted, never shown again, never taken from a flag's value. */
  readonly secret?: boolean;
  /** Several lines are usual (keys). */
  readonly multiline?: boolean;
  /** Shown after the plain ones. */
  readonly advanced?: boolean;
  /** What a value looks like. */
  readonly placeholder?: string;
}
