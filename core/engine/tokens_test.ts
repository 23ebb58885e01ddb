import assert from "node:assert/strict";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { SCOPES } from "./scopes.ts";
import { tokenCheck } from "./token_check.ts";
import { hashOf } from "./token_hash.ts";
import { tokensOf } from "./tokens.ts";

onEachDatabase("a token is verified by itself and stored only as a hash", async (databases) => {
  await using engine = await startEngine(databases);
  const tokens = tokensOf(engine.context);
  const { id, token } = await tokens.create({ name: "ci", scopes: ["admin"] });
  const { database, account } = engine.context;
  assert.deepEqual(await tokenCheck(database)(token), {
    actor: { kind: "token", id, name: "ci", scopes: ["admin"] },
    account,
    revision: database.revision(),
  });
  for (const wrong of ["", token.slice(0, -1), `${token} `, id]) {
    assert.equal(await tokenCheck(database)(wrong), undefined);
  }
  const rows = await engine.context.database.kysely.selectFrom("tokens").selectAll().execute();
  assert(!JSON.stringify(rows).includes(token.slice(8)));
  assert.notEqual((await tokens.create({ name: "ci", scopes: ["admin"] })).token, token);
});

onEachDatabase("a token needs a name and scopes that there are", async (databases) => {
  await using engine = await startEngine(databases);
  const tokens = tokensOf(engine.context);
  await assert.rejects(tokens.create({ name: " ", scopes: ["admin"] }), failure("config", /name "" is empty/));
  await assert.rejects(tokens.create({ name: "x", scopes: [] }), failure("config", /needs a scope/));
  await assert.rejects(
    tokens.create({ name: "x", scopes: ["admin", "data-writ"] }),
    failure("config", /no scope "data-writ"/, { hint: /"data_write"/ }),
  );
  await assert.rejects(
    tokens.create({ name: "x", scopes: ["bogus"] }),
    failure("config", /no scope "bogus"/, { hint: /admin, data, data_write/ }),
  );
  assert.deepEqual(await tokens.list(), []);
  await tokens.create({ name: "all", scopes: SCOPES });
  assert.deepEqual((await tokens.list())[0]?.scopes, SCOPES);
});

onEachDatabase("tokens are listed without themselves, and a deleted one is not known any more", async (databases) => {
  await using engine = await startEngine(databases);
  const tokens = tokensOf(engine.context);
  const { id, token } = await tokens.create({ name: "ci", scopes: ["data"] });
  const verify = tokenCheck(engine.context.database);
  assert.equal((await verify(token))?.actor.id, id);
  const [listed, ...others] = await tokens.list();
  assert.deepEqual([listed?.id, listed?.name, listed?.scopes, others], [id, "ci", ["data"], []]);
  assert(!JSON.stringify(listed).includes(token));
  assert.deepEqual(await tokens.get(id), listed);
  assert.deepEqual(await tokens.delete(id), listed);
  assert.equal(await verify(token), undefined);
  const gone = failure("config", /no token/, { code: "not_found" });
  await assert.rejects(tokens.delete(id), gone);
  await assert.rejects(tokens.get(id), gone);
});

onEachDatabase("the last admin token is kept where that is asked for", async (databases) => {
  await using engine = await startEngine(databases);
  const tokens = tokensOf(engine.context);
  assert.equal(await tokens.anyAdmin(), false);
  const { id: first } = await tokens.create({ name: "first", scopes: ["admin", "data"] });
  const { id: data } = await tokens.create({ name: "data", scopes: ["data"] });
  const refused = failure("config", /"first" is the last one/, { code: "conflict" });
  await assert.rejects(tokens.delete(first, { keepAdmin: true }), refused);
  await tokens.delete(data, { keepAdmin: true });
  const { id: second } = await tokens.create({ name: "second", scopes: ["admin"] });
  await tokens.delete(first, { keepAdmin: true });
  assert.equal(await tokens.anyAdmin(), true);
  await tokens.delete(second);
  assert.equal(await tokens.anyAdmin(), false);
});

onEachDatabase("what another process does to a token or its account is heeded at once", async (databases) => {
  const address = await databases.make();
  await using database = await openDatabase(address);
  await using other = await openDatabase(address);
  const account_id = 1, hash = hashOf("secret");
  const row = { id: "t", account_id, name: "ci", hash, description: "", user_id: null, user_name: null };
  const times = { created_at: 0, expires_at: null };
  await other.kysely.insertInto("tokens").values({ ...row, ...times, scopes: '["admin"]' }).execute();
  const verify = tokenCheck(database);
  for (const _ of ["read", "remembered"]) assert.deepEqual((await verify("secret"))?.actor.scopes, ["admin"]);
  await other.kysely.updateTable("tokens").set({ scopes: '["data"]' }).where("id", "=", "t").execute();
  assert.deepEqual((await verify("secret"))?.actor.scopes, ["data"]);
  await other.write((transaction) =>
    transaction.updateTable("accounts").set({ settings: '{"pii_fields":["email"]}' }).where("id", "=", 1).execute()
  );
  assert.deepEqual((await verify("secret"))?.account.settings.pii_fields, ["email"]);
  const soon = await database.now() + 1;
  await other.kysely.updateTable("tokens").set({ expires_at: soon }).where("id", "=", "t").execute();
  await verify("secret").catch(() => {});
  while (await database.now() < soon) await Promise.resolve();
  await assert.rejects(verify("secret"), failure("auth", /"ci" expired at /, { code: "unauthenticated" }));
  await other.kysely.deleteFrom("tokens").where("id", "=", "t").execute();
  assert.equal(await verify("secret"), undefined);
});

onEachDatabase("a token that has expired opens nothing, and whoever sends it is told so", async (databases) => {
  await using engine = await startEngine(databases);
  const { context } = engine;
  const { kysely } = context.database;
  const tokens = tokensOf(context);
  const before = await context.database.now();
  const { id, token, expires } = await tokens.create({ name: "vendor", scopes: ["admin"], expires: "100h" });
  const lasts = Temporal.Instant.from(expires ?? "").epochMilliseconds - before;
  assert.ok(lasts >= 360_000_000 && lasts < 360_060_000, expires ?? "");
  const verify = tokenCheck(context.database);
  assert.equal((await verify(token))?.actor.name, "vendor");
  assert.equal(await tokens.anyAdmin(), true);
  await kysely.updateTable("tokens").set({ expires_at: before }).where("hash", "=", hashOf(token)).execute();
  const expired = failure("auth", /"vendor" expired at \d{4}-/, { code: "unauthenticated" });
  await assert.rejects(verify(token), expired);
  // It keeps nobody from being let in anew, and is no admin's last token.
  assert.equal(await tokens.anyAdmin(), false);
  await tokens.create({ name: "admin", scopes: ["admin"] });
  await tokens.delete(id, { keepAdmin: true });
});

onEachDatabase("tokens without a name are numbered, and a name is one that can be typed", async (databases) => {
  await using engine = await startEngine(databases);
  const tokens = tokensOf(engine.context);
  const names = [await tokens.create({ scopes: ["data"] }), await tokens.create({ scopes: ["data"] })];
  assert.deepEqual(names.map(({ name }) => name), ["token", "token-2"]);
  for (const name of ["a\nb", "f".repeat(32), "x".repeat(101)]) {
    await assert.rejects(tokens.create({ name, scopes: ["data"] }), failure("config", /^The name /));
  }
});
