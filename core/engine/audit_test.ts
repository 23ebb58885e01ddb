import assert from "node:assert/strict";
import fc from "fast-check";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { AuditEntriesTable } from "../database/tables.ts";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { accountsOf, ownAccountOf } from "./accounts.ts";
import { findAccount } from "./find_account.ts";
import type { Actor } from "./actor.ts";
import { audit } from "./audit.ts";
import { auditLogOf } from "./audit_log.ts";
import { authsOf } from "./auths.ts";
import type { EngineContext } from "./context.ts";
import { type EnginePeer, failure, startEngine } from "./engine_testing.ts";
import { jobsOf } from "./jobs.ts";
import type { AuditVerdict } from "./runtime.ts";
import { tokensOf } from "./tokens.ts";

const ANN: Actor = { kind: "token", id: "a".repeat(32), name: "Ann's laptop", scopes: ["admin"] };
const SECRET = "hunter22-the-secret";

/** Everything that can be changed, in Ann's name. */
function partsOf({ context: given, connections, alive }: EnginePeer) {
  const context = { ...given, actor: ANN };
  return {
    context,
    auths: authsOf(context, async () => alive),
    jobs: jobsOf(context, connections, memorySpool()),
    tokens: tokensOf(context),
    account: ownAccountOf(context),
    log: auditLogOf(context),
  };
}

/** A log of `length` entries. */
async function logOf(engine: EnginePeer, length: number): Promise<void> {
  const { database } = engine.context;
  for (let number = 1; number <= length; number++) {
    const entry = { action: "update", kind: "mapping", id: String(number), label: `m${number}` } as const;
    await database.write((transaction) => audit(transaction, engine.context, entry));
  }
}

onEachDatabase("every change of an auth, job, token, account and setting is written down", async (databases) => {
  await using engine = await startEngine(databases);
  const { auths, jobs, tokens, account, log } = partsOf(engine);
  const auth = await auths.create({
    method: "echo-login",
    label: "In",
    config: { host: "here", password: SECRET },
    oauth: { oauthtoken: { secret: SECRET } },
  });
  await auths.update("In", { label: "Partner", config: { password: `${SECRET}2` }, oauth: { oauthtoken: null } });
  await Array.fromAsync(auths.check("Partner"));
  engine.side.fingerprint = "SHA256:two";
  await auths.trustPeer("Partner");
  const job = await jobs.create({
    type: "echo-import",
    auth: "Partner",
    label: "nightly",
    config: { stream: "s", file: "a.csv" },
  });
  await jobs.update("nightly", { description: "Theirs", config: { folder: "out" } });
  await jobs.pause("nightly");
  // It is paused already: nothing changes.
  await jobs.pause("nightly");
  await jobs.resume("nightly");
  await auths.delete("Partner");
  await jobs.delete("nightly");
  const token = await tokens.create({ name: "vendor", scopes: ["data_write"], expires: "2w" });
  await tokens.delete(token.id);
  await account.update({ name: "acme", settings: { pii_fields: ["email"] } });
  await account.update({ settings: { pii_fields: ["email"] } });
  const items = (await log.list({ limit: 1_000 })).items.toReversed();
  assert.deepEqual(
    items.map(({ action, kind, id, label, detail }) => [`${action} ${kind}`, id, label, detail]),
    [
      ["create auth", auth.id, "In", { method: "echo-login" }],
      ["update auth", auth.id, "Partner", { changed: ["label", "oauthtoken", "config.password"] }],
      ["pin-host-key auth", auth.id, "Partner", { before: null, now: "SHA256:one" }],
      ["trust-host-key auth", auth.id, "Partner", { before: "SHA256:one", now: "SHA256:two" }],
      ["create job", job.id, "nightly", { type: "echo-import" }],
      ["update job", job.id, "nightly", { changed: ["description", "config.folder"] }],
      ["pause job", job.id, "nightly", {}],
      ["resume job", job.id, "nightly", {}],
      ["delete auth", auth.id, "Partner", { stopped_runs: [] }],
      ["pause job", job.id, "nightly", { because: 'Auth "Partner" was deleted' }],
      ["delete job", job.id, "nightly", {}],
      ["create token", token.id, "vendor", { scopes: ["data_write"], expires: token.expires }],
      ["delete token", token.id, "vendor", {}],
      ["rename account", (await account.get()).id, "acme", { before: "default" }],
      ["set setting", "pii_fields", "pii_fields", { value: ["email"] }],
    ],
  );
  for (const { actor } of items) assert.deepEqual(actor, { kind: "token", id: ANN.id, name: ANN.name });
  assert.doesNotMatch(JSON.stringify(items), new RegExp(`${SECRET}|${token.token}`));
  assert.deepEqual(await log.verify(), { ok: true, entries: 15, head: items.at(-1)?.hash, problems: [] });
});

onEachDatabase(
  "a change that is refused writes nothing down, and one that cannot be is not made",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { auths, tokens, log, context } = partsOf(engine);
    const input = { method: "echo-login", label: "In", config: { host: "here", password: SECRET } };
    await auths.create(input);
    await assert.rejects(auths.create(input), failure("config", /has the label/, { code: "conflict" }));
    await assert.rejects(auths.update("In", { config: { prot: 1 } }), failure("config", /no "prot"/));
    await assert.rejects(tokens.delete("0".repeat(32)), failure("config", /no token/, { code: "not_found" }));
    assert.equal((await log.list()).items.length, 1);
    await context.database.kysely.deleteFrom("audit_heads").execute();
    await assert.rejects(tokens.create({ scopes: ["data"] }), failure("data", /head of the audit log is gone/));
    assert.deepEqual(await tokens.list(), []);
  },
);

onEachDatabase("entries come in pages, newest first", async (databases) => {
  await using engine = await startEngine(databases);
  await logOf(engine, 5);
  const { log } = partsOf(engine);
  const pages = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page = await log.list({ limit: 2, ...(cursor === "" ? {} : { cursor }) });
    pages.push(page.items.map(({ sequence }) => sequence));
    cursor = page.next;
  }
  assert.deepEqual(pages, [[5, 4], [3, 2], [1]]);
  for (const cursor of ["x", "-1", "9".repeat(30)]) {
    await assert.rejects(log.list({ cursor }), failure("config", /is not one that the audit log gave/));
  }
});

/** A log of six entries, tampered with; what `verify` says. */
async function tampered(
  databases: TestDatabases,
  tamper: (context: EngineContext) => Promise<unknown>,
): Promise<AuditVerdict> {
  await using engine = await startEngine(databases);
  await logOf(engine, 6);
  const { log, context } = partsOf(engine);
  assert.deepEqual((await log.verify()).problems, []);
  await tamper(context);
  const verdict = await log.verify();
  assert.equal(verdict.ok, verdict.problems.length === 0);
  return verdict;
}

const CHANGES: Readonly<Partial<AuditEntriesTable>>[] = [
  { at: 0 },
  { at: 8_700_000_000_000_000 },
  { actor_kind: "user" },
  { actor_id: "b" },
  { actor_name: "Bob" },
  { action: "delete" },
  { kind: "auth" },
  { object_id: "4" },
  { label: "m4" },
  { detail: "{}  " },
  { hash: "0".repeat(64) },
];

for (const change of CHANGES) {
  onEachDatabase(
    `an entry whose ${Object.keys(change)} was changed to ${Object.values(change)} is named`,
    async (databases) => {
      const { problems } = await tampered(
        databases,
        ({ database: { kysely } }) =>
          kysely.updateTable("audit_entries").set(change).where("sequence", "=", 3).execute(),
      );
      assert.match(problems[0] ?? "", /^Entry 3 \(/);
      assert.match(problems[0] ?? "", /is not what was written/);
      // The one after it stands on a hash that is another now.
      assert.equal(problems.length, change.hash === undefined ? 1 : 2);
    },
  );
}

onEachDatabase("an entry that is gone is named, and so are those cut off at the end", async (databases) => {
  const remove = (...sequences: number[]) => ({ database: { kysely } }: EngineContext) =>
    kysely.deleteFrom("audit_entries").where("sequence", "in", sequences).execute();
  assert.deepEqual((await tampered(databases, remove(3))).problems, ["Entry 3 is missing"]);
  assert.deepEqual((await tampered(databases, remove(1, 2, 5))).problems, [
    "Entries 1 to 2 are missing",
    "Entry 5 is missing",
  ]);
  assert.deepEqual((await tampered(databases, remove(6))).problems, ["Entry 6 is missing: the log was cut off"]);
  assert.deepEqual((await tampered(databases, remove(1, 2, 3, 4, 5, 6))).problems, [
    "Entries 1 to 6 are missing: the log was cut off",
  ]);
});

onEachDatabase("entries that changed places are named, and ones closed up after a removal", async (databases) => {
  const move = async ({ database: { kysely } }: EngineContext, moves: readonly (readonly [number, number])[]) => {
    for (const [from, to] of moves) {
      await kysely.updateTable("audit_entries").set({ sequence: to }).where("sequence", "=", from).execute();
    }
  };
  const swapped = await tampered(databases, (context) => move(context, [[3, 99], [4, 3], [99, 4]]));
  assert.match(swapped.problems.join("\n"), /Entry 3 \(update mapping "m4".*\n.*Entry 4 \(update mapping "m3"/);
  const closed = await tampered(databases, async (context) => {
    await context.database.kysely.deleteFrom("audit_entries").where("sequence", "=", 3).execute();
    await move(context, [[4, 3], [5, 4], [6, 5]]);
    await context.database.kysely.updateTable("audit_heads").set({ entries: 5 }).execute();
  });
  assert.match(closed.problems[0] ?? "", /^Entry 3 \(update mapping "m4"/);
});

onEachDatabase("a head that was changed, taken back or removed is told", async (databases) => {
  const set = (head: { entries?: number; hash?: string }) => ({ database: { kysely } }: EngineContext) =>
    kysely.updateTable("audit_heads").set(head).execute();
  const { problems: other } = await tampered(databases, set({ hash: "0".repeat(64) }));
  assert.deepEqual(other, ["The last entry, 6, is not the one that the head of the log names"]);
  const { problems: back } = await tampered(databases, set({ entries: 5 }));
  assert.match(back.join("\n"), /The last entry, 5, is not .*\nEntry 6 .* is beyond the 5 entries/);
  const { problems: ahead } = await tampered(databases, set({ entries: 7 }));
  assert.deepEqual(ahead, ["Entry 7 is missing: the log was cut off"]);
  const { problems: gone } = await tampered(
    databases,
    ({ database: { kysely } }) => kysely.deleteFrom("audit_heads").execute(),
  );
  assert.deepEqual(gone, ["The head of the log, which counts its entries, is missing"]);
});

onEachDatabase("a chain that was written anew from one entry on is told, in a few words", async (databases) => {
  await using engine = await startEngine(databases);
  await logOf(engine, 60);
  const { log, context } = partsOf(engine);
  await context.database.kysely.updateTable("audit_entries").set({ hash: "f".repeat(64) }).execute();
  const { problems } = await log.verify();
  assert.equal(problems.length, 21);
  // The last entry is not the head's, too.
  assert.equal(problems.at(-1), "… and 41 more");
});

onEachDatabase("writers that append at once, beside other transactions too, make one chain", async (databases) => {
  await using engine = await startEngine(databases);
  const { context } = engine;
  const others = await Promise.all(Array.from({ length: 4 }, () => openDatabase(engine.address)));
  try {
    const append = async (database: typeof context.database, writer: number, number: number) => {
      const entry = { action: "update", kind: "audience", id: `${writer}-${number}`, label: `${number}` } as const;
      const append = { ...context, database };
      await database.write((transaction) => audit(transaction, append, entry), { beside: number % 2 === 0 });
    };
    await Promise.all(others.map(async (database, writer) => {
      for (let number = 0; number < 10; number++) await append(database, writer, number);
    }));
  } finally {
    for (const database of others) await database[Symbol.asyncDispose]();
  }
  const { log } = partsOf(engine);
  assert.deepEqual(((verdict) => [verdict.ok, verdict.entries, verdict.problems])(await log.verify()), [true, 40, []]);
  const { items } = await log.list({ limit: 100 });
  assert.equal(new Set(items.map(({ id }) => id)).size, 40);
});

onEachDatabase("every account has a chain of its own, which is no other's", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  await accountsOf(database, ANN).create({ name: "acme" });
  const account = await findAccount(database.kysely, "acme");
  const acme = { ...engine.context, account, accountId: account.id };
  await logOf(engine, 3);
  const made = await auditLogOf(acme).list();
  assert.deepEqual(made.items.map(({ action, kind, label, actor }) => [action, kind, label, actor.name]), [
    ["create", "account", "acme", ANN.name],
  ]);
  assert.equal((await auditLogOf(acme).verify()).ok, true);
  // Somebody puts one account's log in the place of the other's.
  const { kysely } = database;
  await kysely.deleteFrom("audit_entries").where("account_id", "=", account.id).execute();
  await kysely.updateTable("audit_entries").set({ account_id: account.id }).where("account_id", "=", 1).execute();
  const head = await kysely.selectFrom("audit_heads").select(["entries", "hash"]).where("account_id", "=", 1)
    .executeTakeFirstOrThrow();
  await kysely.updateTable("audit_heads").set(head).where("account_id", "=", account.id).execute();
  assert.match((await auditLogOf(acme).verify()).problems[0] ?? "", /^Entry 1 .* is not what was written/);
});

onEachDatabase("whatever somebody or something is called, its entry stands", async (databases) => {
  await using engine = await startEngine(databases);
  const { log, context } = partsOf(engine);
  const text = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\0", "") + "\ud800");
  await fc.assert(
    fc.asyncProperty(text, text, fc.jsonValue({ maxDepth: 2 }), async (name, label, value) => {
      const actor = { ...ANN, name };
      const entry = { action: "update", kind: "mapping", id: "1", label, detail: { value: value as string } } as const;
      await context.database.write((transaction) => audit(transaction, { ...context, actor }, entry));
    }),
    { numRuns: 40 },
  );
  assert.deepEqual((await log.verify()).problems, []);
});
