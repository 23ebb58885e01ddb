/**
 * What is wrong with a configuration, in words: each problem names its key, none repeats a secret.
 *
 * @module
 */
import type { z } from "zod";
import type { JsonValue } from "../contracts/records.ts";
import type { Field } from "./fields.ts";

/** How long a value may be to be repeated in a message. */
const QUOTED_AT_MOST = 60;

/** Words for zod's own problems; a message that the declaration gives comes before them. */
export const explainIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${article(issue.expected)}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values.map(String))}`;
    case "too_small":
      return `must ${size(issue.origin, "at least", Number(issue.minimum), issue.inclusive !== false)}`;
    case "too_big":
      return `must ${size(issue.origin, "at most", Number(issue.maximum), issue.inclusive !== false)}`;
    case "invalid_format":
      return "does not have the right form";
    case "invalid_union":
      // A kind of object that there is not: those that there are.
      return "options" in issue && Array.isArray(issue.options)
        ? `must be ${oneOf(issue.options.map(String))}`
        : "is not valid";
    default:
      return "is not valid";
  }
};

/** One problem as a sentence part: `"port" must be at most 65535, not "70000"`. */
export function describeProblem(
  key: string,
  message: string,
  field: Field | undefined,
  value: JsonValue | undefined,
): string {
  // A declaration's own message may hold what was typed.
  const leaks = field?.secret === true && typeof value === "string" && value !== "" && message.includes(value);
  const text = leaks ? "is not valid" : message;
  const sentence = /^(must|is|has|does|cannot|may)\b/.test(text) ? `"${key}" ${text}` : `"${key}": ${text}`;
  return sentence + (field?.secret === true || !text.startsWith("must ") ? "" : quoted(value));
}

/** Names or problems of which there may be any number: the first of them, and how many more there are. */
export function few(parts: readonly string[], between: string, atMost: number): string {
  const more = parts.length - atMost;
  if (more <= 0) return parts.join(between);
  return `${parts.slice(0, atMost).join(between)}${between}and ${more} more`;
}

/** `"a"`, `"a" or "b"`, `one of "a", "b", "c"`. */
export function oneOf(values: readonly string[]): string {
  const names = values.map((value) => JSON.stringify(value));
  return names.length > 2 ? `one of ${names.join(", ")}` : names.join(" or ");
}

function quoted(value: JsonValue | undefined): string {
  if (value === undefined || value === null || typeof value === "object") return "";
  const text = String(value);
  return text.length > QUOTED_AT_MOST ? "" : `, not ${JSON.stringify(text)}`;
}

function article(type: string): string {
  if (type === "array") return "a list";
  if (type === "boolean") return "true or false";
  if (type === "int") return "a whole number";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function size(origin: string, bound: "at least" | "at most", limit: number, inclusive: boolean): string {
  if (origin !== "string" && origin !== "array") {
    return inclusive ? `be ${bound} ${limit}` : `be ${bound === "at least" ? "more" : "less"} than ${limit}`;
  }
  if (limit === 1 && bound === "at least") return "not be empty";
  const unit = origin === "string" ? "character" : "value";
  return `have ${bound} ${limit} ${unit}${limit === 1 ? "" : "s"}`;
}
