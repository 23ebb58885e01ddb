import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { appsOf, findApp } from "./apps.ts";
import { failure, startEngine } from "./engine_testing.ts";

onEachDatabase("an app has a profile table of its own, named after it", async (databases) => {
  await using engine = await startEngine(databases);
  const { database: { kysely }, accountId } = engine.context;
  const apps = appsOf(engine.context);
  const made = [];
  for (const name of ["Weather Vane", "weather_vane", "2048", "Ωμέγα"]) made.push(await apps.create({ name }));
  assert.match(made[0]!.app_id, /^[0-9a-f]{23}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(made.map(({ table }) => table), ["weather_vane", "weather_vane-2", "app_2048", "app"]);
  assert.deepEqual(made.map(({ profiledb_id }) => profiledb_id), [2, 3, 4, 5]);
  const tables = await kysely.selectFrom("generations").select("table_id").where("state", "=", "current")
    .orderBy("table_id").execute();
  assert.deepEqual(tables.map(({ table_id }) => table_id), [1, 2, 3, 4, 5]);
  assert.deepEqual((await apps.list()).map(({ app_id }) => app_id).sort(), made.map(({ app_id }) => app_id).sort());
  assert.deepEqual(await apps.get(made[0]!.app_id), made[0]);
  assert.deepEqual(await apps.get("Weather Vane"), made[0]);
  assert.equal((await findApp(kysely, accountId, made[1]!.app_id))?.table, "weather_vane-2");
  assert.equal(await findApp(kysely, accountId + 1, made[1]!.app_id), undefined);
});

onEachDatabase("an app is renamed and deleted; its table stays", async (databases) => {
  await using engine = await startEngine(databases);
  const { database: { kysely } } = engine.context;
  const apps = appsOf(engine.context);
  const app = await apps.create({ name: "weather" });
  await apps.create({ name: "news" });
  assert.deepEqual(await apps.update("weather", { name: "climate" }), { ...app, name: "climate" });
  assert.deepEqual(await apps.update("climate", { name: "climate" }), { ...app, name: "climate" });
  const taken = failure("config", /Another app has the name "news"/, { code: "conflict" });
  await assert.rejects(apps.update("climate", { name: "news" }), taken);
  await assert.rejects(apps.create({ name: "news" }), taken);
  await assert.rejects(apps.create({ name: app.app_id }), failure("config", /looks like an app's id/));
  await assert.rejects(apps.create({ name: "" }), failure("config", /is empty/));
  assert.equal((await apps.delete("climate")).app_id, app.app_id);
  await assert.rejects(apps.get("climate"), failure("config", /no app "climate"/, { code: "not_found" }));
  await assert.rejects(
    apps.get("nwes"),
    failure("config", /no app/, { code: "not_found", hint: /Did you mean "news"/ }),
  );
  assert.equal((await kysely.selectFrom("profile_tables").select("id").execute()).length, 3);
  const entries = await kysely.selectFrom("audit_entries").select("action").where("kind", "=", "app")
    .orderBy("sequence").execute();
  assert.deepEqual(entries.map(({ action }) => action), ["create", "create", "rename", "delete"]);
});
