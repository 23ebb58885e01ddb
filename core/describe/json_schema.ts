/**
 * A configuration as JSON Schema (draft 2020-12): what the API answers with and OpenAPI is made of.
 *
 * @module
 */
import { z } from "zod";
import type { ConfigSchema, FieldMeta } from "../contracts/config.ts";
import type { JsonValue } from "../contracts/records.ts";
import { titleOf } from "./names.ts";

/** One property as zod's JSON Schema gives it, with what `.meta()` said beside it. */
export interface PropertySchema extends FieldMeta {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly JsonValue[];
  readonly const?: JsonValue;
  readonly items?: PropertySchema;
  readonly default?: JsonValue;
  readonly [keyword: string]: JsonValue | PropertySchema | readonly string[] | readonly JsonValue[] | undefined;
}

/** The properties of a configuration as input: a key with a default is not required. */
export function propertiesOf(
  schema: ConfigSchema,
): { readonly properties: readonly (readonly [string, PropertySchema])[]; readonly required: ReadonlySet<string> } {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const properties: Record<string, unknown> = json.properties ?? {};
  return {
    properties: Object.entries(properties).map(([key, property]) => [key, isProperty(property) ? property : {}]),
    required: new Set(json.required ?? []),
  };
}

/**
 * The JSON Schema of a configuration as it comes in: titles and descriptions from `.meta()`, secrets `writeOnly`, a
 * placeholder as the example, no other keys. Without `$schema`, so that it can be embedded.
 */
export function jsonSchemaOf(schema: ConfigSchema): Record<string, JsonValue> {
  const { properties, required } = propertiesOf(schema);
  return {
    type: "object",
    properties: Object.fromEntries(properties.map(([key, property]) => [key, publicProperty(key, property)])),
    required: [...required],
    additionalProperties: false,
  };
}

function publicProperty(key: string, property: PropertySchema): Record<string, JsonValue> {
  const { title, help, description, secret, multiline: _, advanced: __, placeholder, ...schema } = property;
  const text = help ?? description;
  return {
    title: title ?? titleOf(key),
    ...(text === undefined ? {} : { description: text }),
    // What is left is JSON Schema, which is JSON; the copy drops keywords that are undefined.
    ...JSON.parse(JSON.stringify(schema)),
    ...(secret === true ? { writeOnly: true } : {}),
    ...(placeholder === undefined ? {} : { examples: [placeholder] }),
  };
}

function isProperty(value: unknown): value is PropertySchema {
  return typeof value === "object" && value !== null;
}
