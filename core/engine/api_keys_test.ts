import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { apiKeyCheck } from "./api_key_check.ts";
import { apiKeysOf } from "./api_keys.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { hashOf } from "./token_hash.ts";

const FORM = /^[0-9a-f]{23}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

onEachDatabase("an API key opens with its secret alone, which is stored as a hash", async (databases) => {
  await using engine = await startEngine(databases);
  const { database, account, accountId } = engine.context;
  const keys = apiKeysOf(engine.context);
  const { api_key, api_secret, ...rest } = await keys.create({ name: "warehouse" });
  assert.match(api_key, FORM);
  assert.match(api_secret, FORM);
  assert.deepEqual([rest.name, rest.org_id, rest.user_id], ["warehouse", accountId, null]);
  const verify = apiKeyCheck(database);
  for (let times = 0; times < 2; times++) {
    const caller = await verify(api_key, api_secret);
    assert.deepEqual(caller, {
      actor: { kind: "apikey", id: api_key, name: "warehouse", scopes: ["general_manager"] },
      account,
      revision: caller?.revision,
    });
    const other = (await keys.create()).api_secret;
    for (
      const [key, secret] of [
        [api_key, ""],
        [api_key, other],
        [api_key, `${api_secret} `],
        [api_key, hashOf(api_secret)],
        [api_secret, api_key],
        ["", ""],
        [`${api_key}'`, api_secret],
      ] as const
    ) assert.equal(await verify(key, secret), undefined);
  }
  const rows = await database.kysely.selectFrom("api_keys").selectAll().execute();
  assert(!JSON.stringify(rows).includes(api_secret));
});

onEachDatabase("API keys are listed without secrets; a deleted one opens nothing from then on", async (databases) => {
  await using engine = await startEngine(databases);
  const keys = apiKeysOf(engine.context), verify = apiKeyCheck(engine.context.database);
  const { api_key, api_secret } = await keys.create();
  await keys.create();
  // Those of one millisecond stand in any order.
  assert.deepEqual((await keys.list()).map(({ name }) => name).sort(), ["apikey", "apikey-2"]);
  assert(!JSON.stringify(await keys.list()).includes(api_secret));
  assert.equal((await verify(api_key, api_secret))?.actor.id, api_key);
  assert.equal((await keys.delete(api_key)).api_key, api_key);
  assert.equal(await verify(api_key, api_secret), undefined);
  const gone = failure("config", /no API key/, { code: "not_found" });
  await assert.rejects(keys.get(api_key), gone);
  await assert.rejects(keys.delete(api_key), gone);
  await assert.rejects(keys.create({ name: " " }), failure("config", /name "" is empty/));
  const entries = await engine.context.database.kysely.selectFrom("audit_entries").select(["action", "label"])
    .where("kind", "=", "apikey").orderBy("sequence").execute();
  assert.deepEqual(entries.map(({ action, label }) => `${action} ${label}`), [
    "create apikey",
    "create apikey-2",
    "delete apikey",
  ]);
});
