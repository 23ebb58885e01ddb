/**
 * What a request brought, checked against what its route declares. Messages name the place, never the value.
 *
 * @module
 */
import type { z } from "zod";
import { Failure } from "../core/contracts/failure.ts";
import { explainIssue } from "../core/describe/problems.ts";
import { RequestFailure } from "./errors.ts";
import { BODY_SILENCE, unlessSilent } from "./raw_body.ts";

/** Most bytes of a JSON body. */
export const BODY_LIMIT: number = 1024 * 1024;

const DOCS = "See /docs for what the route takes";

/** Where a value came from, as messages say it. */
type Place = "Query parameter" | "Body field";

/** The query's parameters, each given once; `access_token` is not among them. */
export function readQuery<Schema extends z.ZodType>(schema: Schema, search: string): z.output<Schema> {
  if (search === "") return readNothing(schema);
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (name === "access_token") continue;
    if (Object.hasOwn(given, name)) throw new Failure("config", `Query parameter "${shorten(name)}" is given twice`);
    if (!isStorable(value)) throw new Failure("config", `Query parameter "${shorten(name)}" ${UNSTORABLE}`);
    given[name] = value;
  }
  return check(schema, given, "Query parameter");
}

/** What no query at all is read as, by schema: most requests have none. */
const nothing = new WeakMap<z.ZodType, unknown>();

function readNothing<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
  if (nothing.has(schema)) return nothing.get(schema) as z.output<Schema>;
  const read = check(schema, {}, "Query parameter");
  nothing.set(schema, read);
  return read;
}

/** The JSON body; a body left out counts as `{}`. Throws the failure (408) of one that stands still for so long. */
export async function readBody<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
  silence: number = BODY_SILENCE,
): Promise<z.output<Schema>> {
  const bytes = await readAtMost(request, BODY_LIMIT, silence);
  if (bytes.length === 0) return check(schema, {}, "Body field");
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json") {
    throw new RequestFailure(415, "The request body is not sent as JSON", {
      hint: 'Send JSON with the header "Content-Type: application/json"',
      headers: { accept: "application/json" },
    });
  }
  return check(schema, parseJson(bytes), "Body field");
}

async function readAtMost(request: Request, limit: number, silence: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new Failure("config", `The request body is over ${limit} bytes`, {
      code: "too_large",
      hint: "Send a smaller body",
    });
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body === null ? [] : unlessSilent(request.body, silence)) {
    size += part.length;
    // Leaving the loop cancels the body: what comes after is not read.
    if (size > limit) throw tooLarge();
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function parseJson(bytes: Uint8Array): unknown {
  let body: unknown;
  let hasProto = false, canStore = true;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    body = JSON.parse(text);
    // Only where it may stand, plain or escaped: a reviver is slow.
    if (/__proto__|\\u(?:005f|0000|d[89a-f])/i.test(text)) {
      JSON.parse(text, (key, value) => {
        hasProto ||= key === "__proto__";
        canStore &&= isStorable(key) && (typeof value !== "string" || isStorable(value));
        return value;
      });
    }
  } catch {
    // The parser's own message quotes the body, which may hold secrets.
    throw new Failure("config", "The request body is not valid JSON in UTF-8", { hint: "Check quotes and commas" });
  }
  // Schemas would leave it out without a word.
  if (hasProto) throw new Failure("config", 'Body field "__proto__" is not known', { hint: DOCS });
  if (!canStore) throw new Failure("config", `The request body ${UNSTORABLE}`, { hint: "Leave it out" });
  return body;
}

/** The end of a sentence about what {@linkcode isStorable} does not let pass. */
const UNSTORABLE = "holds U+0000, or half of a surrogate pair, which no database stores";

/** Whether every database stores a text as it is. */
function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown, place: Place): z.output<Schema> {
  const result = schema.safeParse(value, { error: explainIssue });
  if (result.success) return result.data;
  throw new Failure("config", result.error.issues.slice(0, 5).map((issue) => describe(issue, place)).join("; "), {
    hint: DOCS,
  });
}

function describe(issue: z.core.$ZodIssue, place: Place): string {
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return `${place} "${shorten([...issue.path, key].join("."))}" is not known`;
  }
  const path = issue.path.join(".");
  if (path === "") return `The ${place === "Body field" ? "body" : "query"} ${issue.message}`;
  return `${place} "${shorten(path)}" ${issue.message}`;
}

function shorten(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name;
}
