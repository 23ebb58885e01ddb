/**
 * Reads profiles whose ids lie side by side, as those of a file that is imported again: a range of two tables each,
 * in less than half the time that it takes to seek every row of both.
 *
 * @module
 */
import { CompiledQuery } from "kysely";
import type { Executor } from "../database/database.ts";
import type { ProfileColumns } from "./known_profiles.ts";
import type { ProfileScope } from "./statements.ts";

/** Profiles that a statement reads at most. */
const AT_ONCE = 1_000;

/** Fewer are not worth two statements. */
const FEWEST = 10;

/** Consecutive ids: `length` of them. */
export interface IdRange {
  readonly first: number;
  readonly length: number;
}

/** Cuts ascending ids into ranges, and those that lie apart. */
export function rangesOf(ids: ArrayLike<number>): { readonly ranges: IdRange[]; readonly apart: number[] } {
  const ranges: IdRange[] = [], apart: number[] = [];
  for (let start = 0; start < ids.length;) {
    const first = ids[start]!;
    let length = 1;
    while (length < AT_ONCE && ids[start + length] === first + length) length++;
    if (length >= FEWEST) ranges.push({ first, length });
    else for (let index = 0; index < length; index++) apart.push(first + index);
    start += length;
  }
  return { ranges, apart };
}

/** Reads the profiles of a range; undefined where there is none. */
export async function loadRange(
  executor: Executor,
  { account, table }: ProfileScope,
  { first, length }: IdRange,
): Promise<ProfileColumns | undefined> {
  const query = async <Row>(sql: string): Promise<Row> => {
    const { rows } = await executor.executeQuery<Row>(CompiledQuery.raw(sql, [first, first + length - 1]));
    return rows[0]!;
  };
  const profiles = await query<ProfilesRow>(profilesSql(account, table));
  const stamps = await query<StampsRow>(stampsSql(account, table));
  if (profiles.attributes === null) return undefined;
  const ids: number[] = JSON.parse(profiles.ids);
  return {
    ids,
    ats: JSON.parse(profiles.ats),
    sizes: JSON.parse(profiles.sizes),
    attributes: profiles.attributes,
    ...alignStamps(ids, stamps),
  };
}

interface ProfilesRow {
  readonly ids: string;
  readonly ats: string;
  readonly sizes: string;
  readonly attributes: Uint8Array | null;
}

type StampsRow = Readonly<Record<"ids" | "ats" | "positions" | "fields" | "identities", string>>;

/** An entry for every profile; null for one without a stamp. */
function alignStamps(
  ids: readonly number[],
  row: StampsRow,
): Pick<ProfileColumns, "stampedAts" | "positions" | "fields" | "identities"> {
  const stamped: number[] = JSON.parse(row.ids);
  const align = <Value>(list: string): (Value | null)[] => {
    const values: (Value | null)[] = JSON.parse(list);
    if (values.length === ids.length) return values;
    let next = 0;
    return ids.map((id) => stamped[next] === id ? values[next++]! : null);
  };
  return {
    stampedAts: align<number>(row.ats),
    positions: align<number>(row.positions),
    fields: align<string>(row.fields),
    identities: align<string>(row.identities),
  };
}

function profilesSql(account: number, table: number): string {
  return `select json_group_array(id) as ids, json_group_array(at) as ats,
      json_group_array(octet_length(attributes)) as sizes, cast(group_concat(attributes, '') as blob) as attributes
    from profiles where account_id = ${account} and table_id = ${table} and id between ? and ?`;
}

function stampsSql(account: number, table: number): string {
  return `select json_group_array(id) as ids, json_group_array(at) as ats, json_group_array(position) as positions,
      json_group_array(fields) as fields, json_group_array(identities) as identities
    from profile_stamps where account_id = ${account} and table_id = ${table} and id between ? and ?`;
}
