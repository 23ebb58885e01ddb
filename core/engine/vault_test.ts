import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Database } from "../database/database.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { masterKeyWarning, parseMasterKeys } from "./master_key.ts";
import { checkMasterKey, openVault } from "./vault.ts";

interface Store extends AsyncDisposable {
  readonly database: Database;
  readonly masterKeyPath: string;
}

async function openStore(databases: TestDatabases): Promise<Store> {
  const folder = await makeFolder();
  const database = await databases.open();
  return {
    database,
    masterKeyPath: join(folder.path, "master.key"),
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const newKey = () => crypto.getRandomValues(new Uint8Array(32)).toBase64();

onEachDatabase("the first start makes a private key file, which later starts take", async (databases) => {
  await using store = await openStore(databases);
  const first = await openVault(store);
  const sealed = await first.seal({ password: "hunter22" }, "auths/1/secrets");
  const { mode } = await Deno.stat(store.masterKeyPath);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  const second = await openVault(store);
  assert.deepEqual(await second.open(sealed, "auths/1/secrets"), { password: "hunter22" });
  assert.deepEqual(await second.identityKey(), await first.identityKey());
  assert.equal((await first.identityKey()).length, 16);
});

onEachDatabase("two processes that start at once end with one key", async (databases) => {
  await using store = await openStore(databases);
  const [one, other] = await Promise.all([openVault(store), openVault(store)]);
  assert.deepEqual(await one.identityKey(), await other.identityKey());
  const [mine, theirs] = await Promise.all([one.linkKey(), other.linkKey()]);
  assert.equal(mine.length, 32);
  assert.deepEqual(mine, theirs);
  assert.equal(await other.open(await one.seal("x", "a/b/c"), "a/b/c"), "x");
});

onEachDatabase(
  "whatever is sealed opens at its place, with its key, unchanged, and nowhere else",
  async (databases) => {
    await using store = await openStore(databases);
    const vault = await openVault(store);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.string(), fc.nat(), async (value, place, at) => {
        const json: JsonValue = parseJson(JSON.stringify(value));
        const sealed = await vault.seal(json, place);
        assert.deepEqual(await vault.open(sealed, place), json);
        await assert.rejects(vault.open(sealed, `${place}!`), failure("config", /was changed outside Waybill/));
        const changed = sealed.slice();
        const index = at % sealed.length;
        changed[index] = (changed[index] ?? 0) ^ 1;
        await assert.rejects(
          vault.open(changed, place),
          failure("config", /changed outside|another master key|a form/),
        );
      }),
      { numRuns: 50 },
    );
  },
);

onEachDatabase("the same secret never seals to the same bytes, and is not among them", async (databases) => {
  await using store = await openStore(databases);
  const vault = await openVault(store);
  const one = await vault.seal("correct horse battery", "a/b/c");
  const other = await vault.seal("correct horse battery", "a/b/c");
  assert.notDeepEqual(one.slice(21), other.slice(21));
  assert(!new TextDecoder("latin1").decode(one).includes("horse"));
});

onEachDatabase("a lost master key is said at start, and no new one is made", async (databases) => {
  await using store = await openStore(databases);
  await openVault(store);
  await Deno.remove(store.masterKeyPath);
  await assert.rejects(
    openVault(store),
    failure("config", /master key of this database is missing/, { hint: /master\.key.*WAYBILL_MASTER_KEY/ }),
  );
  await assert.rejects(Deno.stat(store.masterKeyPath), Deno.errors.NotFound);
});

onEachDatabase("a wrong master key is said at start", async (databases) => {
  await using store = await openStore(databases);
  await openVault(store);
  const wrong = openVault({ ...store, masterKey: newKey() });
  await assert.rejects(wrong, failure("config", /does not fit this database: WAYBILL_MASTER_KEY/));
  await Deno.writeTextFile(store.masterKeyPath, newKey());
  await assert.rejects(openVault(store), failure("config", /does not fit this database: File ".*master\.key"/));
});

Deno.test("a master key is 32 bytes in base64 or hex, and a broken one is not repeated", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const keys = await parseMasterKeys(`${bytes.toBase64()}, ${bytes.toHex()}`, "WAYBILL_MASTER_KEY");
  assert.equal(keys.length, 2);
  assert.equal(keys[0]?.id, keys[1]?.id);
  for (const broken of ["", "aGVsbG8=", "not base64!", `${bytes.toHex()}00`, `${bytes.toHex()},`]) {
    await assert.rejects(parseMasterKeys(broken, "WAYBILL_MASTER_KEY"), (error: Error) => {
      failure("config", /^WAYBILL_MASTER_KEY holds no master key$/)(error);
      return broken === "" || !`${error.message}${error.cause}`.includes(broken);
    });
  }
});

onEachDatabase("a key put before the old one seals everything anew, and the old one may go", async (databases) => {
  await using store = await openStore(databases);
  const [before, after] = [newKey(), newKey()];
  const old = await openVault({ ...store, masterKey: before });
  const [identityKey, linkKey] = [await old.identityKey(), await old.linkKey()];
  const row = { account_id: 1, id: "f".repeat(32), provider_id: "p", method: "m", label: "l", description: "" };
  await store.database.kysely.insertInto("auths").values({
    ...row,
    config: "{}",
    secrets: await old.seal({ password: "hunter22" }, `auths/${row.id}/secrets`),
    secret_names: '["password"]',
    peer: null,
    operator: 1,
    created_at: 0,
    updated_at: 0,
  }).execute();
  await openVault({ ...store, masterKey: `${after},${before}` });
  const rotated = await openVault({ ...store, masterKey: after });
  assert.deepEqual(await rotated.identityKey(), identityKey);
  assert.deepEqual(await rotated.linkKey(), linkKey);
  const { secrets } = await store.database.kysely.selectFrom("auths").select("secrets").executeTakeFirstOrThrow();
  assert.deepEqual(await rotated.open(secrets ?? new Uint8Array(), `auths/${row.id}/secrets`), {
    password: "hunter22",
  });
  await assert.rejects(openVault({ ...store, masterKey: before }), failure("config", /does not fit/));
  assert.equal(await Deno.stat(store.masterKeyPath).catch(() => "none"), "none");
});

onEachDatabase("a key file that others may read is worth a warning", async (databases) => {
  await using store = await openStore(databases);
  assert.equal(await masterKeyWarning(store.masterKeyPath), undefined);
  await openVault(store);
  assert.equal(await masterKeyWarning(store.masterKeyPath), undefined);
  await Deno.chmod(store.masterKeyPath, 0o644);
  assert.match(await masterKeyWarning(store.masterKeyPath) ?? "", /may be read by others \(mode 644\)/);
});

onEachDatabase(
  "checking the master key changes nothing, not even where a new one is to seal everything",
  async (databases) => {
    await using store = await openStore(databases);
    const settings = () => store.database.kysely.selectFrom("settings").selectAll().orderBy("name").execute();
    const [before, after] = [newKey(), newKey()];
    assert.equal(await checkMasterKey({ ...store, masterKey: before }), "none");
    assert.deepEqual(await settings(), []);
    await openVault({ ...store, masterKey: before });
    const sealed = await settings();
    assert.equal(await checkMasterKey({ ...store, masterKey: before }), "fits");
    assert.equal(await checkMasterKey({ ...store, masterKey: `${after},${before}` }), "sealing");
    await assert.rejects(checkMasterKey({ ...store, masterKey: after }), failure("config", /does not fit/));
    await assert.rejects(checkMasterKey(store), failure("config", /is missing/));
    assert.deepEqual(await settings(), sealed);
  },
);
