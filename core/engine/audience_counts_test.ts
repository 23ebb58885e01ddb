import assert from "node:assert/strict";
import { abortFailure, Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { readSettings } from "./account_settings.ts";
import { SYSTEM } from "./actor.ts";
import { AudienceCounts, countTogether } from "./audience_counts.ts";
import { type Counter, CountSession } from "./count_session.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { type SharedSpans, shareSpans } from "./shared_spans.ts";

const QUESTION = {
  account: { id: 1, publicId: "1", settings: readSettings("{}") },
  actor: SYSTEM,
  audience: "odd",
};
const PROFILES = 3_000;

/** A table of profiles, half of which are in the audience `odd`. */
async function startOdd(databases: TestDatabases): Promise<ImportPeer> {
  const peer = await startImport(databases);
  const { scope, table } = peer.place.targets[0]!;
  const { kysely } = peer.database;
  for (let from = 0; from < PROFILES; from += 1_000) {
    await kysely.insertInto("profiles").values(
      Array.from({ length: 1_000 }, (_, index) => ({
        account_id: 1,
        table_id: scope.table,
        // Most of the ids lie close together, and a few far off.
        id: from === 0 ? 1 + index : 1_000_000 + from + index,
        at: 0,
        attributes: JSON.stringify({ odd: (from + index) % 2 === 1, note: "x".repeat(index % 50) }),
      })),
    ).execute();
  }
  await kysely.insertInto("audiences").values({
    account_id: 1,
    id: 1,
    table_id: table,
    kind: "dynamic",
    slug: "odd",
    name: "odd",
    description: "",
    filter: "FILTER odd = true",
    field: null,
    members: 0,
    version: 0,
    created_at: 0,
    updated_at: 0,
  }).execute();
  return peer;
}

/** One profile more is odd. */
async function addOdd(database: Database): Promise<void> {
  await database.kysely.updateTable("profiles").set({ attributes: '{"odd":true}' }).where("id", "=", 1).execute();
}

/** A counter that does something before it looks at the question or counts, and keeps how many spans it was given. */
function watched(
  session: CountSession,
  { open = none, count = none }: { readonly open?: () => Promise<void>; readonly count?: () => Promise<void> } = {},
) {
  const given: number[] = [];
  const checked = Promise.withResolvers<void>();
  const counter: Counter = {
    open: async (question, now) => {
      await open();
      return await session.open(question, now);
    },
    count: async (spans) => {
      await count();
      given.push(left(spans));
      return await session.count(spans);
    },
    stamp: async () => {
      const stamp = await session.stamp();
      checked.resolve();
      return stamp;
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
  return { counter, given, checked: checked.promise };
}

async function none(): Promise<void> {}

/** How many spans nobody has taken yet. */
function left({ spans, taken }: SharedSpans): number {
  return Math.max(0, spans.length - Atomics.load(taken, 0));
}

onEachDatabase("an audience is counted by two, each span once", async (databases) => {
  await using peer = await startOdd(databases);
  await using one = await openDatabase(peer.address);
  await using other = await openDatabase(peer.address);
  await using sessions = new AsyncDisposableStack();
  const first: ReturnType<typeof watched> = watched(sessions.use(new CountSession(one)), {
    // The other one has begun by then.
    count: () => first.checked,
  });
  const helper = watched(sessions.use(new CountSession(other)));
  assert.equal(await countTogether(QUESTION, first.counter, helper.counter), PROFILES / 2);
  assert.ok(first.given[0]! > 0 && helper.given[0]! > 0, "Both count");
});

onEachDatabase("who sees another state of the database counts nothing", async (databases) => {
  await using peer = await startOdd(databases);
  await using one = await openDatabase(peer.address);
  await using other = await openDatabase(peer.address);
  await using sessions = new AsyncDisposableStack();
  const first = watched(sessions.use(new CountSession(one)));
  const helper = watched(sessions.use(new CountSession(other)), { open: () => addOdd(peer.database) });
  assert.equal(await countTogether(QUESTION, first.counter, helper.counter), PROFILES / 2);
  assert.deepEqual(helper.given, []);
  await using later = new CountSession(other);
  const { spans } = await later.open(QUESTION);
  assert.equal(await later.count(shareSpans(spans)), PROFILES / 2 + 1);
});

for (const serves of [true, false]) {
  onEachDatabase(
    `threads count what they are asked, and tell what is wrong${serves ? ", where the first one serves" : ""}`,
    async (databases) => {
      await using peer = await startOdd(databases);
      await using counts = new AudienceCounts({ database: peer.address, serves });
      assert.deepEqual(
        await Promise.all([counts.count(QUESTION), counts.count({ ...QUESTION, audience: "all" })]),
        [PROFILES / 2, PROFILES],
      );
      await assert.rejects(
        counts.count({ ...QUESTION, audience: "od" }),
        (error) =>
          error instanceof Failure && error.code === "not_found" && /Did you mean "odd"/.test(error.hint ?? ""),
      );
      const settings = readSettings(JSON.stringify({ pii_fields: ["odd"] }));
      const curious = {
        account: { ...QUESTION.account, settings },
        actor: { ...SYSTEM, scopes: ["marketer" as const] },
      };
      await assert.rejects(
        counts.count({ ...QUESTION, ...curious }),
        (error) => error instanceof Failure && error.code === "forbidden",
      );
      const abort = new AbortController();
      const counting = counts.count(QUESTION, abort.signal);
      abort.abort();
      await assert.rejects(counting, { message: abortFailure(abort.signal).message });
      assert.equal(await counts.count(QUESTION), PROFILES / 2);
    },
  );
}
