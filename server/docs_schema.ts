/**
 * JSON Schemas in the form that `/docs` shows: rows of a table, and an example.
 *
 * @module
 */
import type { OpenApiObject } from "./openapi.ts";

/** One property, in words. */
export interface SchemaRow {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly text: string;
}

/** The schemas that references lead to, by name. */
export type Schemas = Readonly<Record<string, OpenApiObject>>;

const REFERENCE = "#/components/schemas/";

/** The properties of an object. */
export function rowsOf(schema: OpenApiObject, schemas: Schemas): SchemaRow[] {
  const { properties, required } = follow(schema, schemas);
  const names = Array.isArray(required) ? required : [];
  return Object.entries(isObject(properties) ? properties : {}).map(([name, property]) => ({
    name,
    type: typeOf(object(property)),
    required: names.includes(name),
    text: [object(property).title, object(property).description].filter((part) => typeof part === "string").join(". "),
  }));
}

/** What a value is, in a few words: `list of string`, `Run or null`. */
export function typeOf(schema: OpenApiObject): string {
  if (typeof schema.$ref === "string") return schema.$ref.slice(REFERENCE.length);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const either = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(either)) return either.map((option) => typeOf(object(option))).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(object(schema.items))}`;
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  return typeof schema.type === "string" ? schema.type : "any value";
}

/** A value that the schema might describe. */
export function exampleOf(schema: OpenApiObject, schemas: Schemas): unknown {
  const resolved = follow(schema, schemas);
  if (Array.isArray(resolved.examples)) return resolved.examples[0];
  if (resolved.default !== undefined) return resolved.default;
  if (resolved.const !== undefined) return resolved.const;
  if (Array.isArray(resolved.enum)) return resolved.enum[0];
  const either = resolved.anyOf ?? resolved.oneOf;
  if (Array.isArray(either)) return exampleOf(object(either[0]), schemas);
  const [type] = [resolved.type].flat();
  if (type === "array") return [exampleOf(object(resolved.items), schemas)];
  if (type === "integer" || type === "number") return 0;
  if (type === "boolean") return true;
  if (type === "string") return resolved.format === "date-time" ? "2026-01-31T09:30:00Z" : "…";
  if (type !== "object") return null;
  const properties = isObject(resolved.properties) ? resolved.properties : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, exampleOf(object(property), schemas)]),
  );
}

function follow(schema: OpenApiObject, schemas: Schemas): OpenApiObject {
  if (typeof schema.$ref !== "string") return schema;
  return schemas[schema.$ref.slice(REFERENCE.length)] ?? {};
}

function object(value: unknown): OpenApiObject {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is OpenApiObject {
  return typeof value === "object" && value !== null;
}
