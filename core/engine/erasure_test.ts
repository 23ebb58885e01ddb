import assert from "node:assert/strict";
import fc from "fast-check";
import { basename, dirname, join } from "node:path";
import { Failure } from "../contracts/failure.ts";
import type { Row } from "../contracts/records.ts";
import { alteredDatabase } from "../database/altered_testing.ts";
import { ERASABLE_STORES, WITHOUT_PEOPLE } from "./erasable_stores.ts";
import { failure } from "./engine_testing.ts";
import { applyChanges, assertSame, changeRows, type Profiles, profilesIn } from "./change_feed_testing.ts";
import { beginRefresh, finishRefresh, follow } from "../profiles/feed/feed.ts";
import { startChanges } from "./changes_testing.ts";
import {
  assertNoTrace,
  erasures,
  importRows,
  makeCities,
  openRun,
  person,
  profiles,
  rejected,
  tablesOf,
} from "./erasure_testing.ts";
import { addRun, type ImportPeer, readRun, remap, startImport } from "./import_testing.ts";
import { homeOf } from "./home.ts";
import { ImportRun } from "./import_run.ts";
import { erasedFor } from "./refused.ts";
import { executeTask } from "./task_testing.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { jobFiles } from "./job_files.ts";
import { markedFiles, markFiles, readLedger } from "./ledger.ts";
import { openVault, placeOfRawForms } from "./vault.ts";

onEachDatabase("who is erased leaves nothing anywhere, and everybody else is as before", async (databases) => {
  await using peer = await startImport(databases);
  const rows = fc.sample(fc.nat({ max: 60 }), { seed: 5, numRuns: 500 })
    .map((number, index) => person(number, { note: `event-${index}`, ...(index % 3 === 0 ? { email: "" } : {}) }));
  await importRows(peer, rows, 37);
  const gone = [3, 17, 44];
  const values = gone.flatMap((number) => [`person-${number}-x`, `person.${number}@example.org`]);
  const others = rows.filter(({ fields }) => !gone.some((number) => fields.id === `Person-${number}-x`));
  const own = await erasures(peer);
  const made = [];
  for (const number of gone) made.push(await own.request("email", ` PERSON.${number}@example.org `));
  assert.equal(new Set(made.map(({ run_id }) => run_id)).size, 1);
  assert.deepEqual(made.map(({ state, refused }) => [state, refused]), [["initial", true], ["initial", true], [
    "initial",
    true,
  ]]);
  const found = await profiles(peer);
  await assert.rejects(found.get("id", "Person-3-x"), failure("config", /No profile/, { code: "not_found" }));
  const before = await found.get("id", "Person-4-x");
  assert.equal(await executeTask(peer, made[0]!.run_id), "succeeded");
  assert.deepEqual((await own.get(made[0]!.request_id)).state, "done");
  const lines = (await peer.lines("stream")).map((line) => JSON.parse(line).data.note);
  assert.deepEqual(lines, others.map(({ fields }) => fields.note));
  assert.deepEqual(await found.get("id", "Person-4-x"), before);
  const { kysely } = peer.database;
  assert.equal((await kysely.selectFrom("streams").select("events").executeTakeFirstOrThrow()).events, others.length);
  await assertNoTrace(peer, values);
  // A replay reads the archive as it is now, and gives the profiles that are there.
  const run = await remap(peer, "SELECT id, email, note FROM people INTO user BY id OR email");
  await executeTask(peer, run!);
  const { attributes } = await found.get("id", "Person-4-x");
  assert.deepEqual(attributes, before.attributes);
  // It leaves what it replaced to whoever writes next.
  const later = await own.request("email", "person.9@example.org");
  assert.equal(await executeTask(peer, later.run_id), "succeeded");
  await assertNoTrace(peer, [...values, "person-9-x", "person.9@example.org"]);
});

onEachDatabase("data for the erased is refused and counted until it is done, then taken again", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [person(1), person(2)], 2);
  const own = await erasures(peer);
  const { run_id, request_id } = await own.request("id", "Person-1-x");
  const erased = await erasedFor(peer.database.kysely, 1, peer.place.stream, peer.identityKey);
  const commits = await peer.commitsAfterTakeOver();
  const run = new ImportRun({
    run: peer.claim.run,
    commits,
    startedAt: 1_000,
    threshold: undefined,
    counts: { read: 0, accepted: 0, rejected: 0, unchanged: 0, refused: 0 },
    profiles: peer.profiles,
    erased,
    signal: new AbortController().signal,
    bytes: () => 0,
    duration: () => 0,
  });
  const rows = [person(1), { fields: { id: "x", email: " Person.1@EXAMPLE.org" } }, person(3)];
  await run.emit(rows, { row: 3 });
  await run.finish();
  const { rows_read, accepted, refused } = await peer.run();
  assert.deepEqual([rows_read, accepted, refused], [5, 3, 2]);
  assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
  assert.equal((await own.get(request_id)).refused, false);
  assert.deepEqual(await erasedFor(peer.database.kysely, 1, peer.place.stream, peer.identityKey), []);
});

onEachDatabase("an erasure that is killed after any of its commits goes on, and never back", async (databases) => {
  const states = ["initial", "primary", "archive", "secondary", "done"];
  for (let kill = 1; kill <= 30; kill++) {
    await using peer = await startImport(databases);
    await importRows(peer, Array.from({ length: 30 }, (_, index) => person(index % 10)), 7);
    const own = await erasures(peer);
    const { run_id, request_id } = await own.request("id", "Person-4-x");
    let commits = 0;
    const database = peer.database;
    const dying = alteredDatabase(database, {
      write: async (work, options) => {
        const result = await database.write(work, options);
        if (options?.beside === true && ++commits === kill) throw new Error("killed");
        return result;
      },
    });
    const end = await executeTask({ ...peer, database: dying }, run_id);
    const state = states.indexOf((await own.get(request_id)).state);
    if (end === "failed") {
      await database.kysely.updateTable("runs").set({ status: "queued", failure: null }).where("id", "=", run_id)
        .execute();
      assert.equal(await executeTask(peer, run_id), "succeeded");
      assert(states.indexOf((await own.get(request_id)).state) >= state);
    }
    assert.equal((await own.get(request_id)).state, "done");
    assert.equal((await readRun(database, run_id)).status, "succeeded");
    assert.deepEqual((await peer.lines("stream")).filter((line) => line.includes("Person-4-x")), []);
    assert.equal((await peer.lines("stream")).length, 27);
    const names = (await database.kysely.selectFrom("segments").select("path").execute()).map(({ path }) => path);
    const files: string[] = [];
    for (const day of Deno.readDirSync(`${peer.archive.folder}/1/stream-1`)) {
      for (const { name } of Deno.readDirSync(`${peer.archive.folder}/1/stream-1/${day.name}`)) {
        files.push(`1/stream-1/${day.name}/${name}`);
      }
    }
    assert.deepEqual(files.sort(), names.sort());
    if (end === "succeeded") return;
  }
  assert.fail("The erasure has more commits than were killed");
});

onEachDatabase("a replay that began between two attempts of an erasure brings nobody back", async (databases) => {
  await using peer = await startImport(databases);
  const { database } = peer;
  await importRows(peer, Array.from({ length: 24_000 }, (_, index) => person(index % 60)), 4_000);
  const own = await erasures(peer);
  const { run_id, request_id } = await own.request("id", "Person-4-x");
  const requeue = (run: string) =>
    database.kysely.updateTable("runs").set({ status: "queued", failure: null, stop_requested: 0 })
      .where("id", "=", run).execute();
  // Its first attempt removes the profiles, and comes to the archive.
  let commits = 0;
  const dying = alteredDatabase(database, {
    write: async (work, options) => {
      if ((await own.get(request_id)).state === "archive" && ++commits === 2) throw new Error("killed");
      return await database.write(work, options);
    },
  });
  assert.equal(await executeTask({ ...peer, database: dying }, run_id), "failed");
  assert.equal((await own.get(request_id)).state, "archive");
  const replay = (await remap(peer, "SELECT id, email AS mail FROM people INTO user BY id"))!;
  const progressed = (stop: AbortController) => stop.abort(new Failure("cancelled", "Stopped"));
  assert.equal(await executeTask(peer, replay, { progressed }), "cancelled");
  assert((await readRun(database, replay)).rows_read > 0, "it has read of the archive");
  await requeue(run_id);
  assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(database, run_id)).failure ?? "");
  await requeue(replay);
  assert.equal(await executeTask(peer, replay), "cancelled");
  const { id } = await database.kysely.selectFrom("runs").select("id").where("job_type", "=", "mapping-replay")
    .where("status", "=", "queued").executeTakeFirstOrThrow();
  // The erasure has made the table anew by the mapping that it was changed to.
  assert.equal(await executeTask(peer, id), "cancelled");
  await assertNoTrace(peer, ["person-4-x", "person.4@example.org"]);
  const { count } = await database.kysely.selectFrom("profiles")
    .innerJoin(
      "generations",
      (join) =>
        join.onRef("generations.account_id", "=", "profiles.account_id").onRef(
          "generations.id",
          "=",
          "profiles.table_id",
        ),
    )
    .where("state", "=", "current").select((select) => select.fn.countAll().as("count")).executeTakeFirstOrThrow();
  assert.equal(Number(count), 59);
});

onEachDatabase(
  "whom a replay makes one with the erased before their erasure begins is erased, too",
  async (databases) => {
    await using peer = await startImport(databases, { lql: "SELECT id, email, phone FROM people INTO user BY id" });
    await importRows(peer, [
      { fields: { id: "Person-1-x", phone: "0049-1" } },
      { fields: { id: "Person-2-x", phone: "0049-1", email: "person.2@example.org" } },
      { fields: { id: "Person-3-x", phone: "0049-3" } },
    ], 1);
    const replay = (await remap(peer, "SELECT id, email, phone FROM people INTO user BY id OR phone"))!;
    const own = await erasures(peer);
    const { run_id, request_id } = await own.request("id", "Person-1-x");
    assert.equal(await executeTask(peer, replay), "succeeded");
    assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
    assert.equal((await own.get(request_id)).state, "done");
    assert.equal((await peer.lines("stream")).length, 1);
    await assertNoTrace(peer, ["person-1-x", "person-2-x", "0049-1"]);
  },
);

onEachDatabase("tables that other mappings fill are made anew without the erased", async (databases) => {
  await using peer = await startImport(databases);
  const { database } = peer;
  await importRows(peer, Array.from({ length: 40 }, (_, index) => person(index % 8, { city: `c${index % 2}` })), 7);
  await makeCities(peer);
  const found = await profiles(peer);
  const before = await found.get("city", "c0", { table: "city" });
  assert.deepEqual(before.attributes["events"], 20);
  const own = await erasures(peer);
  const { run_id } = await own.request("id", "Person-4-x");
  assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(database, run_id)).failure ?? "");
  const { attributes } = await found.get("city", "c0", { table: "city" });
  assert.deepEqual([attributes["events"], attributes["people"]], [15, [0, 2, 6].map((id) => `Person-${id}-x`)]);
  await assertNoTrace(peer, ["person-4-x", "person.4@example.org"]);
});

onEachDatabase("change feeds keep nothing of the erased, and tell that they are gone", async (databases) => {
  await using it = await startChanges(databases);
  const { peer, peer: { database } } = it;
  const note = (number: number, note: string) => person(number, { note, city: `c${number % 2}` });
  const rows = Array.from({ length: 8 }, (_, number) => note(number, "first"));
  await it.add([...rows, { fields: { email: "second.4@example.org" } }], 5);
  await makeCities(peer);
  const tables = [1, 2], known = new Map(tables.map((table) => [table, new Map() as Profiles]));
  const fetchAll = async () => {
    for (const [table, replica] of known) {
      const window = await database.write(async (transaction) =>
        (await beginRefresh(transaction, 1, table, { requested: true }))!
      );
      applyChanges(replica, await changeRows(database, window, { table }));
      await database.write((transaction) => finishRefresh(transaction, 1, table, window.to));
      assertSame(replica, await profilesIn(database.kysely, table), `table ${table}`);
    }
  };
  for (const table of tables) await database.write((transaction) => follow(transaction, 1, table));
  await fetchAll();
  // One becomes part of another, both change, and each mapping of its own is followed.
  await it.add([note(4, "second"), note(5, "second")], 1);
  await it.add([{ fields: { id: "Person-4-x", email: "second.4@example.org" }, time: 9 }], 1);
  const run = await remap(peer, "SELECT id, email, note AS remark FROM people INTO user BY id OR email");
  assert.equal(await executeTask(peer, run!), "succeeded");
  const states = await database.kysely.selectFrom("profile_changes").selectAll().execute();
  assert(states.some(({ before }) => before?.includes("second.4@example.org")), "it would be found");
  assert(states.some(({ table_id, before }) => table_id === 2 && before?.includes("Person-4-x")), "in both tables");
  const own = await erasures(peer);
  const { run_id } = await own.request("id", "Person-4-x");
  assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(database, run_id)).failure ?? "");
  await assertNoTrace(peer, ["person-4-x", "person.4@example.org", "second.4@example.org"]);
  const kept = await database.kysely.selectFrom("profile_changes").select("before").where("table_id", "=", 1)
    .where("before", "is not", null).execute();
  assert.equal(kept.length, 7, "what others were is kept");
  await fetchAll();
});

onEachDatabase("what a run says of the erased is scrubbed, and stays what it is", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [{ fields: { id: ":" } }, { fields: { id: "message" } }, person(1)], 3);
  const failure = { kind: "config", message: 'No file "person-1-x"', hint: "See message", code: null };
  const own = await erasures(peer);
  for (const id of [":", "message", "Person-1-x"]) {
    const run = await addRun(peer.database, {
      status: "failed",
      failure: JSON.stringify(failure),
      notes: JSON.stringify(['Of "PERSON-1-X": one row']),
      progress: JSON.stringify({ done: 1, unit: "bytes", note: "in/person-1-x.csv" }),
      checkpoint: JSON.stringify({ current: { path: "in/person-1-x.csv", rows: 3 }, files: 1 }),
    });
    const { run_id } = await own.request("id", id);
    assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
    const said = await readRun(peer.database, run);
    const { kind, message } = JSON.parse(said.failure!);
    assert.equal(kind, "config");
    if (id !== "Person-1-x") continue;
    assert.deepEqual([message, JSON.parse(said.notes)], ['No file "[erased]"', ['Of "[erased]": one row']]);
    assert.deepEqual(JSON.parse(said.progress!), { done: 1, unit: "bytes", note: "in/[erased].csv" });
    assert.deepEqual(JSON.parse(said.checkpoint!), { current: { path: "in/[erased].csv", rows: 3 }, files: 1 });
  }
});

onEachDatabase("the name of an imported file is scrubbed, and the file stays known", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [person(1)], 3);
  const place = { account: 1, owner: "a".repeat(32), key: peer.identityKey };
  const files = ["in/person-1-x.csv", "in/other.csv"].map((path) => ({
    path,
    size: 1,
    modified: 2,
    hash: "ab".repeat(32),
    rows: 1,
    rejected: 0,
  }));
  await peer.database.write((transaction) => markFiles(transaction, peer.claim, markedFiles(place, files), 4));
  const { run_id } = await (await erasures(peer)).request("id", "Person-1-x");
  assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
  const { items } = await jobFiles(peer.database.kysely, 1, place.owner);
  assert.deepEqual(items.map(({ path }) => path).sort(), ["in/[erased].csv", "in/other.csv"]);
  const states = await readLedger(peer.database.kysely, place, false).look(files);
  assert.deepEqual(states, files.map((imported) => ({ state: "same", imported })));
});

onEachDatabase("files that links open end with an erasure, one that is made meanwhile too", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [person(1)], 1);
  const { run_id } = await (await erasures(peer)).request("id", "Person-1-x");
  const { database } = peer;
  const addArtifact = async (id: string) => {
    const maker = { maker_kind: "user", maker_id: null, maker_name: "ada" } as const;
    const times = { created_at: 1, expires_at: 9_999_999_999_000, ended_at: null, ended_because: null };
    const file = { kind: "rejects", run_id: null, name: id, media_type: "text/csv", size: 1, sha256: "" } as const;
    await database.kysely.insertInto("artifacts")
      .values({ account_id: 1, id, ...file, ...times, fetches: 0, fetched_at: null, ...maker }).execute();
  };
  await addArtifact("early");
  let late = false;
  const watched = alteredDatabase(database, {
    write: async (work, options) => {
      const result = await database.write(work, options);
      const { state } = await database.kysely.selectFrom("erasures").select("state").executeTakeFirstOrThrow();
      if (state === "secondary" && !late) {
        late = true;
        await addArtifact("late");
      }
      return result;
    },
  });
  assert.equal(await executeTask({ ...peer, database: watched }, run_id), "succeeded");
  const ends = await database.kysely.selectFrom("artifacts").select(["id", "ended_because"]).orderBy("id").execute();
  assert.deepEqual(ends.map(({ id, ended_because }) => [id, ended_because]), [["early", "erased"], ["late", "erased"]]);
});

/** The rejected rows that are kept. */
async function keptRows(peer: ImportPeer): Promise<string[]> {
  return (await peer.lines("rejects")).map((line) => JSON.parse(line)).filter((line) => "raw" in line)
    .map(({ raw }) => new TextDecoder().decode(Uint8Array.fromBase64(raw)));
}

onEachDatabase(
  "rejected rows of the erased are counted without their text, as long as they are refused",
  async (databases) => {
    await using peer = await startImport(databases);
    await peer.database.kysely.updateTable("accounts").set({ settings: '{"suppress_erased":"forever"}' }).execute();
    await importRows(peer, [person(1), { fields: { id: "7" } }], 2);
    const own = await erasures(peer);
    const { run_id, request_id } = await own.request("id", "Person-1-x");
    await own.request("id", "7");
    const rows = ["1,PERSON.1@example.org,x,y", "7,x,y", "8,7 Main Street,y"];
    for (const state of ["initial", "done"]) {
      assert.equal((await own.get(request_id)).state, state);
      await using run = await openRun(peer);
      await run.reject(rejected(...rows), new TextEncoder().encode("id,email\n"));
      await run.emit([person(2)], { row: 1 });
      await run.finish();
      if (state === "initial") assert.equal(await executeTask(peer, run_id), "succeeded");
    }
    assert.deepEqual(await keptRows(peer), ["8,7 Main Street,y", "8,7 Main Street,y"]);
    const { rows_read, accepted, rejected: count, rejected_erased } = await peer.run();
    assert.deepEqual([rows_read, accepted, count, rejected_erased], [10, 4, 6, 4]);
    await assertNoTrace(peer, ["person-1-x", "person.1@example.org"]);
    await own.lift(request_id);
    await using run = await openRun(peer);
    await run.reject(rejected(...rows));
    await run.finish();
    assert.deepEqual((await keptRows(peer)).slice(2), [rows[0], rows[2]]);
  },
);

onEachDatabase(
  "an erasure counts the rejected rows that it takes, and short ids take nobody else's",
  async (databases) => {
    await using peer = await startImport(databases);
    await importRows(peer, [{ fields: { id: "7", n: 7 } }, { fields: { id: "70", n: 42 } }], 2);
    const rows = ["7,a,b", "70,7 Main Street,b", "71,2026-07-07,b", '"7",a,b'];
    {
      await using run = await openRun(peer);
      await run.reject(rejected(...rows), new TextEncoder().encode("id,name\n"));
      await run.finish().catch(() => {});
    }
    const own = await erasures(peer);
    const { run_id } = await own.request("id", "7");
    assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
    assert.deepEqual(await keptRows(peer), rows.slice(1, 3));
    const { rejected: count, rejected_erased } = await peer.run();
    assert.deepEqual([count, rejected_erased], [4, 2]);
    const fields = await peer.database.kysely.selectFrom("stream_fields").select(["name", "examples"]).orderBy("name")
      .execute();
    assert.deepEqual(fields.map(({ name, examples }) => [name, JSON.parse(examples)]), [["id", ["70"]], ["n", [
      7,
      42,
    ]]]);
  },
);

onEachDatabase(
  "raw forms of identities go from rejected rows and examples, be they computed or normalised",
  async (databases) => {
    await using peer = await startImport(databases, {
      lql: 'SELECT email(concat(login, "@x.example")) AS email, phone FROM people INTO user BY email OR phone',
      rules: { normalise: { phone: ["digits"] } },
    });
    const rowOf = (login: string, phone: string): Row => ({ fields: { login, phone, note: `of ${phone}` } });
    await importRows(peer, [rowOf("ADA", "+1 (555) 123-4567"), rowOf("Grace", "+1 (555) 765-4321")], 2);
    const rows = ["Ada,x,y", "x,1 555 123 4567,y", "Grace,Ada Street,y"];
    {
      await using run = await openRun(peer);
      await run.reject(rejected(...rows), new TextEncoder().encode("login,phone\n"));
      await run.finish().catch(() => {});
    }
    const own = await erasures(peer);
    for (let kill = 1; kill <= 2; kill++) {
      const { run_id, request_id } = await own.request("phone", kill === 1 ? "15551234567" : "15557654321");
      let commits = 0;
      const dying = alteredDatabase(peer.database, {
        write: async (work, options) => {
          const result = await peer.database.write(work, options);
          // Once the events are gone from their file, what they said of raw forms must not be.
          if (options?.beside === true && ++commits === 5) throw new Error("killed");
          return result;
        },
      });
      assert.equal(await executeTask({ ...peer, database: dying }, run_id), "failed");
      await peer.database.kysely.updateTable("runs").set({ status: "queued", failure: null }).where("id", "=", run_id)
        .execute();
      let late = false;
      const database = alteredDatabase(peer.database, {
        write: async (work, options) => {
          const result = await peer.database.write(work, options);
          const { state } = await own.get(request_id);
          if (state !== "secondary" || late) return result;
          late = true;
          await using run = await openRun(peer);
          await run.reject(rejected(kill === 1 ? "1,ADA,z" : "1,GRACE,z"));
          await run.finish().catch(() => {});
          return result;
        },
      });
      assert.equal(await executeTask({ ...peer, database }, run_id), "succeeded");
      assert(late);
      if (kill === 1) assert.deepEqual(await keptRows(peer), ["Grace,Ada Street,y"]);
      const examples = (await peer.database.kysely.selectFrom("stream_fields").select("examples").execute())
        .flatMap(({ examples }) => JSON.parse(examples));
      const left = kill === 1 ? ["Grace", "+1 (555) 765-4321", "of +1 (555) 765-4321"] : [];
      assert.deepEqual(examples.sort(), left.sort());
    }
    assert.deepEqual(await keptRows(peer), []);
    const sealed = await peer.database.kysely.selectFrom("erasures").select(["identities", "raw_forms"]).execute();
    assert(sealed.every(({ identities, raw_forms }) => identities === null && raw_forms === null));
  },
);

onEachDatabase("an identity that is being erased gives its erasure, and nobody's name is in it", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [person(1)], 1);
  const own = await erasures(peer);
  const first = await own.request("id", "Person-1-x");
  assert.equal((await own.request("email", "PERSON.1@example.org")).request_id, first.request_id);
  assert.deepEqual((await own.list()).items, [first]);
  await assert.rejects(own.lift(first.request_id), failure("config", /not done yet/, { code: "conflict" }));
  await assert.rejects(own.get("nothing"), failure("config", /does not exist/, { code: "not_found" }));
  await assert.rejects(own.request("note", "x"), failure("config", /identifies no profile/, { code: "not_found" }));
});

onEachDatabase("an account may refuse the erased for ever, and take that back", async (databases) => {
  await using peer = await startImport(databases);
  await peer.database.kysely.updateTable("accounts").set({ settings: '{"suppress_erased":"forever"}' }).execute();
  await importRows(peer, [person(1)], 1);
  const own = await erasures(peer);
  const { request_id, run_id } = await own.request("id", "Person-1-x");
  assert.equal(await executeTask(peer, run_id), "succeeded");
  const { state, refused } = await own.get(request_id);
  assert.deepEqual([state, refused], ["done", true]);
  const found = await erasedFor(peer.database.kysely, 1, peer.place.stream, peer.identityKey);
  assert.equal(found[0]?.keys.size, 2);
  assert.equal((await own.lift(request_id)).refused, false);
  assert.deepEqual(await erasedFor(peer.database.kysely, 1, peer.place.stream, peer.identityKey), []);
});

onEachDatabase("every table and folder is erasable, or is said to hold nobody", async (databases) => {
  await using peer = await startImport(databases);
  const named = [...ERASABLE_STORES.flatMap(({ tables }) => tables), ...Object.keys(WITHOUT_PEOPLE)];
  assert.deepEqual((await tablesOf(peer.database)).filter((table) => !named.includes(table)), []);
  const folders = Object.entries(homeOf("home")).filter(([name]) => name.endsWith("Dir"))
    .map(([, dir]) => basename(String(dir)));
  for (const folder of ["archive", "snapshots", "artifacts", "managed"]) assert(folders.includes(folder), folder);
  // Files of `work` have no names, and go with the run, plan or choice that wrote them.
  const reached = [...ERASABLE_STORES.flatMap(({ folders }) => folders), "processes", "work"];
  assert.deepEqual(folders.filter((folder) => !reached.includes(folder)), []);
});

onEachDatabase("an erasure that waits is done after the master key was changed", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [person(1)], 1);
  const own = await erasures(peer);
  const { run_id, request_id } = await own.request("id", "Person-1-x");
  const raw_forms = await peer.vault.seal([["email", "x"]], placeOfRawForms(request_id));
  const { database } = peer;
  await database.kysely.updateTable("erasures").set({ raw_forms }).execute();
  const masterKeyPath = join(dirname(peer.snapshotsDir), "master.key");
  const before = (await Deno.readTextFile(masterKeyPath)).trim();
  const after = crypto.getRandomValues(new Uint8Array(32)).toBase64();
  const options = { database, masterKeyPath };
  await openVault({ ...options, masterKey: `${after},${before}` });
  const vault = await openVault({ ...options, masterKey: after });
  const sealed = await database.kysely.selectFrom("erasures").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual(await vault.open(sealed.raw_forms ?? new Uint8Array(), placeOfRawForms(request_id)), [[
    "email",
    "x",
  ]]);
  await database.kysely.updateTable("erasures").set({ raw_forms: null }).execute();
  assert.equal(
    await executeTask({ ...peer, vault }, run_id),
    "succeeded",
    (await readRun(database, run_id)).failure ?? "",
  );
  assert.equal((await own.get(request_id)).state, "done");
});

onEachDatabase(
  "an erasure waits for an upload's import as long as it takes, and goes on when it is asked again",
  async (databases) => {
    await using peer = await startImport(databases);
    await importRows(peer, [person(1)], 1);
    const importing = await addRun(peer.database);
    const upload = { run_id: importing, key_hash: null, digest: "", bytes: 1, created_at: 1, removed_at: null };
    await peer.database.kysely.insertInto("uploads").values({ account_id: 1, ...upload }).execute();
    const own = await erasures(peer);
    const { run_id, request_id } = await own.request("email", "person.1@example.org");
    const now = () =>
      peer.database.kysely.updateTable("runs").set({ not_before: 0 }).where("id", "=", run_id).execute();
    assert.equal(await executeTask(peer, run_id, { serves: true }), "released");
    const waiting = await readRun(peer.database, run_id);
    assert.deepEqual([waiting.status, waiting.retries], ["queued", 0], "it was no failed attempt");
    assert.match(waiting.failure ?? "", new RegExp(`not imported yet by run \\\\"${importing}`));
    await now();
    assert.equal(await executeTask(peer, run_id), "failed", "a command imports nothing else");
    assert.equal((await own.request("email", "person.1@example.org")).request_id, request_id);
    assert.equal((await readRun(peer.database, run_id)).status, "queued");
    await peer.database.kysely.updateTable("uploads").set({ removed_at: 2 }).execute();
    assert.equal(await executeTask(peer, run_id), "succeeded");
    assert.equal((await own.get(request_id)).state, "done");
  },
);
