import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import type { Executor } from "./database.ts";
import { statement } from "./statement.ts";

interface Named {
  readonly account: number;
  readonly name: string | null;
}

const insertTree = statement<{ account: number; id: string; bytes: number }, unknown>(
  ["account", "id", "bytes"],
  (executor, { account, id, bytes }) =>
    executor.insertInto("managed_trees").values({ account_id: account, id, username: id, bytes, created_at: 7 }),
);

const treesNamed = statement<Named, { readonly id: string; readonly bytes: number }>(
  ["name", "account"],
  (executor, { account, name }) =>
    executor.selectFrom("managed_trees").select(["id", "bytes"]).where("account_id", "=", account)
      .where("username", "=", name).where("created_at", "=", 7),
);

/** Rows as plain objects, whichever database they come from. */
const named = async (executor: Executor, parameters: Named) =>
  (await treesNamed(executor, parameters)).map(({ id, bytes }) => [id, bytes]);

onEachDatabase("a statement runs with the parameters of each call, in a transaction and outside", async (databases) => {
  await using database = await databases.open();
  await database.write(async (transaction) => {
    await insertTree(transaction, { account: 1, id: "one", bytes: 10 });
    await insertTree(transaction, { account: 2, id: "two", bytes: 20 });
    assert.deepEqual(await named(transaction, { account: 1, name: "one" }), [["one", 10]]);
  });
  assert.deepEqual(await named(database.kysely, { account: 2, name: "two" }), [["two", 20]]);
  assert.deepEqual(await named(database.kysely, { account: 2, name: "one" }), []);
  assert.deepEqual(await named(database.kysely, { account: 2, name: null }), []);
});
