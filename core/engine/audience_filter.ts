/**
 * Reads the filter of an audience that is made or changed.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { type Filter, parseFilter, partsOf } from "../lql/mod.ts";

/** The most parts of an audience's filter. It is asked of every profile, so its length is everybody's time. */
const MOST_PARTS = 5_000;

/** What it says. Failure `config` for what is no filter, with the code `too_large` for one of over 5,000 parts. */
export function readFilter(text: string): Filter {
  const filter = parseFilter(text);
  const parts = partsOf(filter);
  if (parts <= MOST_PARTS) return filter;
  throw new Failure("config", `The filter has ${parts} parts, the most is ${MOST_PARTS}`, {
    code: "too_large",
    hint: "Look for many values of a field at once with IN (…), or import a list and INCLUDE it",
  });
}
