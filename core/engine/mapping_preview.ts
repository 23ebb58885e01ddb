/**
 * Tries a mapping: the profiles that it would make of some events, in memory.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { parseJson } from "../contracts/json.ts";
import type { Executor } from "../database/database.ts";
import { shownValue } from "../lql/mod.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { type GenerationDefinition, kindsOf, openTarget, type Target } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { ProfileState } from "../profiles/profile_state.ts";
import type { EngineContext } from "./context.ts";
import type { Core } from "./core.ts";
import { wantedDefinition } from "./generations.ts";
import { allMappings, findMapping } from "./mapping_find.ts";
import { checkBeside, mappingNotes, type ReadMapping, readMapping } from "./mapping_rules.ts";
import { checkTableName, findTable, tableName } from "./profile_tables.ts";
import type { MappingTest } from "./runtime.ts";
import { lastOfStream } from "./stream_tail.ts";
import { checkStreamName, findStream, requireStream } from "./streams.ts";
import type { MappingPreviewView, PreviewProfileView } from "./views.ts";

const EVENTS = 1_000, MOST_EVENTS = 100_000;
const SHOWN = 20, MOST_SHOWN = 1_000;

/** Tries a mapping on its stream's last events, or on rows; reads, and changes nothing. */
export async function previewMapping(
  { database: { kysely }, database, accountId }: Pick<EngineContext, "database" | "accountId">,
  { archive, identityKey }: Pick<Core, "archive" | "identityKey">,
  { lql, mapping, rows, events = EVENTS, show = SHOWN }: MappingTest,
): Promise<MappingPreviewView> {
  const { id, text } = await textOf(kysely, accountId, lql, mapping);
  const read = readMapping(text);
  const { stream: name } = read.mapping;
  const stream = rows === undefined
    ? (await requireStream(kysely, accountId, name)).id
    : await findStream(kysely, accountId, name) ?? noStream(name);
  const target = await targetOf(kysely, accountId, { id, read, stream });
  const open = openTarget(target, identityKey, stream);
  const batch = new ProfileBatch(open);
  const positions: number[] = [];
  const wanted = Math.min(Math.max(events, 1), MOST_EVENTS);
  if (rows === undefined) {
    for (const part of await lastOfStream(kysely, archive, accountId, stream, wanted)) {
      batch.add(indexArchiveLines(part.lines), 0);
      for (let event = 0; event < part.count; event++) positions.push(part.position + event);
    }
  } else {
    batch.add(indexRows(rows.slice(0, wanted).map((fields) => ({ fields }))), await database.now());
    for (let event = 0; event < batch.count; event++) positions.push(event + 1);
  }
  const profiles = [...foldAll(batch, positions)];
  const kinds = kindsOf(target.generation);
  const { unidentified } = batch;
  let named = 0;
  for (let event = 0; event < batch.count; event++) if (batch.identified(event)) named++;
  return {
    stream: name,
    table: target.table === NO_TABLE ? read.mapping.table : await tableName(kysely, accountId, target.table),
    events: batch.count,
    left_out: batch.count - named - unidentified,
    unidentified,
    profiles: profiles.length,
    sample: profiles.slice(0, Math.min(Math.max(show, 0), MOST_SHOWN)).map((state): PreviewProfileView => ({
      identities: state.identities(),
      attributes: Object.fromEntries(
        Object.entries(parseJson<PreviewProfileView["attributes"]>(state.store().attributes))
          .map(([field, value]) => [field, shownValue(kinds.get(field), value)]),
      ),
    })),
    notes: [
      ...await mappingNotes(kysely, accountId, { id: stream, name }, read, await database.now()),
      ...crowdedNotes(profiles, open.rules.identity.mostValues),
    ],
  };
}

/** The ids of a stream and a table that are not there. */
const NO_STREAM = 0, NO_TABLE = 0;

/** A stream that would be made. */
function noStream(name: string): number {
  checkStreamName(name);
  return NO_STREAM;
}

async function textOf(
  executor: Executor,
  account: number,
  lql: string | undefined,
  mapping: string | undefined,
): Promise<{ readonly id: string | undefined; readonly text: string }> {
  if ((lql === undefined) === (mapping === undefined)) {
    throw new Failure("config", "A test needs the text of a mapping, or the name of one, and not both");
  }
  if (mapping === undefined) return { id: undefined, text: lql ?? "" };
  const { id, definition } = await findMapping(executor, account, mapping);
  if (definition.kind === "lql") return { id, text: definition.text };
  throw new Failure("config", `Mapping "${mapping}" has no text: an import made it`, {
    hint: "It takes every field under its own name; `waybill mapping suggest STREAM` makes a text to begin with",
  });
}

/** The table's generation as it would be with this text. */
async function targetOf(
  executor: Executor,
  account: number,
  { id, read, stream }: { readonly id: string | undefined; readonly read: ReadMapping; readonly stream: number },
): Promise<Target> {
  const table = await findTable(executor, account, read.mapping.table);
  if (table === undefined) checkTableName(read.mapping.table);
  // It would stand in the place of the one that the stream has.
  const others = (await allMappings(executor, account))
    .filter((other) => other.id !== id && !(other.stream_id === stream && other.table_id === table));
  await checkBeside(executor, account, read, id === undefined ? others.map(withoutAlias) : others);
  const present: GenerationDefinition = table === undefined
    ? { mappings: [], identity: {} }
    : await wantedDefinition(executor, account, table);
  const mappings = present.mappings.filter((mapping) => mapping.stream !== stream);
  const generation: GenerationDefinition = {
    ...present,
    mappings: [...mappings, { stream, definition: { kind: "lql", text: read.text } }],
  };
  return { scope: { account, table: table ?? NO_TABLE }, table: table ?? NO_TABLE, generation };
}

/** A text that is only tried takes nobody's name. */
function withoutAlias<T extends { readonly alias: string | undefined }>(row: T): T {
  return { ...row, alias: undefined };
}

/** The profiles that a batch makes of nothing, in the order of their first events. */
function* foldAll(batch: ProfileBatch, positions: readonly number[]): Generator<ProfileState> {
  const states = new Map<number, ProfileState>();
  for (let event = 0; event < batch.count; event++) {
    if (!batch.identified(event)) continue;
    const root = batch.root(event);
    const stamp = [batch.times[event]!, positions[event]!] as const;
    const state = states.get(root);
    if (state === undefined) states.set(root, ProfileState.ofEvent(batch.rules, batch.attributes(event), stamp));
    else state.apply(batch.attributes(event), stamp);
  }
  yield* states.values();
}

function crowdedNotes(profiles: readonly ProfileState[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const state of profiles) for (const field of state.crowded()) counts.set(field, (counts.get(field) ?? 0) + 1);
  return [...counts].map(([field, count]) =>
    `${count === 1 ? "1 profile gathers" : `${count} profiles gather`} more than ${most} values of "${field}": ` +
    "is it a field that many share?"
  );
}
