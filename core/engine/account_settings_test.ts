import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { readSettings, requireVisible, settingsOf, visibleFields } from "./account_settings.ts";
import { ownAccountOf } from "./accounts.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { type Scope, SCOPES } from "./scopes.ts";

/** What is set where nobody said anything. */
const { pii_fields: _fields, suppress_erased: _erased, ...UNTOLD } = readSettings("{}");

Deno.test("settings that are not stored have their defaults, and ones that are no more are left out", () => {
  assert.deepEqual(readSettings("{}"), { ...UNTOLD, pii_fields: [], suppress_erased: "off" });
  assert.deepEqual(readSettings('{"pii_fields":["a"],"gone":1}'), {
    ...UNTOLD,
    pii_fields: ["a"],
    suppress_erased: "off",
  });
  for (let number = 0; number < 2_500; number++) {
    assert.deepEqual(readSettings(`{"pii_fields":["f${number % 1_500}"]}`).pii_fields, [`f${number % 1_500}`]);
  }
});

Deno.test("every field is visible where none is personal, personal ones only to scopes with PII access", () => {
  const pii: readonly Scope[] = ["admin", "data_manager", "general_manager"];
  for (const scope of SCOPES) {
    const who = { scopes: [scope] };
    assert.equal(visibleFields(who, { pii_fields: [] })("email"), true);
    const visible = visibleFields(who, { pii_fields: ["email", "__proto__"] });
    assert.deepEqual(
      ["email", "__proto__", "Email", "name", "constructor"].map(visible),
      pii.includes(scope) ? [true, true, true, true, true] : [false, false, true, true, true],
    );
  }
  const observer = { scopes: ["observer" as const] };
  const members = visibleFields(observer, { pii_fields: ["m.x.y", "n"] });
  assert.deepEqual(["m.x.y", "m.x", "m", "n", "n.x", "m.z"].map(members), [false, false, false, false, true, true]);
  requireVisible(observer, { pii_fields: ["email"] }, "name");
  assert.throws(
    () => requireVisible(observer, { pii_fields: ["email"] }, "email"),
    failure("auth", /lacks "pii.read" \(its scopes: observer\)/, { code: "forbidden" }),
  );
});

onEachDatabase("a transaction reads the settings as they are now", async (databases) => {
  await using engine = await startEngine(databases);
  const { context } = engine;
  const account = ownAccountOf(context);
  await account.update({ settings: { suppress_erased: "forever" } });
  assert.equal(context.account.settings.suppress_erased, "off");
  const now = await context.database.write((transaction) => settingsOf(transaction, context.accountId));
  assert.equal(now.suppress_erased, "forever");
  await account.update({ settings: { suppress_erased: null } });
  assert.deepEqual((await account.get()).settings, readSettings("{}"));
});
