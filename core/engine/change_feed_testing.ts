/**
 * Whoever follows a profile table: applies full exports and files of changes to an empty map.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Transaction } from "kysely";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Database, Executor } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import { shownValue } from "../lql/mod.ts";
import type { FeedMark, FeedWindow } from "../profiles/feed/feed.ts";
import { readChangeRows } from "../profiles/feed/read_changes.ts";
import { readProfileRows } from "../profiles/feed/read_profiles.ts";
import type { FeedRows } from "../profiles/feed/shown_profile.ts";
import { kindsOf } from "../profiles/mapping.ts";
import { currentGeneration } from "./generations.ts";

/** Attributes of profiles, by profile. */
export type Profiles = Map<string, Record<string, JsonValue>>;

/** A row of a file. */
export type FeedRow = Readonly<Record<string, JsonValue>>;

/** What a table holds, as it is shown. */
export async function profilesIn(executor: Executor, table = 1): Promise<Profiles> {
  const { scope, generation } = await currentGeneration(executor, 1, table);
  const kinds = kindsOf(generation);
  const rows = await executor.selectFrom("profiles").select(["id", "attributes"]).where("account_id", "=", 1)
    .where("table_id", "=", scope.table).orderBy("id").execute();
  return new Map(rows.map(({ id, attributes }) => {
    const fields = Object.entries(parseJson<Record<string, JsonValue>>(attributes));
    return [String(id), Object.fromEntries(fields.map(([name, value]) => [name, shownValue(kinds.get(name), value)]))];
  }));
}

/** The rows of an export of all profiles. */
export async function fullRows(database: Database, at: FeedMark | undefined, table = 1): Promise<FeedRow[]> {
  return await held(database, async (transaction) => {
    const target = await currentGeneration(transaction, 1, table);
    return await rowsOf(readProfileRows(transaction, database.kind, { target, at }));
  });
}

/** The rows of a file of changes. */
export async function changeRows(
  database: Database,
  window: FeedWindow,
  { hidden, table = 1 }: { readonly hidden?: (field: string) => boolean; readonly table?: number } = {},
): Promise<FeedRow[]> {
  return await held(database, async (transaction) => {
    const target = await currentGeneration(transaction, 1, table);
    return await rowsOf(readChangeRows(transaction, database.kind, { target, window, hidden }));
  });
}

async function held<T>(database: Database, work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
  return await database.read(work);
}

async function rowsOf(pages: AsyncIterable<FeedRows>): Promise<FeedRow[]> {
  const rows: FeedRow[] = [];
  for await (const { bytes, rows: count } of pages) {
    const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
    assert.equal(lines.pop(), "");
    assert.equal(lines.length, count);
    for (const line of lines) rows.push(parseJson<FeedRow>(line));
  }
  return rows;
}

/** What an export of all profiles says. */
export function readFull(rows: readonly FeedRow[]): Profiles {
  const profiles: Profiles = new Map();
  for (const row of rows) {
    const { "_ll.profile_id": id, "_ll.raw_customer_id": customer, ...attributes } = row;
    assert(typeof id === "string" && !profiles.has(id), JSON.stringify(row));
    assert.equal(customer, attributes["customer_id"]);
    profiles.set(id, attributes);
  }
  return profiles;
}

/** Applies a file of changes. */
export function applyChanges(profiles: Profiles, rows: readonly FeedRow[]): void {
  for (const row of rows) {
    const { profile, updates, deletes, deleted } = row as unknown as {
      readonly profile: { readonly "_ll.profile_id": string; readonly profiledb_id: number };
      readonly updates?: Record<string, JsonValue>;
      readonly deletes?: { readonly attributes: readonly string[] };
      readonly deleted?: true;
    };
    const id = profile["_ll.profile_id"];
    assert.match(id, /^\d+$/);
    if (deleted === true) {
      profiles.delete(id);
      continue;
    }
    assert(updates !== undefined || deletes !== undefined, JSON.stringify(row));
    const attributes = profiles.get(id) ?? {};
    for (const name of deletes?.attributes ?? []) delete attributes[name];
    for (const [name, value] of Object.entries(updates ?? {})) {
      Object.defineProperty(attributes, name, { value, configurable: true, enumerable: true, writable: true });
    }
    profiles.set(id, attributes);
  }
}

/** Fails where two hold different profiles. */
export function assertSame(actual: Profiles, expected: Profiles, where: string): void {
  assert.deepEqual(plain(actual), plain(expected), where);
}

function plain(profiles: Profiles): unknown {
  return [...profiles].sort(([a], [b]) => Number(a) - Number(b))
    .map(([id, attributes]) => [id, Object.entries(attributes).sort(([a], [b]) => a < b ? -1 : 1)]);
}
