/**
 * Live lists of the values that a job's fields may take.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Choice, ChoiceSource, JobDefinition } from "../contracts/job.ts";
import { nearest, parsePartialConfig } from "../describe/mod.ts";
import { cursorGone, formatCursor, markOf, parseCursor } from "./choice_cursor.ts";
import { untilAborted } from "../files/failures.ts";
import { jobSchema, pluginConfig } from "./schedule/fields.ts";
import type { ChoiceOptions, ConfigInput } from "./runtime.ts";
import type { Page } from "./views.ts";

type Source = ChoiceSource<Record<string, unknown>, object>;

/** What is configured so far, as a list of choices gets it. */
export interface ChoiceQuestion {
  readonly source: Source;
  readonly config: Record<string, unknown>;
}

/** Finds the list for a field. Failure `config` for a field without one, or when keys that it needs are not configured. */
export function choiceQuestion(job: JobDefinition, field: string, input: ConfigInput): ChoiceQuestion {
  const sources: Readonly<Record<string, Source | undefined>> = job.choices ?? {};
  const source = Object.hasOwn(sources, field) ? sources[field] : undefined;
  if (!source) throw noChoices(job, field, Object.keys(sources));
  const what = `job type "${job.id}"`;
  parsePartialConfig(jobSchema(job), input, what);
  const config: Record<string, unknown> = parsePartialConfig(job.config, pluginConfig(job, input), what);
  const missing: string[] = [];
  for (const key of source.needs ?? []) {
    if (config[key] !== undefined) continue;
    // A default is as good as a value.
    const value = job.config.shape[key]?.safeParse(undefined).data;
    if (value === undefined) missing.push(key);
    else config[key] = value;
  }
  if (missing.length > 0) {
    const names = missing.map((key) => `"${key}"`).join(", ");
    throw new Failure("config", `The choices for "${field}" need ${names}`, { hint: `Give ${names} first` });
  }
  return { source, config };
}

/**
 * One page of a list: filtered by `query`, from the value after `cursor` on. Failure `config` for a cursor that this
 * list did not give, or whose value is gone.
 *
 * @param list Tells this list from others.
 * @param load Calls the source.
 */
export async function choicePage(
  list: string,
  load: (query: string, after: string | undefined) => AsyncIterable<Choice>,
  options: ChoiceOptions,
  signal: AbortSignal,
): Promise<Page<Choice>> {
  const { query = "", limit = 100 } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new Failure("config", `"limit" must be a whole number from 1 to 1000, not ${limit}`);
  }
  const cursor = options.cursor === undefined ? undefined : parseCursor(list, options.cursor);
  const wanted = query.toLowerCase();
  const matches = ({ value, title = "" }: Choice) =>
    value.toLowerCase().includes(wanted) || title.toLowerCase().includes(wanted);
  let items: Choice[] = [];
  let first: string | undefined;
  // A source may leave out what comes before the cursor, or not: only its end tells that it did.
  let passed = cursor === undefined;
  const iterator = load(query, cursor?.value)[Symbol.asyncIterator]();
  try {
    while (!passed || items.length <= limit) {
      const { value: choice, done } = await untilAborted(iterator.next(), signal);
      if (done) break;
      first ??= markOf(choice.value);
      if (!passed && choice.value === cursor?.value) {
        passed = true;
        items = [];
      } else if (items.length <= limit && matches(choice)) items.push(choice);
    }
  } finally {
    // Not awaited: a source that hangs would hang this, too.
    iterator.return?.().catch(() => {});
  }
  if (!passed && cursor?.first === first && cursor !== undefined) throw cursorGone(cursor);
  const page = items.slice(0, limit);
  const last = items.length > limit ? page.at(-1) : undefined;
  if (last === undefined) return { items: page, next: null };
  return { items: page, next: formatCursor(list, { value: last.value, first: cursor?.first ?? first ?? "" }) };
}

function noChoices(job: JobDefinition, field: string, listed: readonly string[]): Failure {
  const keys = Object.keys(job.config.shape);
  const fields = `There are choices for ${listed.map((key) => `"${key}"`).join(", ") || "no field"}`;
  if (keys.includes(field)) {
    return new Failure("config", `Field "${field}" of job type "${job.id}" has no choices`, {
      code: "not_found",
      hint: fields,
    });
  }
  const near = nearest(field, listed);
  return new Failure("config", `Job type "${job.id}" has no field "${field}"`, {
    code: "not_found",
    hint: near === undefined ? fields : `Did you mean "${near}"?`,
  });
}
