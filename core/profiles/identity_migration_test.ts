import assert from "node:assert/strict";
import { sql } from "kysely";
import { migrate } from "../database/migrations.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { findIdentities, findIdentity } from "./identity_index.ts";

const SCOPE = { account: 1, table: 1 };

onEachDatabase("identities that were a row each are found in the runs they become", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  for (const table of ["identity_runs", "identity_blocks"]) await kysely.schema.dropTable(table).execute();
  await sql`create table identities (account_id bigint not null, hash bigint not null, profile_id bigint not null,
    primary key (account_id, hash))`.execute(kysely);
  await kysely.schema.dropTable("generations").execute();
  await kysely.schema.alterTable("profile_tables").dropColumn("identity_rules").execute();
  await kysely.schema.alterTable("accounts").dropColumn("import_epoch").execute();
  await sql`delete from migrations where name in ('0004_identity_runs', '0007_generations')`.execute(kysely);
  // As far apart as hashes are, of both signs; more than a run and many blocks hold.
  const keys = BigUint64Array.from(
    { length: 120_000 },
    (_, index) => BigInt.asUintN(64, BigInt(index + 1) * 0x9e3779b97f4a7c15n),
  ).sort();
  const rows = Array.from(keys, (key, index) => `(1, ${BigInt.asIntN(64, key)}, ${index + 1})`);
  for (let first = 0; first < rows.length; first += 5_000) {
    const values = sql.raw(rows.slice(first, first + 5_000).join(","));
    await sql`insert into identities (account_id, hash, profile_id) values ${values}`.execute(kysely);
  }
  assert.deepEqual(await migrate(database), ["0004_identity_runs", "0007_generations"]);
  assert.deepEqual(await findIdentities(kysely, SCOPE, keys), Float64Array.from(keys, (_, index) => index + 1));
  for (const index of [0, 4_095, 4_096, 60_000, 119_999]) {
    assert.equal(await findIdentity(kysely, SCOPE, keys[index]!), index + 1);
  }
  assert.equal(await findIdentity(kysely, SCOPE, keys[7]! + 1n), 0);
});
