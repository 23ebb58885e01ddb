/**
 * What a configuration must keep to: the parts of the job contract that need no run.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ConfigSchema } from "../contracts/config.ts";
import { fieldsOf, jsonSchemaOf } from "../describe/mod.ts";

/** Parts of a key that name what must not be shown. */
const SECRET_WORDS = ["password", "passphrase", "token", "key", "secret", "credential", "credentials"];

/** A configuration that becomes JSON Schema and flags: every field has a name, a help text and a flag of its own. */
export function assertRenders(owner: string, config: ConfigSchema): void {
  const fields = fieldsOf(config);
  const schema = jsonSchemaOf(config);
  assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema, `"${owner}": its JSON Schema is JSON`);
  assert.deepEqual(Object.keys(schema["properties"] ?? {}), fields.map(({ key }) => key));
  assert.equal(new Set(fields.map(({ flag }) => flag)).size, fields.length, `"${owner}": every field has its own flag`);
  for (const { key, flag, help, title } of fields) {
    assert.match(flag, /^[a-z][a-z0-9-]*$/, `"${owner}": "${key}" makes a flag`);
    assert.notEqual(title.trim(), "", `"${owner}": "${key}" has a title`);
    assert.notEqual(help.trim(), "", `"${owner}": "${key}" has a help text: .meta({ help: "…" })`);
  }
}

/** Defaults are what the schema itself gives back, and a parsed configuration parses to the same again. */
export function assertDefaultsParse(schema: ConfigSchema, config: object): void {
  for (const field of fieldsOf(schema)) {
    if (field.default === undefined) continue;
    assert.deepEqual(schema.shape[field.key]?.parse(undefined), field.default, `the default of "${field.key}" parses`);
    assert.deepEqual(schema.shape[field.key]?.parse(field.default), field.default, `"${field.key}" takes its default`);
  }
  const parsed = schema.parse(config);
  assert.deepEqual(schema.parse(JSON.parse(JSON.stringify(parsed))), parsed, "a parsed configuration parses again");
}

/** Fields that are named like a secret are marked `secret`, and no secret has a default that everybody knows. */
export function assertSecretsMarked(owner: string, config: ConfigSchema, notSecret: readonly string[]): void {
  for (const { key, secret, default: standing } of fieldsOf(config)) {
    const named = key.split("_").some((word) => SECRET_WORDS.includes(word)) && !notSecret.includes(key);
    assert.ok(secret || !named, `"${owner}": "${key}" is named like a secret; mark it secret, or list it in notSecret`);
    assert.ok(!secret || standing === undefined, `"${owner}": the secret "${key}" has a default`);
  }
}
