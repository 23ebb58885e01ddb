import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { SCOPES } from "./scopes.ts";
import { verifyToken } from "./token_check.ts";
import { hashOf } from "./token_hash.ts";
import { tokensOf } from "./tokens.ts";

onEachDatabase("a token is verified by itself and stored only as a hash", async (databases) => {
  await using engine = await startEngine(databases);
  const tokens = tokensOf(engine.context);
  const { id, token } = await tokens.create({ name: "ci", scopes: ["admin"] });
  const { database, account } = engine.context;
  assert.deepEqual(await verifyToken(database, token), {
    actor: { kind: "token", id, name: "ci", scopes: ["admin"] },
    account,
  });
  for (const wrong of ["", token.slice(0, -1), `${token} `, id]) {
    assert.equal(await verifyToken(database, wrong), undefined);
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
  const [listed, ...others] = await tokens.list();
  assert.deepEqual([listed?.id, listed?.name, listed?.scopes, others], [id, "ci", ["data"], []]);
  assert(!JSON.stringify(listed).includes(token));
  assert.deepEqual(await tokens.get(id), listed);
  assert.deepEqual(await tokens.delete(id), listed);
  assert.equal(await verifyToken(engine.context.database, token), undefined);
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

onEachDatabase("a token that has expired opens nothing, and whoever sends it is told so", async (databases) => {
  await using engine = await startEngine(databases);
  const { context } = engine;
  const { kysely } = context.database;
  const tokens = tokensOf(context);
  const before = await context.database.now();
  const { id, token, expires } = await tokens.create({ name: "vendor", scopes: ["admin"], expires: "100h" });
  const lasts = Temporal.Instant.from(expires ?? "").epochMilliseconds - before;
  assert.ok(lasts >= 360_000_000 && lasts < 360_060_000, expires ?? "");
  assert.equal((await verifyToken(context.database, token))?.actor.name, "vendor");
  assert.equal(await tokens.anyAdmin(), true);
  await kysely.updateTable("tokens").set({ expires_at: before }).where("hash", "=", await hashOf(token)).execute();
  const expired = failure("auth", /"vendor" expired at \d{4}-/, { code: "unauthenticated" });
  await assert.rejects(verifyToken(context.database, token), expired);
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
