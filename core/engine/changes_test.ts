import assert from "node:assert/strict";
import type { JsonValue, Row } from "../contracts/records.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { findAccount } from "./find_account.ts";
import { SYSTEM } from "./actor.ts";
import { type ChangePeer, startChanges } from "./changes_testing.ts";
import { erasuresOf } from "./erasures.ts";
import { ManagedContents } from "./managed/contents.ts";
import { profilesOf } from "./profiles.ts";
import { executeTask } from "./task_testing.ts";

const LQL = "SELECT customer_id, email FROM people INTO user BY customer_id OR email";

const row = (customer_id: string, op: string, attr: string, value?: JsonValue): Row["fields"] => ({
  customer_id,
  changes: [value === undefined ? { op, attr } : { op, attr, value }],
});

async function contextOf({ peer: { database, vault } }: ChangePeer) {
  const account = await findAccount(database.kysely, undefined);
  return {
    database,
    vault,
    registry: { plugins: [], providers: [], jobs: [] } as never,
    managed: new ManagedContents("managed"),
    accountId: 1,
    account,
    actor: SYSTEM,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  };
}

onEachDatabase("who is erased leaves nothing in the changes, however a change named them", async (databases) => {
  await using changes = await startChanges(databases, { lql: LQL });
  const { peer } = changes;
  const rows = [
    row("c-4711-x", "assign", "email", "Ann.Lee@example.org"),
    row("c-4711-x", "increment", "n", 1),
    row("c-4712-x", "assign", "plan", "gold"),
    row("c-4713-x", "assign", "email", "ann.lee@example.org"),
    row("c-4712-x", "increment", "plan", 1),
    row("c-4711-x", "increment", "email", 1),
  ];
  await changes.change(rows, { size: 2 });
  const context = await contextOf(changes);
  const statements = statementsFor(peer.database.kind);
  const erasures = erasuresOf(context, { statements, identityKey: peer.identityKey, queued: async () => {} });
  const { run_id } = await erasures.request("email", "ann.lee@example.org");
  await changes.change([row("c-4713-x", "assign", "a", 1), row("c-9", "set-remove", "email", " ANN.LEE@example.org")], {
    size: 2,
  });
  const { refused, rejected, misfits } = await changes.run();
  assert.deepEqual([refused, rejected, misfits], [2, 2, 2]);
  assert.equal(await executeTask(peer, run_id), "succeeded");
  const left = [...await peer.lines("stream"), ...await peer.lines("rejects"), JSON.stringify(await peer.content())];
  assert.doesNotMatch(left.join("\n"), /ann\.lee|c-4711|c-4713/i);
  assert.match(left.join("\n"), /c-4712/);
  const found = profilesOf(context, statements, peer.identityKey);
  assert.deepEqual((await found.get("customer_id", "c-4712-x")).attributes, { customer_id: "c-4712-x", plan: "gold" });
  await changes.replay();
  assert.deepEqual((await found.get("customer_id", "c-4712-x")).attributes, { customer_id: "c-4712-x", plan: "gold" });
});

onEachDatabase("people whose e-mail a file empties stay apart, in its import and in a replay", async (databases) => {
  await using changes = await startChanges(databases, { lql: LQL });
  await changes.change(
    ["", " ", null].flatMap((none, index) => [
      row(`c-${index}`, "assign", "email", none),
      row(`d-${index}`, "assign", "email", none),
    ]),
    { size: 6 },
  );
  const customers = async () => {
    const rows = await changes.peer.database.kysely.selectFrom("profiles").select(["table_id", "attributes"]).execute();
    const generation = Math.max(...rows.map(({ table_id }) => table_id));
    return rows.filter(({ table_id }) => table_id === generation)
      .map(({ attributes }) => JSON.parse(attributes).customer_id).sort();
  };
  const before = await customers();
  assert.deepEqual(before, ["c-0", "c-1", "c-2", "d-0", "d-1", "d-2"]);
  await changes.replay();
  assert.deepEqual(await customers(), before);
});

onEachDatabase(
  "a row that does not suit is rejected with its line, and takes no archive position",
  async (databases) => {
    await using changes = await startChanges(databases);
    const rows = [
      row("1", "assign", "plan", "gold"),
      {
        customer_id: "1",
        changes: [{ op: "assign", attr: "a", value: 1 }, { op: "increment", attr: "plan", value: 1 }],
      },
      row("1", "set-add", "a", "x"),
      row("1", "set-add", "plan", "x"),
      row("1", "delete", "plan"),
      row("1", "set-add", "plan", "x"),
      row("1", "increment", "plan", 1),
    ];
    await changes.change(rows, { size: 3, line: 11 });
    assert.deepEqual(await changes.rejects(), [
      { line: 12, reason: 'Increments "plan", which holds "gold" and no number', raw: JSON.stringify(rows[1]) },
      { line: 14, reason: 'Changes the set "plan", which holds "gold" and no list', raw: JSON.stringify(rows[3]) },
      { line: 17, reason: 'Increments "plan", which holds ["x"] and no number', raw: JSON.stringify(rows[6]) },
    ]);
    const { rows_read, accepted, rejected, misfits } = await changes.run();
    assert.deepEqual([rows_read, accepted, rejected, misfits], [7, 4, 3, 3]);
    const { accounts, profiles, fields } = await changes.peer.content() as Record<string, Record<string, unknown>[]>;
    assert.equal(accounts![0]!["next_position"], 5);
    assert.equal(profiles![0]!["attributes"], '{"a":["x"],"customer_id":"1","plan":["x"]}');
    assert.deepEqual(fields!.map(({ name, filled }) => [name, filled]), [["a", 1], ["customer_id", 4], ["plan", 3]]);
  },
);

onEachDatabase(
  "a commit of rows that all do not suit archives nothing and moves the position on",
  async (databases) => {
    await using changes = await startChanges(databases);
    await changes.change([row("1", "assign", "plan", "gold")], { size: 1 });
    await changes.change([row("1", "increment", "plan", 1), row("1", "set-add", "plan", "x")], { size: 2 });
    const { rows_read, accepted, rejected } = await changes.run();
    assert.deepEqual([rows_read, accepted, rejected], [3, 1, 2]);
    assert.equal((await changes.peer.lines("stream")).length, 1);
    assert.deepEqual((await changes.rejects()).map(({ line }) => line), [1, 2]);
  },
);
