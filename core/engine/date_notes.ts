/**
 * What is said of texts that begin as date math does and say no time.
 *
 * @module
 */
import { type DateDoubt, dateDoubts, type Filter, type Mapping } from "../lql/mod.ts";

const SENTENCES: Readonly<Record<DateDoubt["why"], string>> = {
  form: "is compared as a text: date math is `now`, then any of `+` or `-`, digits, and s m h d w M y",
  digits: "is compared as a text: a step of date math has nine digits at most",
  years: "leads out of the years 1 to 9999: no time is before it, after it or the same",
};

/** A sentence for each such text in a filter or mapping; `now` as the database's clock has it. */
export function dateNotes(of: Filter | Mapping, now: number): string[] {
  return dateDoubts(of, now).map(({ text, why }) => `"${text}" ${SENTENCES[why]}`);
}
