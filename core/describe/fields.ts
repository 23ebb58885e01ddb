/**
 * A configuration as a flat list of fields: what flags, prompts, forms and tables are made from.
 *
 * @module
 */
import type { ConfigSchema } from "../contracts/config.ts";
import type { JsonValue } from "../contracts/records.ts";
import { propertiesOf, type PropertySchema } from "./json_schema.ts";
import { flagName, titleOf } from "./names.ts";

/** What a field holds. `list` is a list of strings, `enum` one of `values`. */
export type FieldType = "string" | "number" | "integer" | "boolean" | "list" | "enum";

/** One field of a configuration. */
export interface Field {
  /** The key, in snake_case. */
  readonly key: string;
  /** The CLI flag without its dashes, in kebab-case. */
  readonly flag: string;
  /** Name for people. */
  readonly title: string;
  /** What it is for; the first sentence works as one line of `--help`. Empty where nothing was declared. */
  readonly help: string;
  /** What it holds. */
  readonly type: FieldType;
  /** The values it may take: of an `enum`, or of each entry of a `list`. */
  readonly values?: readonly string[];
  /** Whether it must be given: it is neither optional nor has a default. */
  readonly required: boolean;
  /** What stands in for it when it is not given. */
  readonly default?: JsonValue;
  /** Write-only. */
  readonly secret: boolean;
  /** Several lines are usual. */
  readonly multiline: boolean;
  /** Shown after the plain ones. */
  readonly advanced: boolean;
  /** What a value looks like. */
  readonly placeholder?: string;
}

/**
 * The fields of a configuration, in the order of declaration.
 *
 * @throws {TypeError} for a key that is no string, number, boolean, enum or list of strings: a bug in the declaration.
 */
export function fieldsOf(schema: ConfigSchema): readonly Field[] {
  const { properties, required } = propertiesOf(schema);
  return properties.map(([key, property]) => {
    const values = valuesOf(property);
    return {
      key,
      flag: flagName(key),
      title: property.title ?? titleOf(key),
      help: property.help ?? property.description ?? "",
      type: typeOf(key, property),
      ...(values === undefined ? {} : { values }),
      required: required.has(key),
      ...(property.default === undefined ? {} : { default: property.default }),
      secret: property.secret === true,
      multiline: property.multiline === true,
      advanced: property.advanced === true,
      ...(property.placeholder === undefined ? {} : { placeholder: property.placeholder }),
    };
  });
}

function typeOf(key: string, property: PropertySchema): FieldType {
  const types = [property.type].flat().filter((type) => type !== "null");
  const [type] = types;
  if (types.length === 1) {
    if (type === "string") return valuesOf(property) === undefined ? "string" : "enum";
    if (type === "number" || type === "integer" || type === "boolean") return type;
    if (type === "array" && property.items?.type === "string") return "list";
  }
  throw new TypeError(`Field "${key}" is declared as something other than a string, number, boolean, enum or list`);
}

function valuesOf(property: PropertySchema): readonly string[] | undefined {
  if (property.items !== undefined) return valuesOf(property.items);
  const values = property.enum ?? (property.const === undefined ? undefined : [property.const]);
  return values?.filter((value) => typeof value === "string");
}
