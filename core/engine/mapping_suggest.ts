/**
 * Suggests a mapping from what a stream's events hold: a text to begin with.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type Column, compileMapping, formatMapping, type Kind, type Mapping, parseMapping } from "../lql/mod.ts";
import type { Archive } from "../profiles/archive.ts";
import { BUILT_IN_RULES } from "../profiles/identity_rules.ts";
import type { EngineContext } from "./context.ts";
import { allMappings, nameOf } from "./mapping_find.ts";
import { DEFAULT_TABLE } from "./profile_tables.ts";
import { dataOf, lastOfStream } from "./stream_tail.ts";
import { requireStream } from "./streams.ts";
import type { MappingSuggestionView } from "./views.ts";

/** Events that are looked at. */
const SAMPLE = 1_000;
/** Columns at most: the fields that are filled most. */
const MOST_COLUMNS = 1_000;
/** Filled in so many events, and with so many different values, a field may identify. */
const WELL_FILLED = 0.5, MOSTLY_DISTINCT = 0.5;

/** A field of a stream, by its last events. */
interface FieldSample {
  readonly name: string;
  /** Share of all events that have it, 0 to 1. */
  readonly fillRate: number;
  /** Its values in the sample, without empty ones. */
  readonly values: readonly JsonValue[];
  /** Share of those that are different ones. */
  readonly distinct: number;
}

/** A mapping with a column for each field: kinds and identities are guesses, for people to look at. */
export async function suggestMapping(
  { database: { kysely }, accountId }: Pick<EngineContext, "database" | "accountId">,
  archive: Archive,
  name: string,
): Promise<MappingSuggestionView> {
  const stream = await requireStream(kysely, accountId, name);
  const rows = await kysely.selectFrom("stream_fields").select(["name", "filled"]).where("account_id", "=", accountId)
    .where("stream_id", "=", stream.id).orderBy("filled", "desc").orderBy("name").limit(MOST_COLUMNS + 1).execute();
  if (rows.length === 0) {
    throw new Failure("config", `Stream "${name}" has no fields yet: nothing can be suggested`, {
      hint: "Import something into it first",
    });
  }
  const valuesOf = samplesOf(dataOf(await lastOfStream(kysely, archive, accountId, stream.id, SAMPLE)));
  const fields = rows.slice(0, MOST_COLUMNS).map(({ name, filled }): FieldSample => {
    const values = valuesOf.get(name) ?? [];
    const distinct = values.length === 0 ? 0 : new Set(values.map((value) => JSON.stringify(value))).size;
    return { name, fillRate: filled / stream.events, values, distinct: distinct / Math.max(values.length, 1) };
  });
  const own = (await allMappings(kysely, accountId)).find(({ stream_id }) => stream_id === stream.id);
  const table = own?.table ?? DEFAULT_TABLE;
  const mapping: Mapping = {
    columns: fields.map((field) => columnOf(name, table, field)),
    stream: name,
    table,
    identifyBy: identitiesOf(fields),
  };
  const notes = [
    ...rows.length > MOST_COLUMNS ? [`The stream has more than ${MOST_COLUMNS} fields: the rest is left out`] : [],
    ...own === undefined ? [] : [`Stream "${name}" has a mapping already: ${nameOf(own)}`],
  ];
  return { stream: name, lql: written(mapping, fields), notes };
}

function samplesOf(events: Iterable<{ readonly [field: string]: JsonValue }>): ReadonlyMap<string, JsonValue[]> {
  const samples = new Map<string, JsonValue[]>();
  for (const event of events) {
    for (const [name, value] of Object.entries(event)) {
      if (value === "" || value === null) continue;
      const values = samples.get(name);
      if (values === undefined) samples.set(name, [value]);
      else values.push(value);
    }
  }
  return samples;
}

const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
/** Names of what counts things or people, not of a measure. */
const LABEL = /(?:^|[^a-z])(?:id|uuid|guid|zip|plz|postcode|phone|mobile|tel|fax|code|key|nr|no|number)$|(?:Id|ID)$/i;
const ID =
  /(?:^|[^a-z])(?:id|uuid|guid|key)$|[a-z](?:Id|ID|UUID|Uuid)$|^(?:customer|user|member|client)[ _-]?(?:no|nr|number)$/i;
/** Ids of what happened, not of whom it happened to. */
const OF_EVENTS = /^(?:event|order|session|transaction|message|row|line|click|request|invoice|product|item)/i;

function isEmail({ values }: FieldSample): boolean {
  return mostly(values, (value) => typeof value === "string" && EMAIL.test(value.trim()));
}

function mostly(values: readonly JsonValue[], holds: (value: JsonValue) => boolean): boolean {
  return values.length > 0 && values.filter(holds).length >= 0.9 * values.length;
}

function columnOf(stream: string, table: string, field: FieldSample): Column {
  const { name } = field;
  const expression = { type: "field", path: [name] } as const;
  if (isEmail(field)) return { expression: { type: "call", name: "email", args: [expression] }, name };
  const kind = kindOf(field);
  if (kind === undefined) return { expression };
  const column = { expression, kind };
  return takesAll({ columns: [column], stream, table, identifyBy: [name] }, field) ? column : { expression };
}

/** What every value of the sample looks like. */
function kindOf({ name, values }: FieldSample): Kind | undefined {
  const fits = (holds: (value: JsonValue) => boolean) => values.length > 0 && values.every(holds);
  const looks = (pattern: RegExp) => fits((value) => typeof value === "string" && pattern.test(value.trim()));
  if (fits((value) => typeof value === "boolean") || looks(/^(?:true|false|yes|no)$/i)) return "BOOL";
  if (looks(/^\d{4}-\d\d-\d\d(?:$|[T ]\d\d:\d\d)/)) return "DATE";
  if (LABEL.test(name)) return undefined;
  // A leading zero, a sign and more digits than numbers hold are of a number that is a name.
  if (looks(/^(?:0|-?[1-9]\d{0,14})$/) || fits((value) => Number.isSafeInteger(value))) return "INT";
  if (looks(/^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?$/) || fits((value) => typeof value === "number")) return "NUMBER";
  return undefined;
}

/** Whether no value of the sample is lost by the column's kind. */
function takesAll(mapping: Mapping, { name, values }: FieldSample): boolean {
  const program = compileMapping(mapping);
  return values.every((value) => {
    const out: (JsonValue | undefined)[] = [];
    program.evaluate({ at: 0, get: (field) => field === name ? value : undefined, names: () => [name] }, out);
    return out[0] !== undefined;
  });
}

/** E-mail addresses and ids that are well filled and mostly different; where there is none, what comes nearest. */
function identitiesOf(fields: readonly FieldSample[]): string[] {
  const usable = fields.filter(({ name, values }) =>
    values.some((value) => BUILT_IN_RULES.valuesOf(name, value).length > 0)
  );
  const named = usable.filter((field) => isEmail(field) || (ID.test(field.name) && !OF_EVENTS.test(field.name)));
  const filled = named.filter(({ fillRate }) => fillRate >= WELL_FILLED);
  const good = filled.filter(({ distinct }) => distinct >= MOSTLY_DISTINCT);
  for (const some of [good, filled, named]) if (some.length > 0) return some.map(({ name }) => name);
  const [best] = (usable.length > 0 ? usable : fields)
    .toSorted((a, b) => b.distinct * b.fillRate - a.distinct * a.fillRate);
  return best === undefined ? [] : [best.name];
}

/** The text, with how often each field is filled beside its column. */
function written(mapping: Mapping, fields: readonly FieldSample[]): string {
  const text = formatMapping(mapping);
  const lines = text.split("\n");
  const isOneALine = fields.every(({ name }) => !/[\n\r]/.test(name));
  const commented = lines.map((line, index) => {
    const field = fields[index - 1];
    return field === undefined || !isOneALine ? line : `${line}  -- ${(field.fillRate * 100).toFixed(1)} % filled`;
  }).join("\n");
  const head = `-- Kinds and BY are guesses from the last events of the stream: look at them\n`;
  // What is handed out is a mapping.
  compileMapping(parseMapping(head + commented));
  return head + commented;
}
