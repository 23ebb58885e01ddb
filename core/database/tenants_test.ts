import assert from "node:assert/strict";
import { sql } from "kysely";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { migrate } from "./migrations.ts";

onEachDatabase("a database of before the tenants keeps its accounts and tokens", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  // Back to what it was.
  for (const table of ["audit_entries", "audit_heads"]) await kysely.schema.dropTable(table).execute();
  for (const index of ["accounts_public_id", "accounts_name"]) await kysely.schema.dropIndex(index).execute();
  const columns = {
    accounts: ["public_id", "settings"],
    tokens: ["description", "expires_at", "user_id", "user_name"],
  };
  for (const [table, names] of Object.entries(columns)) {
    for (const name of names) await kysely.schema.alterTable(table).dropColumn(name).execute();
  }
  await sql`delete from migrations where name in ('0005_tenants', '0006_audit_log')`.execute(kysely);
  await sql`insert into accounts (id, name, next_position, created_at) values (2, 'two', 7, 5)`.execute(kysely);
  await sql`insert into tokens (id, account_id, name, hash, scopes, created_at)
    values ('t', 2, 'ci', 'h', '["admin"]', 6)`.execute(kysely);

  assert.deepEqual(await migrate(database), ["0005_tenants", "0006_audit_log"]);
  const accounts = await kysely.selectFrom("accounts").selectAll().orderBy("id").execute();
  assert.deepEqual(accounts.map(({ id, name, settings, next_position }) => [id, name, settings, next_position]), [
    [1, "default", "{}", 1],
    [2, "two", "{}", 7],
  ]);
  const ids = accounts.map(({ public_id }) => public_id);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  assert.notEqual(ids[0], ids[1]);
  assert.deepEqual({ ...await kysely.selectFrom("tokens").selectAll().executeTakeFirstOrThrow() }, {
    id: "t",
    account_id: 2,
    name: "ci",
    hash: "h",
    scopes: '["admin"]',
    created_at: 6,
    description: "",
    expires_at: null,
    user_id: null,
    user_name: null,
  });
  const heads = await kysely.selectFrom("audit_heads").selectAll().orderBy("account_id").execute();
  assert.deepEqual(heads.map((head) => ({ ...head })), [
    { account_id: 1, entries: 0, hash: "" },
    { account_id: 2, entries: 0, hash: "" },
  ]);
});
