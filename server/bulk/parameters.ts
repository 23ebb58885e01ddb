/**
 * Parameters in a small body, in whatever of the usual ways they are sent.
 *
 * @module
 */
import { Failure } from "../../core/contracts/failure.ts";
import { uploadBytes } from "../../core/engine/upload_body.ts";
import type { RawBody } from "../raw_body.ts";
import { readForm, textOf } from "./multipart.ts";

/** Most bytes of such a body. */
const BYTES = 64 * 1024;

/**
 * Those of `names` that a body has: a form of either kind, or a JSON object; an empty body has none. Others are passed
 * over. Failure `config` for what is none of them, is not text, or is too long.
 */
export async function textParameters<Name extends string>(
  body: RawBody,
  names: readonly Name[],
): Promise<{ readonly [Key in Name]?: string }> {
  const given: { [Key in Name]?: string } = {};
  const known = (name: string): name is Name => names.some((one) => one === name);
  if (body.type === "multipart/form-data" && body.boundary !== undefined) {
    for await (const part of readForm(uploadBytes(body), body.boundary)) {
      if (known(part.name)) given[part.name] = await textOf(part, BYTES);
    }
    return given;
  }
  const text = await textOf({ name: "body", filename: undefined, content: uploadBytes(body) }, BYTES);
  if (text.trim() === "") return given;
  if (body.type === "application/json") {
    for (const [name, value] of Object.entries(parse(text))) {
      if (!known(name)) continue;
      if (typeof value !== "string") throw new Failure("config", `Parameter "${name}" must be text`);
      given[name] = value;
    }
    return given;
  }
  for (const [name, value] of new URLSearchParams(text)) if (known(name)) given[name] = value;
  return given;
}

function parse(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Failure("config", "The body is not valid JSON", { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Failure("config", "The body is no JSON object");
}
