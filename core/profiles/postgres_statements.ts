/**
 * The batch statements for PostgreSQL: lists as arrays, some thousand rows a statement.
 *
 * A table may be joined with a list by looking up each row of the list, or the other way round, or by reading it from
 * end to end; what the planner thinks cheapest depends on statistics that a growing table does not have yet. Lateral
 * subqueries with `offset 0`, upserts and row places leave it one way: a look-up by key for each row of the list.
 *
 * @module
 */
import { CompiledQuery } from "kysely";
import type { Executor } from "../database/database.ts";
import { packIntegers, packTexts } from "../database/postgres_arrays.ts";
import { type ColumnsRow, parseColumns, type ProfileColumns } from "./known_profiles.ts";
import { blockSql, profileSql, readBlock, readProfile } from "./point_reads.ts";
import type { ProfileScope, ProfileStatements } from "./statements.ts";

const encoder = new TextEncoder();

/** Rows a statement. */
const PIECE = 5_000;

/** Runs a statement over pieces of a list; `$1` and `$2` are account and table, the columns follow. */
async function forEach<Row, Result>(
  executor: Executor,
  { account, table }: ProfileScope,
  rows: ArrayLike<Row>,
  sql: string,
  columns: (piece: readonly Row[]) => readonly (Uint8Array | number)[],
  take?: (row: Result) => void,
): Promise<void> {
  for (let first = 0; first < rows.length; first += PIECE) {
    const length = Math.min(PIECE, rows.length - first);
    const piece = Array.from({ length }, (_, index) => rows[first + index]!);
    const result = await executor.executeQuery<Result>(CompiledQuery.raw(sql, [account, table, ...columns(piece)]));
    if (take !== undefined) { for (const row of result.rows) take(row); }
  }
}

function integers<Row>(rows: readonly Row[], of: (row: Row) => number): Uint8Array {
  return packIntegers(rows.length, (index) => of(rows[index]!));
}

function texts<Row>(rows: readonly Row[], of: (row: Row) => string | Uint8Array | null): Uint8Array {
  return packTexts(rows.length, (index) => of(rows[index]!));
}

/** The batch statements for PostgreSQL. */
export const postgresStatements: ProfileStatements = {
  async loadProfiles(executor, scope, ids) {
    const loaded: ProfileColumns[] = [];
    await forEach<number, ColumnsRow<string>>(
      executor,
      scope,
      ids,
      LOAD_PROFILES,
      (ids) => [integers(ids, (id) => id)],
      (row) => {
        if (row.attributes !== null) loaded.push(parseColumns(row, encoder.encode(row.attributes)));
      },
    );
    return loaded;
  },

  loadProfile: (executor, { account, table }, id) => readProfile(executor, LOAD_PROFILE, [account, table, id]),

  loadBlock: (executor, { account, table }, run, first) =>
    readBlock(executor, LOAD_BLOCK, [account, table, run, first]),

  async insertProfiles(executor, scope, count, profile) {
    for (let first = 0; first < count; first += PIECE) {
      const piece = Array.from({ length: Math.min(PIECE, count - first) }, (_, index) => profile(first + index));
      await forEach(executor, scope, piece, INSERT_PROFILES, (profiles) => [
        integers(profiles, ({ id }) => id),
        integers(profiles, ({ at }) => at),
        texts(profiles, ({ attributes }) => attributes),
      ]);
    }
  },

  async updateProfiles(executor, scope, profiles) {
    await forEach(executor, scope, profiles, UPDATE_PROFILES, (profiles) => [
      integers(profiles, ({ id }) => id),
      texts(profiles, ({ attributes }) => attributes),
    ]);
  },

  async noteProfiles(executor, scope, { table, epoch }, profiles) {
    // What they become is looked up: here that has not been measured to take longer than to write it.
    await forEach(executor, scope, profiles, NOTE_PROFILES, (profiles) => [
      integers(profiles, ({ id }) => id),
      table,
      epoch,
    ]);
  },

  async putStamps(executor, scope, profiles) {
    const stamps = profiles.flatMap(({ id, stamp }) => stamp === null ? [] : [{ id, ...stamp }]);
    await forEach(executor, scope, stamps, PUT_STAMPS, (stamps) => [
      integers(stamps, ({ id }) => id),
      integers(stamps, ({ at }) => at),
      integers(stamps, ({ position }) => position),
      texts(stamps, ({ fields }) => fields),
      texts(stamps, ({ identities }) => identities),
    ]);
  },

  async moveStamps(executor, scope, { ids, ats, positions }) {
    await forEach(executor, scope, ids.map((_, index) => index), MOVE_STAMPS, (indexes) => [
      integers(indexes, (index) => ids[index]!),
      integers(indexes, (index) => ats[index]!),
      integers(indexes, (index) => positions[index]!),
    ]);
  },

  async findMerges(executor, scope, ids) {
    const merges = new Map<number, number>();
    await forEach<number, { id: number; into_id: number }>(
      executor,
      scope,
      ids,
      FIND_MERGES,
      (ids) => [integers(ids, (id) => id)],
      ({ id, into_id }) => merges.set(id, into_id),
    );
    return merges;
  },

  async mergeProfiles(executor, scope, merges) {
    const ids = (merges: readonly Merge[]) => [integers(merges, ({ id }) => id)];
    const both = (merges: readonly Merge[]) => [...ids(merges), integers(merges, ({ into }) => into)];
    await forEach(executor, scope, merges, DELETE_PROFILES, ids);
    await forEach(executor, scope, merges, DELETE_STAMPS, ids);
    await forEach(executor, scope, merges, FOLLOW_MERGES, both);
    await forEach(executor, scope, merges, INSERT_MERGES, both);
  },
};

interface Merge {
  readonly id: number;
  readonly into: number;
}

/** The rows of a table with the ids of a list named `wanted`; `offset 0` keeps the planner from taking it apart. */
const byId = (table: string, columns: string) =>
  `lateral (select ${columns} from ${table}
    where account_id = $1 and table_id = $2 and id = wanted.id offset 0)`;

/** JSON as text: so it reads as SQLite's does. */
const list = (column: string, name: string) => `json_agg(${column} order by wanted.id)::text as "${name}"`;

const LOAD_PROFILES = `
  select ${list("wanted.id", "ids")}, ${list("profiles.at", "ats")},
    ${list("octet_length(profiles.attributes)", "sizes")},
    string_agg(profiles.attributes, '' order by wanted.id) as attributes,
    ${list("stamps.at", "stampedAts")}, ${list("stamps.position", "positions")},
    ${list("stamps.fields", "fields")}, ${list("stamps.identities", "identities")}
  from unnest($3::bigint[]) as wanted(id)
  cross join ${byId("profiles", "at, attributes")} as profiles
  left join ${byId("profile_stamps", "at, position, fields, identities")} as stamps on true`;

const LOAD_PROFILE = profileSql("$1", "$2", "$3");

const LOAD_BLOCK = blockSql("$1", "$2", "$3", "$4");

const INSERT_PROFILES = `
  insert into profiles (account_id, table_id, id, at, attributes)
  select $1::bigint, $2::bigint, id, at, attributes
  from unnest($3::bigint[], $4::bigint[], $5::text[]) as added(id, at, attributes)`;

const UPDATE_PROFILES = `
  insert into profiles (account_id, table_id, id, at, attributes)
  select $1::bigint, $2::bigint, id, 0, attributes from unnest($3::bigint[], $4::text[]) as changed(id, attributes)
  on conflict (account_id, table_id, id) do update set attributes = excluded.attributes`;

const NOTE_PROFILES = `
  insert into profile_changes (account_id, table_id, id, epoch, existed, before)
  select $1::bigint, $4::bigint, wanted.id, $5::bigint, 1, profiles.attributes
  from unnest($3::bigint[]) as wanted(id)
  cross join ${byId("profiles", "attributes")} as profiles
  on conflict do nothing`;

const PUT_STAMPS = `
  insert into profile_stamps (account_id, table_id, id, at, position, fields, identities)
  select $1::bigint, $2::bigint, id, at, position, fields, identities
  from unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
    as put(id, at, position, fields, identities)
  on conflict (account_id, table_id, id) do update set at = excluded.at, position = excluded.position,
    fields = excluded.fields, identities = excluded.identities`;

const MOVE_STAMPS = `
  insert into profile_stamps (account_id, table_id, id, at, position)
  select $1::bigint, $2::bigint, id, at, position
  from unnest($3::bigint[], $4::bigint[], $5::bigint[]) as moved(id, at, position)
  on conflict (account_id, table_id, id) do update set at = excluded.at, position = excluded.position`;

/**
 * Two indexes begin with account and table: where no statistics say that those are few, the wrong one costs the same.
 * Only the right one gives the first row in its order.
 */
const FIND_MERGES = `
  select wanted.id, merges.into_id
  from unnest($3::bigint[]) as wanted(id)
  cross join lateral (select account_id, table_id, id, into_id from profile_merges
    where (account_id, table_id, id) >= ($1, $2, wanted.id) order by account_id, table_id, id limit 1) as merges
  where merges.account_id = $1 and merges.table_id = $2 and merges.id = wanted.id
  order by wanted.id`;

/** By the place of the row: nobody moves it meanwhile, as an account has one writer at a time. */
const deleteById = (table: string) => `
  delete from ${table} where ctid = any (array(
    select found.ctid from unnest($3::bigint[]) as wanted(id) cross join ${byId(table, "ctid")} as found))`;

const DELETE_PROFILES = deleteById("profiles");
const DELETE_STAMPS = deleteById("profile_stamps");

/** Here the planner takes the right one of the two, the younger; the test of the plans holds it to that. */
const FOLLOW_MERGES = `
  insert into profile_merges (account_id, table_id, id, into_id)
  select $1::bigint, $2::bigint, earlier.id, merged.into_id
  from unnest($3::bigint[], $4::bigint[]) as merged(id, into_id)
  cross join lateral (select id from profile_merges
    where account_id = $1 and table_id = $2 and into_id = merged.id offset 0) as earlier
  on conflict (account_id, table_id, id) do update set into_id = excluded.into_id`;

const INSERT_MERGES = `
  insert into profile_merges (account_id, table_id, id, into_id)
  select $1::bigint, $2::bigint, id, into_id
  from unnest($3::bigint[], $4::bigint[]) as added(id, into_id)`;
