/**
 * Configuration as it comes in, from flags, forms or JSON: read as its fields' types, checked once, as a whole.
 *
 * @module
 */
import { z } from "zod";
import type { ConfigOf, ConfigSchema } from "../contracts/config.ts";
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type Field, fieldsOf } from "./fields.ts";
import { nearest } from "./nearest.ts";
import { describeProblem, explainIssue, few } from "./problems.ts";
import { readValue } from "./values.ts";

/** How many unknown keys a message lists, and how many problems of keys that there are. */
const LISTED = { unknown: 5, problems: 20 };

type Input = Readonly<Record<string, JsonValue>>;

/**
 * Parses a configuration. Strings are read as the field's type: lists comma-separated (`\,` is a comma), booleans
 * `true` or `false`, numbers in decimal. A key that is null counts as not given.
 *
 * @param what Whose configuration it is, for the message: `job type "csv-import"`.
 * @throws {Failure} `config`, naming the keys that are unknown, missing or wrong, a few of them where they are many;
 * no secret is repeated.
 */
export function parseConfig<Schema extends ConfigSchema>(schema: Schema, input: Input, what: string): ConfigOf<Schema> {
  const fields = fieldsOf(schema);
  const config = typed(fields, input, what);
  const result = schema.safeParse(config, { error: explainIssue });
  if (result.success) return result.data;
  throw failureOf(what, fields, config, result.error.issues);
}

/**
 * Parses the keys that are given and asks for no others: what choices get while a form is being filled in. Checks that
 * span several keys are left out.
 *
 * @throws {Failure} `config`, as {@linkcode parseConfig} does.
 */
export function parsePartialConfig<Schema extends ConfigSchema>(
  schema: Schema,
  input: Input,
  what: string,
): Partial<ConfigOf<Schema>> {
  const fields = fieldsOf(schema);
  const config = typed(fields, input, what);
  const parsed: Record<string, unknown> = {};
  const issues: z.core.$ZodIssue[] = [];
  // Key by key, since zod refuses `pick` and `partial` for an object with checks of its own.
  for (const [key, value] of Object.entries(config)) {
    const result = z.safeParse(schema.shape[key] ?? z.unknown(), value, { error: explainIssue });
    if (result.success) parsed[key] = result.data;
    else issues.push(...result.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] })));
  }
  if (issues.length > 0) throw failureOf(what, fields, config, issues);
  return parsed as Partial<ConfigOf<Schema>>;
}

/**
 * Reads strings as their fields' types and refuses unknown keys, without filling in defaults or asking for anything:
 * the form in which a configuration is stored. A key that is null is left out.
 *
 * @throws {Failure} `config` for an unknown key, or a string that cannot be read as its field's type.
 */
export function readConfig(schema: ConfigSchema, input: Input, what: string): Record<string, JsonValue> {
  return typed(fieldsOf(schema), input, what);
}

function typed(fields: readonly Field[], input: Input, what: string): Record<string, JsonValue> {
  const byKey = new Map(fields.map((field) => [field.key, field]));
  const unknown = Object.keys(input).filter((key) => !byKey.has(key));
  if (unknown.length > 0) throw unknownKeys(what, unknown, [...byKey.keys()]);
  const config: Record<string, JsonValue> = {};
  const problems: string[] = [];
  for (const [key, field] of byKey) {
    const value = Object.hasOwn(input, key) ? input[key] : undefined;
    if (value === undefined || value === null) continue;
    const read = typeof value === "string" ? readValue(field.type, value) : value;
    if (read === undefined) problems.push(describeProblem(key, mustBe(field), field, value));
    else config[key] = read;
  }
  if (problems.length > 0) throw failure(what, problems);
  return config;
}

function mustBe(field: Field): string {
  if (field.type === "boolean") return "must be true or false";
  return field.type === "integer" ? "must be a whole number" : "must be a number";
}

function unknownKeys(what: string, unknown: readonly string[], known: readonly string[]): Failure {
  // Any number may come in; nobody reads suggestions for more than a few.
  const near = unknown.slice(0, LISTED.unknown).map((key) => nearest(key, known)).filter((key) => key !== undefined);
  const hint = near.length > 0 ? `Did you mean ${quotedList(near)}?` : `The keys it has: ${quotedList(known)}`;
  return new Failure(
    "config",
    `${capitalised(what)} has no ${few(unknown.map((key) => `"${key}"`), ", ", LISTED.unknown)}`,
    { hint },
  );
}

function failureOf(
  what: string,
  fields: readonly Field[],
  config: Input,
  issues: readonly z.core.$ZodIssue[],
): Failure {
  const problems = issues.map(({ path, message }) => {
    const key = String(path[0] ?? "");
    if (key === "") return message;
    const value = Object.hasOwn(config, key) ? config[key] : undefined;
    const inner = Array.isArray(value) && typeof path[1] === "number" ? value[path[1]] : value;
    return describeProblem(key, message, fields.find((field) => field.key === key), inner);
  });
  return failure(what, [...new Set(problems)]);
}

function failure(what: string, problems: readonly string[]): Failure {
  return new Failure("config", `Configuration of ${what}: ${few(problems, "; ", LISTED.problems)}`);
}

function quotedList(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
