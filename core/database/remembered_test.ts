import assert from "node:assert/strict";
import { openDatabase } from "./open.ts";
import { Remembered } from "./remembered.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";

onEachDatabase("what is remembered is what is there, whoever wrote it", async (databases) => {
  const address = await databases.make();
  await using database = await openDatabase(address);
  await using other = await openDatabase(address);
  const remembered = new Remembered<string | undefined>(database);
  let reads = 0;
  const name = () =>
    remembered.get("name", async () => {
      reads++;
      const row = await database.kysely.selectFrom("accounts").select("name").where("id", "=", 9).executeTakeFirst();
      return row?.name;
    });
  const row = { id: 9, public_id: "9".repeat(32), settings: "{}", next_position: 1, import_epoch: 0, created_at: 0 };
  assert.equal(await name(), undefined);
  await database.kysely.insertInto("accounts").values({ ...row, name: "own" }).execute();
  assert.equal(await name(), "own");
  for (const [index, { kysely }] of [database, other].entries()) {
    await kysely.updateTable("accounts").set({ name: `plain ${index}` }).where("id", "=", 9).execute();
    assert.equal(await name(), `plain ${index}`);
  }
  for (const [index, writer] of [database, other].entries()) {
    await writer.write(async (transaction) => {
      await transaction.updateTable("accounts").set({ name: `written ${index}` }).where("id", "=", 9).execute();
      if (database.kind === "sqlite") assert.notEqual(await name(), `written ${index}`);
    });
    assert.equal(await name(), `written ${index}`);
  }
  reads = 0;
  for (let again = 0; again < 5; again++) assert.equal(await name(), "written 1");
  assert.equal(reads, database.kind === "sqlite" ? 0 : 5);
});

Deno.test("what is read while something is written is not kept", async () => {
  let revision = "1";
  const remembered = new Remembered<number>({ revision: () => revision });
  const slow = remembered.get("x", async () => {
    await Promise.resolve();
    return 1;
  });
  revision = "2";
  assert.equal(await remembered.get("y", () => Promise.resolve(2)), 2);
  assert.equal(await slow, 1);
  assert.equal(await remembered.get("x", () => Promise.resolve(3)), 3);
});
