/**
 * The configuration file of a data directory: what its operator sets for every program that works on it.
 *
 * @module
 */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { Failure } from "../contracts/failure.ts";
import { nearest } from "../describe/mod.ts";
import { unusableHome } from "./home.ts";
import { type Bucket, RATE_LIMITS, type RateLimits } from "./rate_limits.ts";

/** What stands in a configuration file. */
export interface ConfigFile {
  /** Modules of plugins beside the built-in ones; paths are absolute. */
  readonly plugins: readonly string[];
  /** Most bytes of an upload, unpacked. */
  readonly uploadLimit: number;
  /** How often an API key may be used. */
  readonly rateLimits: RateLimits;
}

/** Its name in the data directory. */
export const CONFIG_FILE = "waybill.json";

/** Most bytes of an upload unless the file says otherwise: 5 GiB. */
const UPLOAD_LIMIT = 5 * 1024 ** 3;

const BUCKETS = Object.keys(RATE_LIMITS) as Bucket[];

function between(least: number, most: number): z.ZodNumber {
  const wrong = `must be a whole number from ${least} to ${most}`;
  return z.int(wrong).min(least, wrong).max(most, wrong);
}

const schema = z.object({
  plugins: z.array(z.string("must be a list of text").min(1, "must name modules"), "must be a list").default([]),
  upload_limit_bytes: z.int("must be a whole number of bytes").min(1, "must be at least 1").default(UPLOAD_LIMIT),
  rate_limits: z.partialRecord(
    z.enum(BUCKETS),
    z.strictObject({ requests: between(1, 10_000), seconds: between(1, 86_400) }, "must have requests and seconds"),
    `must hold limits by their names: ${BUCKETS.join(", ")}`,
  ).default({}),
});

/**
 * Reads the `waybill.json` of a data directory; without one nothing is set. A path in it (`./acme.ts`) starts at the
 * file's folder. Failure `config` that names the file, for text that is no JSON, a key that is not known, or a value
 * that does not fit.
 */
export async function readConfigFile(home: string): Promise<ConfigFile> {
  const path = resolve(join(home, CONFIG_FILE));
  const text = await readIfThere(path);
  const read = text === undefined ? schema.parse({}) : parse(path, text);
  return {
    plugins: read.plugins.map((specifier) => fromFolder(path, specifier)),
    uploadLimit: read.upload_limit_bytes,
    rateLimits: { ...RATE_LIMITS, ...read.rate_limits },
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof Deno.errors.NotCapable) throw unusableHome(dirname(path), error);
    throw refused(path, error instanceof Error ? error.message : String(error), {
      hint: "Make it a file that Waybill's user can read",
      cause: error,
    });
  }
}

function parse(path: string, text: string): z.output<typeof schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refused(path, `it is not JSON: ${reason}`, {
      hint: "JSON has neither comments nor trailing commas",
      cause: error,
    });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw refused(path, "it holds no JSON object", { hint: 'Write { "plugins": ["./acme.ts"] }' });
  }
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(json).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    throw refused(path, `there is no setting "${unknown}"`, {
      hint: near === undefined
        ? `The settings are ${known.map((key) => `"${key}"`).join(", ")}`
        : `Did you mean "${near}"?`,
    });
  }
  const { data, error } = schema.safeParse(json);
  if (data !== undefined) return data;
  const problems = error.issues.map(({ path, message }) =>
    `"${path.filter((key) => typeof key === "string").join(".")}" ${message}`
  );
  throw refused(path, [...new Set(problems)].join("; "), {
    hint: 'Write { "plugins": ["./acme.ts"], "upload_limit_bytes": 5368709120 }',
  });
}

/** A specifier as it is, a path with the file's folder before it. */
function fromFolder(path: string, specifier: string): string {
  const isRelative = specifier.startsWith("./") || specifier.startsWith("../");
  return isRelative && !isAbsolute(specifier) ? resolve(dirname(path), specifier) : specifier;
}

function refused(path: string, reason: string, options: { hint: string; cause?: unknown }): Failure {
  return new Failure("config", `Configuration file "${path}" cannot be used: ${reason}`, options);
}
