/**
 * Reads of one row by its key, as whoever asks for one profile needs them: put together once, not at every request.
 *
 * @module
 */
import { CompiledQuery } from "kysely";
import type { Executor } from "../database/database.ts";
import type { StoredProfile } from "./profile_state.ts";

/** A profile with its stamp, as it is read. */
interface ProfileRow {
  readonly id: number;
  readonly at: number;
  readonly attributes: string;
  readonly stampedAt: number | null;
  readonly position: number | null;
  readonly fields: string | null;
  readonly identities: string | null;
}

/** The text of a read; each argument is a number or a placeholder. */
export function profileSql(account: number | string, table: number | string, id: string): string {
  return `select profiles.id, profiles.at, profiles.attributes, stamps.at as "stampedAt", stamps.position,
      stamps.fields, stamps.identities
    from profiles left join profile_stamps as stamps on stamps.account_id = profiles.account_id
      and stamps.table_id = profiles.table_id and stamps.id = profiles.id
    where profiles.account_id = ${account} and profiles.table_id = ${table} and profiles.id = ${id}`;
}

/** The text of a read; each argument is a number or a placeholder. */
export function blockSql(account: number | string, table: number | string, run: string, first: string): string {
  return `select entries from identity_blocks
    where account_id = ${account} and table_id = ${table} and run = ${run} and first = ${first}`;
}

/** Reads a profile by {@linkcode profileSql}. */
export async function readProfile(
  executor: Executor,
  sql: string,
  parameters: readonly number[],
): Promise<StoredProfile | undefined> {
  const { rows: [row] } = await executor.executeQuery<ProfileRow>(CompiledQuery.raw(sql, [...parameters]));
  if (row === undefined) return undefined;
  const { id, at, attributes, stampedAt, position, fields, identities } = row;
  const stamp = stampedAt === null || position === null ? null : { at: stampedAt, position, fields, identities };
  return { id, at, attributes, stamp };
}

/** Reads a block by {@linkcode blockSql}. */
export async function readBlock(
  executor: Executor,
  sql: string,
  parameters: readonly number[],
): Promise<Uint8Array | undefined> {
  const { rows: [row] } = await executor.executeQuery<{ entries: Uint8Array }>(
    CompiledQuery.raw(sql, [...parameters]),
  );
  return row?.entries;
}
