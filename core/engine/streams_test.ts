import assert from "node:assert/strict";
import type { ImportTarget } from "../contracts/job.ts";
import { rulesOf } from "../profiles/mapping.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { auditLogOf } from "./audit_log.ts";
import { type EnginePeer, failure, startEngine } from "./engine_testing.ts";
import { startImport } from "./import_testing.ts";
import { placeImport, streamsOf } from "./streams.ts";

const place = ({ context: { database } }: EnginePeer, target: ImportTarget, now = 5) =>
  database.write((transaction) => placeImport(transaction, 1, target, now));

onEachDatabase("an import makes its stream and its mapping, and finds both again", async (databases) => {
  await using engine = await startEngine(databases);
  const made = await place(engine, { stream: "people", identifyBy: ["id", "email"] });
  assert.equal(made.stream, 1);
  assert.deepEqual(made.targets.map(({ scope }) => scope), [{ account: 1, table: 1 }]);
  assert.deepEqual(rulesOf(made.targets[0]!.generation).identifyBy, ["id", "email"]);
  assert.deepEqual(await place(engine, { stream: "people", identifyBy: ["id", "email"] }), made);
  const streams = streamsOf(engine.context.database, 1);
  assert.deepEqual(await streams.list(), [
    { name: "people", events: 0, identify_by: ["id", "email"], created_at: "1970-01-01T00:00:00.005Z" },
  ]);
});

onEachDatabase("a stream keeps the mapping it has, whatever a later import asks for", async (databases) => {
  await using engine = await startEngine(databases);
  const made = await place(engine, { stream: "people", identifyBy: ["id"] });
  assert.deepEqual(await place(engine, { stream: "people", identifyBy: ["email"] }), made);
  assert.deepEqual(await place(engine, { stream: "people", identifyBy: [] }), made);
});

onEachDatabase("a stream without a mapping gets one from the first import that names identities", async (databases) => {
  await using engine = await startEngine(databases);
  assert.deepEqual(await place(engine, { stream: "clicks", identifyBy: [] }), {
    stream: 1,
    epoch: 0,
    targets: [],
    mapped: false,
    replay: undefined,
  });
  const streams = streamsOf(engine.context.database, 1);
  assert.equal((await streams.get("clicks")).identify_by, null);
  const { stream, targets } = await place(engine, { stream: "clicks", identifyBy: ["id"] });
  assert.deepEqual([stream, ...targets.map(({ generation }) => rulesOf(generation).identifyBy)], [1, ["id"]]);
  assert.deepEqual((await streams.get("clicks")).identify_by, ["id"]);
});

onEachDatabase("a mapping that an import makes is written down as made by Waybill, once", async (databases) => {
  await using engine = await startEngine(databases);
  for (const identifyBy of [[], ["id", "email"], ["id"]]) await place(engine, { stream: "people", identifyBy });
  const log = auditLogOf(engine.context);
  const { items: [entry, ...others] } = await log.list();
  assert.deepEqual([entry?.action, entry?.kind, entry?.label, entry?.actor, entry?.detail, others], [
    "create",
    "mapping",
    "people",
    { kind: "system", id: null, name: "Waybill" },
    { stream: "people", table: "user", identify_by: ["id", "email"] },
    [],
  ]);
  assert.equal((await log.verify()).ok, true);
});

onEachDatabase("streams are listed by name, each with an id of its own", async (databases) => {
  await using engine = await startEngine(databases);
  for (const [index, stream] of ["b", "a", "C"].entries()) {
    assert.equal((await place(engine, { stream, identifyBy: [] })).stream, index + 1);
  }
  const streams = await streamsOf(engine.context.database, 1).list();
  assert.deepEqual(streams.map(({ name }) => name), ["C", "a", "b"]);
});

onEachDatabase("an unknown stream is not found, with a near name where there is one", async (databases) => {
  await using engine = await startEngine(databases);
  const streams = streamsOf(engine.context.database, 1);
  const missing = (name: string) => new RegExp(`^Stream "${name}" does not exist$`);
  await assert.rejects(
    streams.get("customers"),
    failure("config", missing("customers"), { code: "not_found", hint: /waybill stream list/ }),
  );
  await place(engine, { stream: "customers", identifyBy: [] });
  await assert.rejects(
    streams.fields("custmers"),
    failure("config", missing("custmers"), { code: "not_found", hint: /^Did you mean "customers"\?$/ }),
  );
  await assert.rejects(
    streamsOf(engine.context.database, 2).get("customers"),
    failure("config", missing("customers"), { code: "not_found", hint: /waybill stream list/ }),
  );
});

onEachDatabase("fields are told with their fill rate, the fullest first", async (databases) => {
  await using peer = await startImport(databases);
  const streams = streamsOf(peer.database, 1);
  assert.deepEqual(await streams.fields("people"), []);
  await peer.commits().commit(peer.batch([
    { fields: { id: "1", b: "", a: 5 } },
    { fields: { id: "2", b: "x", a: null } },
    { fields: { id: "3" } },
    { fields: { id: "4", never: "" } },
  ]));
  assert.deepEqual(await streams.fields("people"), [
    { name: "id", filled: 4, fill_rate: 1, examples: ["1", "2", "3", "4"] },
    { name: "a", filled: 1, fill_rate: 0.25, examples: [5] },
    { name: "b", filled: 1, fill_rate: 0.25, examples: ["x"] },
    { name: "never", filled: 0, fill_rate: 0, examples: [] },
  ]);
  assert.equal((await streams.get("people")).events, 4);
});
