import assert from "node:assert/strict";
import { IdentityHasher, identityKey } from "../profiles/identity.ts";
import { addIdentities } from "../profiles/identity_index.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import type { ProfileStatements } from "../profiles/statements.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { readSettings } from "./account_settings.ts";
import { SYSTEM } from "./actor.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { profilesOf } from "./profiles.ts";
import type { Scope } from "./scopes.ts";

const ACCOUNT = { accountId: 1, account: { id: 1, publicId: "1", settings: readSettings("{}") } };
const OPERATOR = { ...ACCOUNT, actor: SYSTEM };

const profiles = (peer: ImportPeer, statements: ProfileStatements = statementsFor(peer.database.kind)) =>
  profilesOf({ database: peer.database, ...OPERATOR }, statements, peer.identityKey);

onEachDatabase("a profile is found by each of its identities, however they are written", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch([
    { fields: { id: " 7 ", email: "Ann@Example.com", name: "Ann" }, time: 1_000 },
    { fields: { id: 8, name: "Bob" }, time: 2_000 },
  ]));
  await commits.commit(peer.batch([{ fields: { id: "7", email: "ann@new.example" }, time: 3_000 }]));
  const ann = await profiles(peer).get("id", "7");
  assert.deepEqual(ann, {
    id: 1,
    table: "user",
    attributes: { email: "ann@new.example", id: "7", name: "Ann" },
    identities: { email: ["ann@example.com", "ann@new.example"], id: ["7"] },
    updated_at: "1970-01-01T00:00:03.000Z",
  });
  for (const email of ["ANN@example.COM ", "ann@new.example"]) {
    assert.deepEqual(await profiles(peer).get("email", email), ann);
  }
  assert.deepEqual((await profiles(peer).get("id", "8", { table: "user" })).attributes, { id: 8, name: "Bob" });
});

onEachDatabase("identities of profiles that were merged lead to the one that is left", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch([{ fields: { id: "1" }, time: 1 }]));
  await commits.commit(peer.batch([{ fields: { email: "a@x" }, time: 2 }]));
  await commits.commit(peer.batch([{ fields: { id: "1", email: "a@x" }, time: 3 }]));
  const merged = await profiles(peer).get("email", "a@x");
  assert.deepEqual([merged.id, merged.identities], [1, { email: ["a@x"], id: ["1"] }]);
  assert.deepEqual(await profiles(peer).get("id", "1"), merged);
});

onEachDatabase("a profile that is merged away between two reads is found where it went", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch([{ fields: { id: "1" }, time: 1 }]));
  await commits.commit(peer.batch([{ fields: { email: "a@x" }, time: 2 }]));
  const statements = statementsFor(peer.database.kind);
  let merged = false;
  const found = await profiles(peer, {
    ...statements,
    loadProfile: async (...rest) => {
      if (!merged) await commits.commit(peer.batch([{ fields: { id: "1", email: "a@x" }, time: 3 }]));
      merged = true;
      return await statements.loadProfile(...rest);
    },
  }).get("email", "a@x");
  assert(merged);
  assert.equal(found.id, 1);
});

onEachDatabase(
  "an identity whose place is taken by another with the same hash is found at its next place",
  async (databases) => {
    await using peer = await startImport(databases);
    const commits = peer.commits();
    await commits.commit(peer.batch([{ fields: { id: "1" }, time: 1 }]));
    // As if both hashed alike: the first place of "2" names the profile of "1".
    const place = identityKey(new IdentityHasher(peer.identityKey, 1, 1, "id"), "2", 0);
    await addIdentities(peer.database.kysely, peer.place.targets[0]!.scope, [{
      keys: BigUint64Array.of(place),
      profiles: Float64Array.of(1),
    }]);
    await assert.rejects(profiles(peer).get("id", "2"), failure("config", /No profile/, { code: "not_found" }));
    await commits.commit(peer.batch([{ fields: { id: "2" }, time: 2 }]));
    assert.equal((await profiles(peer).get("id", "2")).id, 2);
    assert.equal((await profiles(peer).get("id", "1")).id, 1);
  },
);

onEachDatabase("what identifies no profile says why", async (databases) => {
  await using peer = await startImport(databases);
  await peer.commits().commit(peer.batch([{ fields: { id: "1", name: "Ann" } }]));
  const get = (...rest: Parameters<ReturnType<typeof profiles>["get"]>) => profiles(peer).get(...rest);
  const not_found = "not_found" as const;
  for (const value of ["2", "", "  "]) {
    await assert.rejects(
      get("id", value),
      failure("config", /^No profile of table "user" has id "\s*2?\s*"$/, { code: not_found, hint: /deny-list/ }),
    );
  }
  await assert.rejects(
    get("name", "Ann"),
    failure("config", /^Field "name" identifies no profile of table "user"$/, {
      code: not_found,
      hint: /"id", "email"$/,
    }),
  );
  await assert.rejects(
    get("id", "1", { table: "company" }),
    failure("config", /^Profile table "company" does not exist$/, { code: not_found }),
  );
  await using engine = await startEngine(databases);
  await assert.rejects(
    profilesOf(engine.context, statementsFor(databases.kind), new Uint8Array(16)).get("id", "1"),
    failure("config", /identifies no profile/, { code: not_found, hint: /`identify_by`/ }),
  );
});

onEachDatabase("fields that the account calls personal are seen only by scopes with PII access", async (databases) => {
  await using peer = await startImport(databases);
  const fields = { id: "7", email: "ann@example.com", name: "Ann", city: "Graz" };
  await peer.commits().commit(peer.batch([{ fields, time: 1_000 }]));
  const settings = { ...readSettings("{}"), pii_fields: ["email", "name"] };
  const as = (scope: Scope) => {
    const actor = { kind: "token", id: "1", name: "t", scopes: [scope] } as const;
    const account = { ...ACCOUNT.account, settings };
    const context = { database: peer.database, accountId: 1, account, actor };
    return profilesOf(context, statementsFor(databases.kind), peer.identityKey);
  };
  for (const scope of ["admin", "data_manager", "general_manager"] as const) {
    assert.deepEqual((await as(scope).get("email", "ann@example.com")).attributes, fields);
  }
  const seen = await as("data").get("id", "7");
  assert.deepEqual([seen.attributes, seen.identities], [{ id: "7", city: "Graz" }, { id: ["7"] }]);
  // Whether there is somebody of that name is not told either.
  for (const email of ["ann@example.com", "nobody@example.com"]) {
    await assert.rejects(
      as("data").get("email", email),
      failure("auth", /lacks "pii.read"/, { code: "forbidden", hint: /admin, data_manager, general_manager$/ }),
    );
  }
  await assert.rejects(
    as("data").get("city", "Graz"),
    (error: Error) => failure("config", /"city" identifies no/, { code: "not_found", hint: /by "id"$/ })(error),
  );
});
