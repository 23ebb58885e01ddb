/** What rows of full exports and of changes look like. */
import assert from "node:assert/strict";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import type { GenerationDefinition } from "../mapping.ts";
import { finishRefresh } from "./feed.ts";
import { followed, Peer, target } from "./feed_testing.ts";
import { noteErased } from "./note.ts";

const SUMS: GenerationDefinition = {
  mappings: [{ stream: 1, definition: { kind: "lql", text: "SELECT id, sum(tonumber(n)) AS n FROM s INTO t BY id" } }],
  identity: {},
};

onEachDatabase("rows of changes have the keys of the documented samples, in their order", async (databases) => {
  await using peer = await followed(databases);
  await peer.batch({
    1: '{"_ll.country":"France","customer_id":"my_cust_id","favorite_place":"Paris","some_attrib1":1}',
    2: '{"customer_id":"two","some_attrib2":[1]}',
    3: '{"email":"a@x.org"}',
    4: '{"customer_id":"four"}',
    5: '{"same":1}',
  });
  assert.deepEqual(await peer.publish(), [
    '{"profile":{"_ll.raw_customer_id":"my_cust_id","_ll.profile_id":"1","profiledb_id":1},"updates":{"_ll.country":"France","customer_id":"my_cust_id","favorite_place":"Paris","some_attrib1":1}}',
    '{"profile":{"_ll.raw_customer_id":"two","_ll.profile_id":"2","profiledb_id":1},"updates":{"customer_id":"two","some_attrib2":[1]}}',
    '{"profile":{"_ll.profile_id":"3","profiledb_id":1},"updates":{"email":"a@x.org"}}',
    '{"profile":{"_ll.raw_customer_id":"four","_ll.profile_id":"4","profiledb_id":1},"updates":{"customer_id":"four"}}',
    '{"profile":{"_ll.profile_id":"5","profiledb_id":1},"updates":{"same":1}}',
  ]);
  await peer.batch({
    1: '{"_ll.country":"Spain","customer_id":"my_cust_id","favorite_place":"Boston"}',
    2: '{"customer_id":"two"}',
    3: '{"email":"b@x.org"}',
    4: null,
    5: '{"same":1.0}',
    6: "{}",
  });
  assert.deepEqual(await peer.publish(), [
    '{"deletes":{"attributes":["some_attrib1"]},"profile":{"_ll.raw_customer_id":"my_cust_id","_ll.profile_id":"1","profiledb_id":1},"updates":{"_ll.country":"Spain","favorite_place":"Boston"}}',
    '{"deletes":{"attributes":["some_attrib2"]},"profile":{"_ll.raw_customer_id":"two","_ll.profile_id":"2","profiledb_id":1}}',
    '{"profile":{"_ll.profile_id":"3","profiledb_id":1},"updates":{"email":"b@x.org"}}',
    '{"profile":{"_ll.raw_customer_id":"four","_ll.profile_id":"4","profiledb_id":1},"deleted":true}',
    '{"profile":{"_ll.profile_id":"6","profiledb_id":1},"updates":{}}',
  ]);
  assert.deepEqual(await peer.publish(), []);
});

onEachDatabase("rows of all profiles are as they are stored, with their names in front", async (databases) => {
  await using peer = new Peer(await databases.open());
  await peer.batch({
    1: '{"a":{"customer_id":"no","b":["}",{"c":"\\""}]},"customer_id":"é’","z":12345678901234567890}',
    2: "{}",
    3: '{"customer_id":7.0}',
    4: '{"customer_id":["a","b"],"n":1}',
    5: '{"_ll.profile_id":"theirs","_ll.raw_customer_id":"theirs","n":1}',
    6: '{"_ll.language":"en","customer_id":"six"}',
    7: '{"\\u0063ustomer_id":"\\u0041","n":1.50}',
    8: '{"a":1,"aa":"x"}',
    9: '{"customer_id":"\\"nine\\""}',
    10: '{"a":true,"customer_id":null,"customer_id2":"x"}',
  });
  const expected = [
    '{"_ll.raw_customer_id":"é’","_ll.profile_id":"1","a":{"customer_id":"no","b":["}",{"c":"\\""}]},"customer_id":"é’","z":12345678901234567890}',
    '{"_ll.profile_id":"2"}',
    '{"_ll.raw_customer_id":"7","_ll.profile_id":"3","customer_id":7}',
    '{"_ll.profile_id":"4","customer_id":["a","b"],"n":1}',
    '{"_ll.profile_id":"5","n":1}',
    '{"_ll.raw_customer_id":"six","_ll.profile_id":"6","_ll.language":"en","customer_id":"six"}',
    '{"_ll.raw_customer_id":"A","_ll.profile_id":"7","customer_id":"A","n":1.5}',
    '{"_ll.profile_id":"8","a":1,"aa":"x"}',
    '{"_ll.raw_customer_id":"\\"nine\\"","_ll.profile_id":"9","customer_id":"\\"nine\\""}',
    '{"_ll.profile_id":"10","a":true,"customer_id":null,"customer_id2":"x"}',
  ];
  assert.deepEqual(await peer.profiles(), expected);
  // Where nothing is hidden after all, what is parsed says the same.
  const parsed = await peer.profiles({ hidden: () => false });
  assert.deepEqual(parsed.map((line) => JSON.parse(line)), expected.map((line) => JSON.parse(line)));
});

onEachDatabase("hidden fields are in no row, and a row that would tell of nothing else is none", async (databases) => {
  await using peer = await followed(databases);
  const hidden = (field: string) => field === "customer_id" || field === "secret";
  await peer.batch({ 1: '{"customer_id":"c","n":1,"secret":"s"}', 2: '{"n":1,"secret":"s"}' });
  assert.deepEqual(await peer.profiles({ hidden }), ['{"_ll.profile_id":"1","n":1}', '{"_ll.profile_id":"2","n":1}']);
  const row = (id: number, more: string) => `{"profile":{"_ll.profile_id":"${id}","profiledb_id":1},${more}}`;
  assert.deepEqual(await peer.publish(true, { hidden }), [row(1, '"updates":{"n":1}'), row(2, '"updates":{"n":1}')]);
  await peer.batch({ 1: '{"n":1}', 2: '{"m":2,"secret":"t"}' });
  assert.deepEqual(await peer.publish(true, { hidden }), [
    `{"deletes":{"attributes":["n"]},"profile":{"_ll.profile_id":"2","profiledb_id":1},"updates":{"m":2}}`,
  ]);
  await peer.batch({ 1: null });
  assert.deepEqual(await peer.publish(true, { hidden }), [row(1, '"deleted":true')]);
});

onEachDatabase("sums are shown as numbers, whatever they are stored as", async (databases) => {
  await using peer = await followed(databases);
  const summed = { ...target, generation: SUMS };
  await peer.batch({ 1: '{"id":"a","n":"0.30000000000000004"}' });
  assert.deepEqual(await peer.profiles({ target: summed }), [
    '{"_ll.profile_id":"1","id":"a","n":0.30000000000000004}',
  ]);
  assert.deepEqual(await peer.publish(true, { target: summed }), [
    '{"profile":{"_ll.profile_id":"1","profiledb_id":1},"updates":{"id":"a","n":0.30000000000000004}}',
  ]);
  await peer.batch({ 1: '{"id":"a","n":0.30000000000000004}' });
  assert.deepEqual(await peer.publish(true, { target: summed }), []);
});

onEachDatabase(
  "who is erased is told by the profile's id alone, and what they were is kept nowhere",
  async (databases) => {
    await using peer = await followed(databases);
    await peer.batch({ 1: '{"customer_id":"one"}', 2: '{"customer_id":"two"}', 3: '{"customer_id":"three"}' });
    await peer.publish(true);
    await peer.batch({ 2: '{"customer_id":"two","n":1}', 3: null });
    const window = await peer.begin();
    await peer.batch({ 1: '{"customer_id":"one","n":1}' });
    await peer.database.write(async (transaction) => {
      await noteErased(transaction, target, [1]);
      await transaction.deleteFrom("profiles").where("account_id", "=", 1).where("table_id", "=", 1).where("id", "=", 1)
        .execute();
    });
    const deleted = (id: number) => `{"profile":{"_ll.profile_id":"${id}","profiledb_id":1},"deleted":true}`;
    assert.deepEqual(await peer.changes(window), [
      deleted(1),
      '{"profile":{"_ll.raw_customer_id":"two","_ll.profile_id":"2","profiledb_id":1},"updates":{"n":1}}',
      // It had become part of the erased one.
      deleted(3),
    ]);
    await peer.database.write((transaction) => finishRefresh(transaction, 1, 1, window.to));
    assert.deepEqual(await peer.publish(true), [deleted(1)]);
    const { kysely } = peer.database;
    const kept = await kysely.selectFrom("profile_changes").select(["before", "after"]).execute();
    assert.deepEqual(kept.flatMap(({ before }) => before ?? []), ['{"customer_id":"two"}']);
    assert.doesNotMatch(JSON.stringify(kept), /one|three/);
  },
);

onEachDatabase("of a profile whose past is erased everything is told anew", async (databases) => {
  await using peer = await followed(databases);
  await peer.batch({ 1: '{"customer_id":"one"}' });
  await peer.publish(true);
  await peer.batch({ 1: '{"customer_id":"one","n":1}' });
  await peer.database.kysely.updateTable("profile_changes").set({ before: null }).execute();
  const profile = '"profile":{"_ll.raw_customer_id":"one","_ll.profile_id":"1","profiledb_id":1}';
  assert.deepEqual(await peer.publish(true), [
    `{${profile},"deleted":true}`,
    `{${profile},"updates":{"customer_id":"one","n":1}}`,
  ]);
});
