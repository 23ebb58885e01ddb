/**
 * Secrets from a file, standard input, the environment or a prompt; never from the command line.
 *
 * @module
 */
import type { ConfigSchema } from "../core/contracts/config.ts";
import { Failure } from "../core/contracts/failure.ts";
import type { JsonValue } from "../core/contracts/records.ts";
import { type Field, fieldsOf } from "../core/describe/fields.ts";
import type { App } from "./app.ts";
import { type Arguments, secretVariable } from "./args.ts";
import { UsageError } from "./usage.ts";

/** Larger than any key. */
const MOST_BYTES = 1 << 20;

/** The configuration that the command line gives for `schema`, its secrets included. */
export async function configWithSecrets(
  app: App,
  args: Arguments,
  schema: ConfigSchema,
  options: { readonly partial?: boolean } = {},
): Promise<Record<string, JsonValue>> {
  const config: Record<string, JsonValue> = { ...args.config };
  const files = [...args.secretFiles.values()];
  if (files.filter((path) => path === "-").length > 1) throw new UsageError("Only one secret can be standard input");
  for (const field of fieldsOf(schema).filter(({ secret }) => secret)) {
    const secret = await secretOf(app, args, field, field.required && options.partial !== true);
    if (secret !== undefined) config[field.key] = secret;
  }
  return config;
}

async function secretOf(app: App, args: Arguments, field: Field, needed: boolean): Promise<string | undefined> {
  const path = args.secretFiles.get(field.key);
  if (path !== undefined) return trimmed(path === "-" ? await readStdin() : await readFile(path), field);
  if (args.asked.has(field.key)) return await ask(field);
  const variable = secretVariable(field.key);
  const value = Deno.env.get(variable);
  if (value !== undefined && value !== "") {
    app.out.note(app.out.talk("dim", `${field.title}: taken from ${variable}`));
    return trimmed(value, field);
  }
  return needed && Deno.stdin.isTerminal() ? await ask(field) : undefined;
}

/** Editors end files with a line break; a password has none. */
function trimmed(text: string, field: Field): string {
  return field.multiline ? text : text.replace(/\r?\n$/, "");
}

async function readFile(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MOST_BYTES) throw new Failure("config", `File "${path}" is too large to be a secret`);
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = error instanceof Deno.errors.NotFound ? "does not exist" : "cannot be read";
    throw new Failure("config", `File "${path}" ${why}`, { hint: "Check the path and its permissions", cause: error });
  }
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.length > MOST_BYTES) throw new Failure("config", "Standard input is too large to be a secret");
  }
  return text;
}

/** Asks without showing what is typed. */
async function ask(field: Field): Promise<string> {
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      `--${field.flag}-ask needs a terminal`,
      `Use --${field.flag}-file PATH (- for standard input)`,
    );
  }
  const tell = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  tell(`${field.title}: `);
  Deno.stdin.setRaw(true);
  try {
    return await readHidden(Deno.stdin);
  } finally {
    Deno.stdin.setRaw(false);
    tell("\n");
  }
}

const [CTRL_C, CTRL_D, BACKSPACE, LINE_FEED, RETURN, CTRL_U, DELETE] = [3, 4, 8, 10, 13, 21, 127];

/** Reads a line from a terminal in raw mode. Exported for its test. */
export async function readHidden(terminal: { read(into: Uint8Array): Promise<number | null> }): Promise<string> {
  const typed: number[] = [];
  const buffer = new Uint8Array(256);
  for (;;) {
    const read = await terminal.read(buffer);
    for (const byte of buffer.subarray(0, read ?? 0)) {
      if (byte === CTRL_C) throw new Failure("cancelled", "The question was not answered");
      if (byte === LINE_FEED || byte === RETURN || byte === CTRL_D) return text(typed);
      if (byte === CTRL_U) typed.length = 0;
      else if (byte === BACKSPACE || byte === DELETE) dropLast(typed);
      else typed.push(byte);
    }
    if (read === null) return text(typed);
  }
}

/** Drops the last character, which may be several bytes of UTF-8. */
function dropLast(typed: number[]): void {
  while (((typed.pop() ?? 0) & 0xc0) === 0x80);
}

function text(typed: readonly number[]): string {
  return new TextDecoder().decode(new Uint8Array(typed));
}
