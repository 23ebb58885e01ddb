/** Members read by a thread of their own: as this thread reads them, to their end or not. */
import assert from "node:assert/strict";
import { sql } from "kysely";
import { Failure } from "../../contracts/failure.ts";
import type { MemberBatch } from "../../contracts/members.ts";
import type { Database } from "../../database/database.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { failure, makeFolder } from "../engine_testing.ts";
import { startPortedHelper } from "../helper_testing.ts";
import { type MappingPeer, startMapping } from "../mapping_testing.ts";
import { type OpenMembers, openReading, type ReadingInput } from "./open_reading.ts";
import { openReadingBeside } from "./reading_thread.ts";

const ALL: ReadingInput = {
  owner: { account: 1, reader: { scopes: ["admin"] }, saved: true },
  source: { audience: "all" },
};

/** As many as several pages hold. */
const PEOPLE = Array.from({ length: 9_000 }, (_, index) => ({
  fields: { id: String(index + 1), city: index % 3 === 0 ? "Bern" : "Basel", note: "é".repeat(100) },
  time: index,
}));

async function startPeople(databases: TestDatabases): Promise<MappingPeer> {
  const it = await startMapping(databases);
  await it.add(PEOPLE);
  return it;
}

interface Beside extends AsyncDisposable {
  readonly members: OpenMembers["given"];
  readonly stop: AbortController;
}

/** The members as another thread reads them, which ends with them. */
async function openBeside({ peer }: MappingPeer, input: ReadingInput = ALL): Promise<Beside> {
  const stop = new AbortController();
  await using stack = new AsyncDisposableStack();
  const { worker, port } = startPortedHelper();
  stack.defer(() => worker.terminate());
  const { given: members } = stack.use(await openReadingBeside(port, peer.address, input, stop.signal));
  const kept = stack.move();
  return { members, stop, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** What batches hold, whatever their sizes. */
async function told(batches: AsyncIterable<MemberBatch>): Promise<readonly (readonly [number, string])[]> {
  const decoder = new TextDecoder();
  const all: (readonly [number, string])[] = [];
  for await (const { ids, bytes, rows } of batches) {
    ids.forEach((id, index) => all.push([id, decoder.decode(bytes.subarray(rows[index], rows[index + 1]))]));
  }
  return all;
}

onEachDatabase("a thread reads what this one reads, and several times at once", async (databases) => {
  await using it = await startPeople(databases);
  await using open = await openReading(it.peer.database, ALL, new AbortController().signal);
  const here = open.given;
  await using beside = await openBeside(it);
  const { members } = beside;
  assert.deepEqual([members.audience, members.columns], [here.audience, here.columns]);
  const expected = await told(here.members());
  assert.equal(expected.length, PEOPLE.length);
  const after = expected[4_000]![0];
  const [all, rest, again] = await Promise.all([
    told(members.members()),
    told(members.members({ after })),
    told(members.members()),
  ]);
  assert.deepEqual([all, rest, again], [expected, expected.slice(4_001), expected]);
});

onEachDatabase("a thread reads the state that it found, whatever is written meanwhile", async (databases) => {
  await using it = await startPeople(databases);
  await using beside = await openBeside(it);
  await using open = await openReading(it.peer.database, ALL, new AbortController().signal);
  const here = open.given;
  const expected = await told(here.members());
  const batches = beside.members.members();
  const first = await batches.next();
  assert.ok(first.done === false && first.value.ids.length < PEOPLE.length);
  await it.add([
    { fields: { id: "9000", city: "Chur" }, time: 10_000 },
    { fields: { id: "9001", city: "Chur" }, time: 10_001 },
  ]);
  const rest = await told(batches);
  assert.deepEqual(rest, expected.slice(first.value.ids.length));
  assert.deepEqual(await told(beside.members.members()), expected);
});

onEachDatabase("who reads no further can read again, and a stop ends it with its reason", async (databases) => {
  await using it = await startPeople(databases);
  await using beside = await openBeside(it);
  for await (const { ids } of beside.members.members()) {
    assert.ok(ids.length < PEOPLE.length);
    break;
  }
  assert.equal((await told(beside.members.members())).length, PEOPLE.length);
  const batches = beside.members.members();
  await batches.next();
  beside.stop.abort(new Failure("cancelled", "Stopped by the test"));
  await assert.rejects(() => told(batches), failure("cancelled", /^Stopped by the test$/));
});

onEachDatabase("what cannot be opened is told as on this thread", async (databases) => {
  await using it = await startMapping(databases);
  const unknown = { ...ALL, source: { audience: "nobody" } };
  await assert.rejects(openBeside(it, unknown), failure("config", /"nobody"/, { code: "not_found" }));
});

Deno.test("a thread that cannot open its database says why", async () => {
  await using folder = await makeFolder();
  const { worker, port } = startPortedHelper();
  try {
    const address = { path: `${folder.path}/missing/waybill.db`, url: undefined };
    await assert.rejects(
      openReadingBeside(port, address, ALL, new AbortController().signal),
      failure("config", /^The database ".*" cannot be opened$/, { hint: /^Check that its folder exists/ }),
    );
  } finally {
    worker.terminate();
  }
});

onEachDatabase("the state is let go with the members, read to their end or not", async (databases) => {
  await using it = await startPeople(databases);
  {
    await using beside = await openBeside(it);
    await beside.members.members().next();
    await it.add([{ fields: { id: "9001" }, time: 10_000 }]);
    // PostgreSQL says so of a transaction that waits for its next statement: this one may be reading ahead.
    while (!await isHeld(it.peer.database)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(await isHeld(it.peer.database), false);
});

/** Whether anybody holds a state of the database. */
async function isHeld({ kind, kysely }: Database): Promise<boolean> {
  if (kind === "sqlite") {
    // The log can be cut once nobody needs what it held.
    const { rows: [log] } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(kysely);
    return log?.busy !== 0;
  }
  const { rows } = await sql`select 1 from pg_stat_activity
    where datname = current_database() and state = 'idle in transaction'`.execute(kysely);
  return rows.length > 0;
}
