/**
 * The job type `contact-book-import`: a collection of contacts into a stream, page by page.
 *
 * @module
 */
import {
  type Choice,
  type ChoiceContext,
  defineJob,
  type FieldMeta,
  type ImportContext,
  type ImportFields,
  importFields,
  type ImportJobDefinition,
  importTarget,
  type JsonValue,
  type Plan,
  type PlanContext,
  type RejectedRow,
  type Row,
} from "@waybill/waybill";
import { timestampParser } from "@waybill/waybill/codecs";
import { z } from "zod";
import { contactBook, type ContactBookConnection, contactBookKey } from "./provider.ts";

/** What the job type is configured with. */
export type ContactBookImportConfig = z.ZodObject<
  Pick<ImportFields, keyof ImportFields> & { collection: z.ZodString; time_field: z.ZodDefault<z.ZodString> }
>;

/** Where an import stands: cursor of the next page, null after the last; contacts read so far. */
export type ContactBookPosition = z.ZodObject<{ next: z.ZodNullable<z.ZodString>; read: z.ZodInt }>;

type Config = z.output<ContactBookImportConfig>;

/** Rows that a plan shows. */
const SAMPLE_ROWS = 5;

const config: ContactBookImportConfig = z.object({
  ...importFields,
  collection: z.string().min(1, "must name a collection").meta(
    { title: "Collection", help: "Collection to import, by its id.", placeholder: "customers" } satisfies FieldMeta,
  ),
  time_field: z.string().default("updated_at").meta(
    {
      title: "Time field",
      help:
        "Field that holds the time of the event. A contact without it gets the time at which the run first started.",
      advanced: true,
    } satisfies FieldMeta,
  ),
});

const { parse: parseTime } = timestampParser({ format: "iso8601" });

/** Imports a collection of contacts. */
export const contactBookImport: ImportJobDefinition<
  readonly [typeof contactBookKey],
  ContactBookImportConfig,
  ContactBookPosition
> = defineJob({
  id: "contact-book-import",
  title: "Contact Book import",
  summary: "Imports the contacts of a collection into a stream.",
  provider: contactBook,
  direction: "import",
  auths: [contactBookKey],
  config,
  checkpoint: z.object({ next: z.string().nullable(), read: z.int().min(0) }),
  into: importTarget,
  choices: {
    collection: { load: listCollections },
    identify_by: { needs: ["collection"], load: listFields },
  },
  plan,
  run,
});

async function run(
  context: ImportContext<Config, ContactBookConnection, z.output<ContactBookPosition>>,
): Promise<void> {
  const { config, connection: { api }, checkpoint, log, signal } = context;
  const { collection, time_field: timeField } = config;
  const total = (await api.collections(signal)).find(({ id }) => id === collection)?.size;
  let read = checkpoint?.read ?? 0;
  let next = checkpoint?.next;
  if (read > 0) log.info(`Going on in collection "${collection}" after ${read} contacts`);
  // Undefined is the first page, null is past the last.
  while (next !== null) {
    const page = await api.contacts(collection, next, signal);
    const rows: Row[] = [];
    const rejected: RejectedRow[] = [];
    for (const contact of page.contacts) {
      const row = asRow(contact, timeField);
      if (row === undefined) rejected.push(reject(contact, read));
      else rows.push(row);
      read++;
    }
    next = page.next;
    // First the rejects: a checkpoint past rows that nobody was told of would lose them.
    if (rejected.length > 0) await context.reject(rejected);
    await context.emit(rows, { next, read });
    context.progress({ done: read, unit: "rows", note: collection, ...(total === undefined ? {} : { total }) });
  }
}

/** A contact as a row; undefined where it is no object. */
function asRow(contact: JsonValue, timeField: string): Row | undefined {
  if (typeof contact !== "object" || contact === null || Array.isArray(contact)) return undefined;
  const written = contact[timeField];
  const time = typeof written === "string" ? parseTime(written) : undefined;
  return { fields: contact, ...(time === undefined ? {} : { time }) };
}

/** A collection has no lines and bytes of its own: the contact's number stands in for both. */
function reject(contact: JsonValue, before: number): RejectedRow {
  return {
    raw: new TextEncoder().encode(JSON.stringify(contact)).subarray(0, 64 * 1024),
    offset: before,
    line: before + 1,
    reason: "Is no JSON object",
  };
}

async function* listCollections(
  { connection, signal }: ChoiceContext<Config, ContactBookConnection>,
): AsyncGenerator<Choice> {
  for (const { id, title, size } of await connection.api.collections(signal)) {
    yield { value: id, title: `${title}, ${size} contacts` };
  }
}

async function* listFields(
  { config: { collection = "" }, connection, signal }: ChoiceContext<Config, ContactBookConnection>,
): AsyncGenerator<Choice> {
  const { contacts } = await connection.api.contacts(collection, undefined, signal);
  for (const value of fieldsOf(contacts)) yield { value };
}

async function plan({ config, connection, signal }: PlanContext<Config, ContactBookConnection>): Promise<Plan> {
  const { collection, time_field: timeField } = config;
  const { api } = connection;
  const found = (await api.collections(signal)).find(({ id }) => id === collection);
  const { contacts } = await api.contacts(collection, undefined, signal);
  const columns = fieldsOf(contacts);
  const rows = contacts.slice(0, SAMPLE_ROWS).map((contact) => asRow(contact, timeField)?.fields ?? {});
  const lacking = config.identify_by.filter((field) => !columns.includes(field));
  return {
    summary: `${found?.size ?? "Some"} contacts of collection "${collection}" would be imported`,
    facts: { collection, contacts: found?.size ?? null, fields: columns },
    sample: { columns, rows: rows.map((fields) => columns.map((column) => asText(fields[column]))) },
    notes: [
      ...lacking.map((field) => `No contact of the first page has "${field}", which is to identify a profile.`),
      ...(columns.includes(timeField) ? [] : [`No contact of the first page has "${timeField}".`]),
    ],
  };
}

function fieldsOf(contacts: readonly JsonValue[]): string[] {
  return [...new Set(contacts.flatMap((contact) => Object.keys(asRow(contact, "")?.fields ?? {})))];
}

function asText(value: JsonValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
