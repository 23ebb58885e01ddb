import assert from "node:assert/strict";
import { failure, startEngine } from "./engine_testing.ts";
import { tokensOf } from "./tokens.ts";

Deno.test("a token is verified by itself and stored only as a hash", async () => {
  await using engine = await startEngine();
  const tokens = tokensOf(engine.context);
  assert.equal(await tokens.any(), false);
  const { id, token } = await tokens.create({ name: "ci", scopes: ["admin"] });
  assert.equal(await tokens.any(), true);
  assert.deepEqual(await tokens.verify(token), { id, scopes: ["admin"] });
  for (const wrong of ["", token.slice(0, -1), `${token} `, id]) assert.equal(await tokens.verify(wrong), undefined);
  const rows = await engine.context.database.kysely.selectFrom("tokens").selectAll().execute();
  assert(!JSON.stringify(rows).includes(token.slice(8)));
  assert.notEqual((await tokens.create({ name: "ci", scopes: ["admin"] })).token, token);
});

Deno.test("a token needs a name and scopes", async () => {
  await using engine = await startEngine();
  const tokens = tokensOf(engine.context);
  await assert.rejects(tokens.create({ name: " ", scopes: ["admin"] }), failure("config", /name is empty/));
  await assert.rejects(tokens.create({ name: "x", scopes: [] }), failure("config", /needs a scope/));
  await assert.rejects(tokens.create({ name: "x", scopes: ["Ad min"] }), failure("config", /"Ad min" is no scope/));
});
