/**
 * What columns make of the text of a field, as far as the text alone decides it: most take one in one of few forms, and
 * whoever has the bytes of the text need not make the text first.
 *
 * @module
 */
import type { Kind } from "./kinds.ts";

/**
 * What is made of a text that is not empty: the text as it is, the e-mail address in it, the number, whole number or time
 * that it says, or 1 whatever it says.
 */
export type TextForm = "text" | "address" | "number" | "integer" | "time" | "one";

/** The form that a kind gives a text. */
export const KIND_FORMS: { readonly [kind in Kind]?: TextForm } = {
  "STRING": "text",
  "INT": "integer",
  "NUMBER": "number",
  "DATE": "time",
};

/** By form, those that stay as they are when it is made of them. */
const KEPT: Readonly<Record<TextForm, readonly TextForm[]>> = {
  text: ["text", "address"],
  address: ["address"],
  number: ["number", "integer", "one"],
  integer: ["integer", "one"],
  time: ["time"],
  one: [],
};

/** The form of a text that is first made `inner`, then `outer`; `undefined` where none of them says it. */
export function formOf(outer: TextForm | undefined, inner: TextForm | undefined): TextForm | undefined {
  if (outer === undefined || inner === undefined) return undefined;
  if (inner === "text" || outer === "integer" && inner === "number") return outer;
  return KEPT[outer].includes(inner) ? inner : undefined;
}
