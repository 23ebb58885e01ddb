/**
 * The batch statements for SQLite: multi-row VALUES with bound parameters, 250 rows a statement.
 *
 * Measured against `json_each` over JSON text, JSONB arrays and packed blobs: bound parameters are as fast or faster
 * and keep types. Joins from the list to a table are CROSS JOINs, or the planner may put the table outermost.
 *
 * @module
 */
import { CompiledQuery } from "kysely";
import type { Executor } from "../database/database.ts";
import { mostKept, NOTED_ALREADY } from "./feed/note.ts";
import { type ColumnsRow, parseColumns, type ProfileColumns } from "./known_profiles.ts";
import { blockSql, profileSql, readBlock, readProfile } from "./point_reads.ts";
import { loadRange, rangesOf } from "./sqlite_ranges.ts";
import type { ProfileStatements } from "./statements.ts";

type Value = number | string | Uint8Array | null;

/**
 * List lengths that statements are prepared for; a list is cut into as few as possible. What a statement of a thousand
 * rows takes is more to hold, and no faster.
 */
const SIZES = [250, 50, 10, 1] as const;

/** Runs a statement over a list, in pieces; `sql` gets the VALUES of a piece. Gives the number of rows changed. */
async function forEach<Row>(
  executor: Executor,
  count: number,
  sql: (values: string) => string,
  group: string,
  bind: (index: number, parameters: Value[]) => void,
  take?: (row: Row) => void,
): Promise<number> {
  let first = 0;
  let affected = 0;
  for (const size of SIZES) {
    if (count - first < size) continue;
    const text = statementText(sql, group, size);
    for (; count - first >= size; first += size) {
      const parameters: Value[] = [];
      for (let index = first; index < first + size; index++) bind(index, parameters);
      const result = await executor.executeQuery<Row>(CompiledQuery.raw(text, parameters));
      affected += Number(result.numAffectedRows ?? 0);
      if (take !== undefined) { for (const row of result.rows) take(row); }
    }
  }
  return affected;
}

const texts = new Map<string, string>();

/** The text of a statement over `size` groups; built once per size. */
function statementText(sql: (values: string) => string, group: string, size: number): string {
  const key = `${size} ${sql("")} ${group}`;
  let text = texts.get(key);
  if (text === undefined) {
    text = sql(Array.from({ length: size }, () => group).join(","));
    texts.set(key, text);
  }
  return text;
}

/** The batch statements for SQLite. */
export const sqliteStatements: ProfileStatements = {
  async loadProfiles(executor, { account, table }, ids) {
    const loaded: ProfileColumns[] = [];
    const { ranges, apart } = rangesOf(ids);
    for (const range of ranges) {
      const columns = await loadRange(executor, { account, table }, range);
      if (columns !== undefined) loaded.push(columns);
    }
    await forEach<ColumnsRow<Uint8Array>>(
      executor,
      apart.length,
      (values) => loadProfilesSql(values, account, table),
      "(?)",
      (index, parameters) => parameters.push(apart[index]!),
      (row) => {
        if (row.attributes !== null) loaded.push(parseColumns(row, row.attributes));
      },
    );
    return loaded;
  },

  loadProfile: (executor, { account, table }, id) => readProfile(executor, profileSql(account, table, "?"), [id]),

  loadBlock: (executor, { account, table }, run, first) =>
    readBlock(executor, blockSql(account, table, "?", "?"), [run, first]),

  async insertProfiles(executor, { account, table }, count, profile) {
    await forEach(
      executor,
      count,
      (values) => `insert into profiles (account_id, table_id, id, at, attributes) values ${values}`,
      // Bytes spare SQLite and JavaScript the string between them.
      `(${account},${table},?,?,cast(? as text))`,
      (index, parameters) => {
        const { id, at, attributes } = profile(index);
        parameters.push(id, at, attributes);
      },
    );
  },

  async updateProfiles(executor, { account, table }, profiles) {
    await forEach(
      executor,
      profiles.length,
      (values) => updateProfilesSql(values, account, table),
      "(?,cast(? as text))",
      (index, parameters) => parameters.push(profiles[index]!.id, profiles[index]!.attributes),
    );
  },

  async noteProfiles(executor, { account, table }, feed, profiles) {
    // Side by side, as those of a file that comes again with changes: in half the time of a seek for each. Whoever tells
    // of them looks them up as quickly, so what they become need not be noted.
    const { ranges, apart } = rangesOf(profiles.map(({ id }) => id));
    const inRange = noteRangeSql(account, table, feed.table);
    for (const { first, length } of ranges) {
      await executor.executeQuery(CompiledQuery.raw(inRange, [feed.epoch, first, first + length - 1]));
    }
    const kept = feed.kept + apart.length <= mostKept(feed) ? apart.length : 0;
    if (kept > 0) await executor.executeQuery(CompiledQuery.raw(COUNT_KEPT, [kept, account, feed.table]));
    let next = 0;
    await forEach(
      executor,
      apart.length,
      (values) => noteProfilesSql(values, account, table, feed.table),
      "(?,?,cast(? as text))",
      (index, parameters) => {
        const id = apart[index]!;
        while (profiles[next]!.id !== id) next++;
        parameters.push(id, feed.epoch, kept > 0 ? profiles[next]!.attributes : null);
      },
    );
  },

  async putStamps(executor, { account, table }, profiles) {
    const stamped = profiles.filter((profile) => profile.stamp !== null);
    await forEach(
      executor,
      stamped.length,
      (values) =>
        `insert or replace into profile_stamps (account_id, table_id, id, at, position, fields, identities) values ${values}`,
      `(${account},${table},?,?,?,?,?)`,
      (index, parameters) => {
        const { id, stamp } = stamped[index]!;
        parameters.push(id, stamp!.at, stamp!.position, stamp!.fields, stamp!.identities);
      },
    );
  },

  async moveStamps(executor, { account, table }, { ids, ats, positions }) {
    await forEach(
      executor,
      ids.length,
      (values) =>
        `insert into profile_stamps (account_id, table_id, id, at, position) values ${values}
          on conflict do update set at = excluded.at, position = excluded.position`,
      `(${account},${table},?,?,?)`,
      (index, parameters) => parameters.push(ids[index]!, ats[index]!, positions[index]!),
    );
  },

  async findMerges(executor, { account, table }, ids) {
    const merges = new Map<number, number>();
    await forEach<{ id: number; into_id: number }>(
      executor,
      ids.length,
      (values) =>
        `select id, into_id from profile_merges
          where account_id = ${account} and table_id = ${table} and id in (values ${values})`,
      "(?)",
      (index, parameters) => parameters.push(ids[index]!),
      ({ id, into_id }) => merges.set(id, into_id),
    );
    return merges;
  },

  async mergeProfiles(executor, { account, table }, merges) {
    const scope = `account_id = ${account} and table_id = ${table}`;
    const id = (index: number, parameters: Value[]) => parameters.push(merges[index]!.id);
    const both = (index: number, parameters: Value[]) => parameters.push(merges[index]!.id, merges[index]!.into);
    const run = (sql: (values: string) => string, group: string, bind: typeof id) =>
      forEach(executor, merges.length, sql, group, bind);
    await run((values) => `delete from profiles where ${scope} and id in (values ${values})`, "(?)", id);
    await run((values) => `delete from profile_stamps where ${scope} and id in (values ${values})`, "(?)", id);
    await run((values) => followMergesSql(values, account, table), "(?,?)", both);
    await run(
      (values) => `insert into profile_merges (account_id, table_id, id, into_id) values ${values}`,
      `(${account},${table},?,?)`,
      both,
    );
  },
};

/** Reads profiles into one row, in half the time of a row each; exported for the test of its query plan. */
export function loadProfilesSql(values: string, account: number, table: number): string {
  return `with wanted(id) as (values ${values})
    select json_group_array(profiles.id) as ids, json_group_array(profiles.at) as ats,
      json_group_array(octet_length(profiles.attributes)) as sizes,
      cast(group_concat(profiles.attributes, '') as blob) as attributes,
      json_group_array(stamps.at) as stampedAts, json_group_array(stamps.position) as positions,
      json_group_array(stamps.fields) as fields, json_group_array(stamps.identities) as identities
    from wanted
    cross join profiles
      on profiles.account_id = ${account} and profiles.table_id = ${table} and profiles.id = wanted.id
    left join profile_stamps as stamps
      on stamps.account_id = ${account} and stamps.table_id = ${table} and stamps.id = wanted.id`;
}

/** Replaces attributes; exported for the test of its query plan. */
export function updateProfilesSql(values: string, account: number, table: number): string {
  return `with changed(id, attributes) as (values ${values})
    insert into profiles (account_id, table_id, id, at, attributes)
    select ${account}, ${table}, changed.id, 0, changed.attributes from changed where true
    on conflict (account_id, table_id, id) do update set attributes = excluded.attributes`;
}

const COUNT_KEPT = "update change_feeds set kept = kept + ? where account_id = ? and table_id = ?";

/** Copies attributes into a feed's notes; exported for the test of its query plan. */
export function noteProfilesSql(values: string, account: number, generation: number, table: number): string {
  return `with wanted(id, epoch, after) as (values ${values})
    insert into profile_changes (account_id, table_id, id, epoch, existed, before, after)
    select ${account}, ${table}, wanted.id, wanted.epoch, 1, profiles.attributes, wanted.after
    from wanted
    cross join profiles
      on profiles.account_id = ${account} and profiles.table_id = ${generation} and profiles.id = wanted.id
    where true
    ${NOTED_ALREADY}`;
}

/** The same of profiles whose ids lie side by side; exported for the test of its query plan. */
export function noteRangeSql(account: number, generation: number, table: number): string {
  return `insert into profile_changes (account_id, table_id, id, epoch, existed, before)
    select ${account}, ${table}, id, ?, 1, attributes from profiles
    where account_id = ${account} and table_id = ${generation} and id between ? and ?
    ${NOTED_ALREADY}`;
}

/** Points earlier merges at the profile that took their target in; exported for the test of its query plan. */
export function followMergesSql(values: string, account: number, table: number): string {
  return `with merged(id, into_id) as (values ${values})
    insert into profile_merges (account_id, table_id, id, into_id)
    select earlier.account_id, earlier.table_id, earlier.id, merged.into_id
    from merged
    cross join profile_merges as earlier
      on earlier.account_id = ${account} and earlier.table_id = ${table} and earlier.into_id = merged.id
    where true
    on conflict (account_id, table_id, id) do update set into_id = excluded.into_id`;
}
