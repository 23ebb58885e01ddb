/**
 * What is allowed in an audience's filter and hardly meant.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { nearest } from "../describe/mod.ts";
import { fieldNamesOf, parseFilter } from "../lql/mod.ts";
import { visibleFields } from "./account_settings.ts";
import type { AudienceContext } from "./audience_context.ts";
import type { AudienceRow } from "./audience_programs.ts";
import { dateNotes } from "./date_notes.ts";
import { currentGeneration } from "./generations.ts";
import { countProfiles, tableFields } from "./table_fields.ts";

/** Sentences of a kind. */
const MOST = 20;

function shortened(notes: readonly string[]): string[] {
  const more = notes.length - MOST;
  return more <= 0 ? [...notes] : [...notes.slice(0, MOST), `and ${more} more like this`];
}

/** One sentence for each field that no profile has, and each text that is date math, but for a little. */
export async function audienceNotes(
  executor: Executor,
  { database, accountId, actor, account: { settings } }: AudienceContext,
  { filter: text, table_id }: AudienceRow,
): Promise<string[]> {
  if (text === null) return [];
  const filter = parseFilter(text);
  const dates = dateNotes(filter, await database.now());
  const named = fieldNamesOf(filter);
  if (named.length === 0) return dates;
  const target = await currentGeneration(executor, accountId, table_id);
  const visible = visibleFields(actor, settings);
  const { sampled, fields } = await tableFields(executor, target, await countProfiles(executor, target), visible);
  if (sampled === 0) return dates;
  const known = new Set(fields.map(({ name }) => name));
  const unknown = named.filter((names) => !names.some((name) => known.has(name))).map(([field = ""]) => {
    const near = nearest(field, known);
    const meant = near === undefined ? "" : `; did you mean "${near}"?`;
    return `None of the ${sampled} profiles looked at has a field "${field}"${meant}`;
  });
  return [...shortened(unknown), ...shortened(dates)];
}
