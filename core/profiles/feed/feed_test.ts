/** What feeds note, and from where to where they tell it. */
import assert from "node:assert/strict";
import type { Database, Executor } from "../../database/database.ts";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { insertProfiles } from "../statements_testing.ts";
import { beginRefresh, follow, markProfiles, sweepFeed, unfollow } from "./feed.ts";
import { followed, Peer, target } from "./feed_testing.ts";
import { noteSwap } from "./note_swap.ts";

onEachDatabase("results that nobody requested are told again, those that were requested are not", async (databases) => {
  await using peer = await followed(databases);
  const row = (n: number) => `{"profile":{"_ll.profile_id":"1","profiledb_id":1},"updates":{"n":${n}}}`;
  await peer.batch({ 1: '{"n":1}' });
  assert.deepEqual(await peer.publish(false), [row(1)]);
  assert.deepEqual(await peer.publish(false), [row(1)]);
  assert.deepEqual(await peer.publish(true), []);
  await peer.batch({ 1: '{"n":2}' });
  assert.deepEqual(await peer.publish(true), [row(2)]);
  await peer.batch({ 1: '{"n":3}' });
  assert.deepEqual(await peer.publish(false), [row(3)]);
  // An attempt that published nothing moves the cursor as often as it likes.
  await peer.begin(true);
  await peer.begin(true);
  await peer.batch({ 1: '{"n":4}' });
  assert.deepEqual(await peer.publish(true), [row(4)]);
});

onEachDatabase(
  "results told again lead to the present from any told in between",
  async (databases) => {
    await using peer = await followed(databases);
    await peer.batch({ 1: '{"n":1}', 2: "{}", 3: '{"customer_id":"c"}' });
    await peer.publish(true);
    await peer.publish(true);
    await peer.batch({ 1: '{"n":2,"seen":1}', 2: '{"m":1}', 4: '{"customer_id":"d"}' });
    await peer.publish(false);
    await peer.batch({ 1: '{"n":1}', 2: "{}", 3: null, 4: null });
    assert.deepEqual(await peer.publish(false), [
      '{"deletes":{"attributes":["seen"]},"profile":{"_ll.profile_id":"1","profiledb_id":1},"updates":{"n":1}}',
      '{"deletes":{"attributes":["m"]},"profile":{"_ll.profile_id":"2","profiledb_id":1}}',
      '{"profile":{"_ll.raw_customer_id":"c","_ll.profile_id":"3","profiledb_id":1},"deleted":true}',
      '{"profile":{"_ll.raw_customer_id":"d","_ll.profile_id":"4","profiledb_id":1},"deleted":true}',
    ]);
  },
);

onEachDatabase(
  "what changes after results began is told by the next, also of profiles that come and go",
  async (databases) => {
    await using peer = await followed(databases);
    await peer.batch({ 1: '{"n":1}', 2: '{"n":1}', 3: '{"n":1}' });
    await peer.publish(true);
    await peer.batch({ 2: '{"n":2}', 4: '{"n":1}', 5: '{"n":1}' });
    const window = await peer.begin();
    const at = await peer.database.write((transaction) => markProfiles(transaction, 1, 1));
    await peer.batch({ 1: '{"n":9}', 2: '{"n":9}', 3: null, 4: null, 5: '{"n":9}', 6: '{"n":9}' });
    const row = (id: number, n: number) =>
      `{"profile":{"_ll.profile_id":"${id}","profiledb_id":1},"updates":{"n":${n}}}`;
    assert.deepEqual(await peer.changes(window), [row(2, 2), row(4, 1), row(5, 1)]);
    const full = (id: number, n: number) => `{"_ll.profile_id":"${id}","n":${n}}`;
    assert.deepEqual(await peer.profiles({ at }), [full(1, 1), full(2, 2), full(3, 1), full(4, 1), full(5, 1)]);
    assert.deepEqual(await peer.profiles(), [full(1, 9), full(2, 9), full(5, 9), full(6, 9)]);
  },
);

/** How much a feed keeps. */
async function kept({ kysely }: Database): Promise<number> {
  const { count } = await kysely.selectFrom("profile_changes").select(({ fn }) => fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

onEachDatabase(
  "nothing is noted of tables that nobody follows, nor before the first results, nor of what is new",
  async (databases) => {
    await using peer = new Peer(await databases.open());
    const { database } = peer;
    const write = (work: (transaction: Executor) => Promise<unknown>) => database.write(work);
    await peer.batch({ 1: '{"n":1}', 2: '{"n":1}' });
    await peer.batch({ 1: '{"n":2}' });
    assert.equal(
      await database.write((transaction) => beginRefresh(transaction, 1, 1, { requested: true })),
      undefined,
    );
    assert.equal(await database.write((transaction) => markProfiles(transaction, 1, 1)), undefined);
    await write((transaction) => follow(transaction, 1, 1));
    await write((transaction) => follow(transaction, 1, 1));
    await peer.batch({ 1: '{"n":3}', 3: '{"n":3}' });
    assert.equal(await kept(database), 0);
    assert.equal((await peer.publish(true)).length, 3);
    await peer.batch({ 4: '{"n":4}' });
    await peer.batch({ 4: '{"n":5}' });
    assert.equal(await kept(database), 0);
    await peer.batch({ 4: '{"n":6}', 1: '{"n":6}' });
    await peer.batch({ 1: '{"n":7}' });
    assert.equal(await kept(database), 1);
    await write((transaction) => unfollow(transaction, 1, 1));
    await peer.batch({ 2: '{"n":8}' });
    assert.equal(await kept(database), 1);
  },
);
onEachDatabase("a sweep removes what was told, and all of a table that is followed no more", async (databases) => {
  await using peer = await followed(databases);
  const { database } = peer;
  const sweep = () => sweepFeed(database, 1, 1, new AbortController().signal);
  await peer.batch({ 1: '{"n":1}', 2: '{"n":1}' });
  await peer.publish(true);
  await peer.batch({ 1: '{"n":2}' });
  await peer.publish(true);
  await peer.batch({ 1: '{"n":3}', 2: '{"n":3}' });
  await sweep();
  assert.equal(await kept(database), 3);
  await peer.publish(true);
  await sweep();
  assert.equal(await kept(database), 2, "what the last results told may have to be told again");
  await peer.publish(true);
  await sweep();
  assert.equal(await kept(database), 0);
  await peer.batch({ 1: '{"n":4}' });
  await database.write((transaction) => unfollow(transaction, 1, 1));
  await database.write((transaction) => follow(transaction, 1, 1));
  await peer.batch({ 2: '{"n":4}' });
  assert.deepEqual((await peer.publish(true)).length, 2, "whoever follows a table again begins anew");
  await database.write((transaction) => unfollow(transaction, 1, 1));
  await sweep();
  assert.equal(await kept(database), 0);
});

onEachDatabase("a generation that takes another's place is a change of those that differ", async (databases) => {
  await using peer = await followed(databases);
  const { database, statements } = peer;
  await peer.batch({ 1: '{"n":1}', 2: '{"n":1}', 3: '{"n":1}', 5: '{"n":1}' });
  await peer.publish(true);
  await peer.batch({ 1: '{"n":2}', 6: '{"n":1}' });
  const swapped = { ...target, scope: { account: 1, table: 2 } };
  await database.write(async (transaction) => {
    const rows = { 1: 1, 2: 7, 4: 1, 5: 1, 6: 1 };
    const profiles = Object.entries(rows).map(([id, n]) => ({
      id: Number(id),
      at: 0,
      attributes: `{"n":${n}}`,
      stamp: null,
    }));
    await insertProfiles(statements, transaction, profiles, { account: 1, table: 2 });
    await noteSwap(transaction, database.kind, target, swapped);
  });
  const row = (id: number, more: string) => `{"profile":{"_ll.profile_id":"${id}","profiledb_id":1},${more}}`;
  assert.deepEqual(await peer.publish(true, { target: swapped }), [
    row(2, '"updates":{"n":7}'),
    row(3, '"deleted":true'),
    row(4, '"updates":{"n":1}'),
    row(6, '"updates":{"n":1}'),
  ]);
});
