/**
 * Labels: what people call their auths and jobs.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { looksLikeId } from "./ids.ts";

const LONGEST = 100;

/** The label (or name) without space around it. Failure `config` for one that cannot be told from an id or be typed. */
export function checkLabel(label: string, what: "label" | "name" = "label"): string {
  const trimmed = label.trim();
  const problem = trimmed === ""
    ? "is empty"
    : trimmed.length > LONGEST
    ? `is longer than ${LONGEST} characters`
    : /\p{Cc}/u.test(trimmed)
    ? "holds control characters"
    : looksLikeId(trimmed)
    ? "looks like an id"
    : undefined;
  if (problem === undefined) return trimmed;
  throw new Failure("config", `The ${what} "${trimmed.slice(0, LONGEST)}" ${problem}`, {
    hint: `Choose a ${what} of 1 to ${LONGEST} characters that is not 32 hex digits`,
  });
}

/** `wanted`, numbered where it is taken. */
export function freeLabel(wanted: string, labels: readonly string[]): string {
  const taken = new Set(labels);
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}-${number}`)) number++;
  return `${wanted}-${number}`;
}

/** What a command to be pasted calls something: its label, or its id where the label would need quotes. */
export function nameInCommand({ label, id }: { readonly label: string; readonly id: string }): string {
  return /^[\w.][\w.-]*$/.test(label) ? label : id;
}

/** The Failure `conflict` of a label that another one has. */
export function labelTaken(kind: "auth" | "job", label: string): Failure {
  return new Failure("config", `Another ${kind} has the label "${label}"`, {
    code: "conflict",
    hint: "Choose another label, or change the one that is there",
  });
}
