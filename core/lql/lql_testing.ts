/**
 * Helpers of this room's tests.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { compileFilter, type FilteredProfile } from "./compile_filter.ts";
import { compileMapping, type MappingEvent } from "./compile_mapping.ts";
import { parseFilter } from "./parse_filter.ts";
import { parseMapping } from "./parse_mapping.ts";

/** The time of events and of asking in the tests: a Monday. */
export const NOW: number = Date.UTC(2014, 3, 7, 16, 58, 55);

/** An event with these fields. */
export function eventOf(fields: FilteredProfile, at: number = NOW): MappingEvent {
  return {
    at,
    get: (name) => Object.hasOwn(fields, name) ? fields[name] : undefined,
    names: () => Object.keys(fields),
  };
}

/** What a mapping with one column makes of an event, beside an identity. */
export function valueOf(column: string, fields: FilteredProfile, at: number = NOW): JsonValue | undefined {
  const program = compileMapping(parseMapping(`SELECT ${column}, id FROM s INTO t BY id`));
  const values: (JsonValue | undefined)[] = [];
  program.evaluate(eventOf(fields, at), values);
  return values[0];
}

/** Whether a profile fits a phrase. */
export function fits(phrase: string, profile: FilteredProfile, now: number = NOW): boolean {
  return compileFilter(parseFilter(`FILTER ${phrase}`), () => undefined).matches(profile, { now });
}
