import assert from "node:assert/strict";
import { z } from "zod";
import type { FieldMeta } from "../contracts/config.ts";
import { Failure } from "../contracts/failure.ts";
import { importFields } from "../contracts/fields.ts";
import { fieldsOf, flagName, jsonSchemaOf, optionsTable, splitSecrets } from "./mod.ts";
import { parseConfig, parsePartialConfig, readConfig } from "./mod.ts";

const SCHEMA = z.object({
  ...importFields,
  host: z.string().min(1).meta({ title: "Host", help: "Server to dial. A name or an address." } satisfies FieldMeta),
  port: z.number().int().min(1).max(65535).default(22).meta({ help: "Its port." } satisfies FieldMeta),
  password: z.string().min(8, "must be longer").optional().meta({ secret: true } satisfies FieldMeta),
  private_key: z.string().optional().meta({ secret: true, multiline: true, advanced: true } satisfies FieldMeta),
  encoding: z.enum(["utf-8", "utf-16"]).default("utf-8"),
  forms: z.array(z.enum(["iso", "unix"])).optional(),
  strict: z.boolean().default(false),
  ratio: z.number().optional(),
});
const WHAT = 'job type "csv-import"';

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  }
  assert.fail("nothing was thrown");
}

Deno.test("fields carry what the declaration says, through default and optional", () => {
  const fields = new Map(fieldsOf(SCHEMA).map((field) => [field.key, field]));
  assert.deepEqual([...fields.keys()].slice(0, 4), ["stream", "identify_by", "reject_threshold", "host"]);
  assert.deepEqual(fields.get("host"), {
    key: "host",
    flag: "host",
    title: "Host",
    help: "Server to dial. A name or an address.",
    type: "string",
    required: true,
    secret: false,
    multiline: false,
    advanced: false,
  });
  assert.deepEqual(fields.get("port"), {
    key: "port",
    flag: "port",
    title: "Port",
    help: "Its port.",
    type: "integer",
    required: false,
    default: 22,
    secret: false,
    multiline: false,
    advanced: false,
  });
  const types = ["identify_by", "encoding", "forms", "strict", "ratio"].map((key) => fields.get(key)?.type);
  assert.deepEqual(types, ["list", "enum", "list", "boolean", "number"]);
  assert.deepEqual(fields.get("forms")?.values, ["iso", "unix"]);
  assert.equal(fields.get("private_key")?.flag, "private-key");
  assert.equal(fields.get("private_key")?.secret && fields.get("private_key")?.multiline, true);
  assert.equal(fields.get("reject_threshold")?.advanced, true);
});

Deno.test("a field of a type that no flag can hold is a bug in the declaration", () => {
  assert.throws(() => fieldsOf(z.object({ deep: z.object({ a: z.string() }) })), /"deep"/);
});

Deno.test("strings are read as the field's type", () => {
  const config = parseConfig(SCHEMA, {
    stream: "customers",
    host: "sftp.example.com",
    port: "2222",
    identify_by: "customer_id, last\\,first",
    forms: ["iso"],
    strict: "true",
    ratio: "0.5",
  }, WHAT);
  assert.deepEqual(config, {
    stream: "customers",
    host: "sftp.example.com",
    port: 2222,
    identify_by: ["customer_id", "last,first"],
    encoding: "utf-8",
    forms: ["iso"],
    strict: true,
    ratio: 0.5,
  });
});

Deno.test("an unknown key names the one that was probably meant", () => {
  const failure = failureOf(() => parseConfig(SCHEMA, { hots: "a" }, WHAT));
  assert.equal(failure.kind, "config");
  assert.equal(failure.message, 'Job type "csv-import" has no "hots"');
  assert.equal(failure.hint, 'Did you mean "host"?');
  assert.match(failureOf(() => parseConfig(SCHEMA, { zzzzzz: "a" }, WHAT)).hint ?? "", /"stream".*"ratio"/);
});

Deno.test("of many unknown keys a few are named, and how many more there are", () => {
  const config = Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`zz${index}`, 1]));
  const { message } = failureOf(() => parseConfig(SCHEMA, config, WHAT));
  assert.equal(message, 'Job type "csv-import" has no "zz0", "zz1", "zz2", "zz3", "zz4", and 29995 more');
});

Deno.test("every problem names its key and what was wrong with the value", () => {
  const given = { stream: "a b", port: 70000, encoding: "latin", identify_by: ["", "x"], forms: "iso,ux" };
  assert.equal(
    failureOf(() => parseConfig(SCHEMA, given, WHAT)).message,
    'Configuration of job type "csv-import": "stream" must be 1 to 64 letters, digits, `_`, `-` or `.`, starting with ' +
      'a letter or digit, not "a b"; "identify_by" must not be empty, not ""; "host" is missing; "port" must be at ' +
      'most 65535, not "70000"; "encoding" must be "utf-8" or "utf-16", not "latin"; "forms" must be "iso" or "unix", ' +
      'not "ux"',
  );
  assert.equal(
    failureOf(() => parseConfig(SCHEMA, { stream: "s", host: "h", port: "22x", strict: "yes", ratio: "" }, WHAT))
      .message,
    'Configuration of job type "csv-import": "port" must be a whole number, not "22x"; "strict" must be true or false, ' +
      'not "yes"; "ratio" must be a number, not ""',
  );
});

Deno.test("a secret that is wrong is not repeated, not even by the declaration's own message", () => {
  const talkative = z.object({
    password: z.string().refine(() => false, { error: ({ input }) => `"${input}" is weak` }).meta({ secret: true }),
    short: z.string().max(3).meta({ secret: true }),
    pin: z.number().meta({ secret: true }),
  });
  const { message } = failureOf(() => parseConfig(talkative, { password: "hunter2", short: "opensesame" }, "auth"));
  assert.doesNotMatch(message, /hunter2|opensesame/);
  assert.match(message, /"password" is not valid; "short" must have at most 3 characters; "pin" is missing/);
  assert.doesNotMatch(failureOf(() => parseConfig(talkative, { pin: "12x34" }, "auth")).message, /12x34/);
});

Deno.test("a check over several keys speaks for itself", () => {
  const schema = z.object({ a: z.string().optional(), b: z.string().optional() })
    .refine(({ a, b }) => a !== undefined || b !== undefined, 'needs "a" or "b"');
  assert.equal(failureOf(() => parseConfig(schema, {}, "auth")).message, 'Configuration of auth: needs "a" or "b"');
  assert.deepEqual(parsePartialConfig(schema, {}, "auth"), {});
});

Deno.test("a partial configuration holds the given keys only, and those are checked", () => {
  assert.deepEqual(parsePartialConfig(SCHEMA, { host: "h", port: null }, WHAT), { host: "h" });
  assert.match(failureOf(() => parsePartialConfig(SCHEMA, { port: "0" }, WHAT)).message, /"port" must be at least 1/);
  assert.match(failureOf(() => parsePartialConfig(SCHEMA, { forms: "iso,x" }, WHAT)).message, /"forms" must be .*"x"/);
});

Deno.test("a configuration to be stored is typed and holds what was given", () => {
  assert.deepEqual(readConfig(SCHEMA, { port: "22", ratio: null, identify_by: "" }, WHAT), {
    port: 22,
    identify_by: [],
  });
});

Deno.test("inherited names are no keys", () => {
  assert.throws(() => parseConfig(SCHEMA, JSON.parse('{"__proto__":"x"}'), WHAT), /has no "__proto__"/);
  assert.throws(() => parseConfig(z.object({ constructor: z.string() }), {}, WHAT), /"constructor" must be a string/);
});

Deno.test("secrets are told apart from what may be shown", () => {
  const { plain, secrets } = splitSecrets(SCHEMA, { host: "h", password: "long enough", ratio: undefined });
  assert.deepEqual(plain, { host: "h" });
  assert.deepEqual(secrets, { password: "long enough" });
});

Deno.test("JSON Schema marks secrets, requires what has no default and holds standard keywords only", () => {
  const schema = jsonSchemaOf(SCHEMA);
  assert.deepEqual(schema.required, ["stream", "host"]);
  assert.equal(schema.additionalProperties, false);
  const properties: Record<string, unknown> = Object(schema.properties);
  assert.deepEqual(properties.password, { title: "Password", type: "string", minLength: 8, writeOnly: true });
  assert.deepEqual(properties.port, {
    title: "Port",
    description: "Its port.",
    default: 22,
    type: "integer",
    minimum: 1,
    maximum: 65535,
  });
  assert.doesNotMatch(JSON.stringify(schema), /"(help|secret|multiline|advanced|placeholder)"/);
});

Deno.test("the options table lists plain fields before advanced ones and shows how a secret is given", () => {
  const lines = optionsTable(z.object({
    key: z.string().optional().meta({ secret: true, advanced: true, help: "Key." }),
    port: z.number().default(22).meta({ help: "Port | number." }),
  })).split("\n");
  assert.match(lines[2] ?? "", /^\| `--port` +\| number \| `22` +\| Port \\\| number\. \|$/);
  assert.match(lines[3] ?? "", /^\| `--key-file` \| secret \| +\| Key\. +\|$/);
});

Deno.test("a flag is the kebab-case of its key", () => {
  assert.equal(flagName("private_key"), "private-key");
});
