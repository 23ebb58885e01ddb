/**
 * The identity index as sorted runs of packed numbers (ADR 0012), where it was a row for each identity.
 *
 * @module
 */
import { sql, type Transaction } from "kysely";
import type { Migration } from "../migration.ts";
import type { Tables } from "../tables.ts";

/** Identities that become one run. */
const RUN = 100_000;
/** Identities in a block. */
const BLOCK = 4096;

/** The fourth migration. */
export const identityRuns: Migration = {
  name: "0004_identity_runs",
  async up({ transaction, types }) {
    const { schema } = transaction;
    await schema.createTable("identity_runs")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("run", types.integer, (column) => column.notNull())
      .addColumn("count", types.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("identity_runs_pk", ["account_id", "run"])
      .modifyEnd(types.table).execute();
    await schema.createTable("identity_blocks")
      .addColumn("account_id", types.integer, (column) => column.notNull())
      .addColumn("run", types.integer, (column) => column.notNull())
      .addColumn("first", types.integer, (column) => column.notNull())
      .addColumn("entries", types.bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint("identity_blocks_pk", ["account_id", "run", "first"])
      .modifyEnd(types.clusteredTable).execute();
    for (const { id } of await transaction.selectFrom("accounts").select("id").execute()) await move(transaction, id);
    await schema.dropTable("identities").execute();
  },
};

interface Identity {
  /** Unsigned, as runs have them; the old table's were signed. */
  readonly key: bigint;
  readonly profile: number;
}

async function move(transaction: Transaction<Tables>, account: number): Promise<void> {
  let from = -(2n ** 63n);
  for (let run = 1;; run++) {
    // 64 bits are more than a number holds.
    const { rows } = await sql<{ hash: string; profile_id: number }>`
      select cast(hash as text) as hash, profile_id from identities
      where account_id = ${account} and hash >= ${from} order by identities.hash limit ${RUN}`.execute(transaction);
    const last = rows.at(-1);
    if (last === undefined) return;
    const identities = rows.map(({ hash, profile_id }) => ({
      key: BigInt.asUintN(64, BigInt(hash)),
      profile: profile_id,
    })).sort((a, b) => a.key < b.key ? -1 : 1);
    await writeRun(transaction, account, run, identities);
    if (rows.length < RUN) return;
    from = BigInt(last.hash) + 1n;
  }
}

async function writeRun(
  transaction: Transaction<Tables>,
  account: number,
  run: number,
  identities: readonly Identity[],
): Promise<void> {
  const prefix = (index: number) => Number(identities[index]!.key >> 11n);
  await sql`insert into identity_runs (account_id, run, count) values (${account}, ${run}, ${identities.length})`
    .execute(transaction);
  for (let start = 0, end = 0; start < identities.length; start = end) {
    end = Math.min(start + BLOCK, identities.length);
    // Keys with one prefix lie in one block.
    while (end < identities.length && prefix(end) === prefix(end - 1)) end++;
    const first = start === 0 ? 0 : prefix(start);
    await sql`insert into identity_blocks (account_id, run, first, entries)
      values (${account}, ${run}, ${first}, ${packed(identities.slice(start, end))})`.execute(transaction);
  }
}

/** All keys, then all profiles as doubles. */
function packed(identities: readonly Identity[]): Uint8Array {
  const block = new Uint8Array(16 * identities.length);
  const keys = new BigUint64Array(block.buffer, 0, identities.length);
  const profiles = new Float64Array(block.buffer, 8 * identities.length);
  for (const [index, { key, profile }] of identities.entries()) {
    keys[index] = key;
    profiles[index] = profile;
  }
  return block;
}
