import assert from "node:assert/strict";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { Row } from "../contracts/records.ts";
import { alteredDatabase } from "../database/altered_testing.ts";
import type { Database } from "../database/database.ts";
import { Archive, gzipMember } from "../profiles/archive.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import type { ProfileStatements } from "../profiles/statements.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { ImportCommits } from "./import_commit.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { LeaseLost } from "./claim.ts";

const HOUR = 3_600_000;

const person = (id: number, more: Row["fields"] = {}): Row => ({ fields: { id: String(id), ...more }, time: id });
const rejects = (...lines: string[]) => gzipMember(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));

/** The same database with a clock of its own. */
function withClock(database: Database, now: () => number): Database {
  return alteredDatabase(database, { now: () => Promise.resolve(now()) });
}

async function segmentsOf({ database }: ImportPeer) {
  const rows = await database.kysely.selectFrom("segments").selectAll().orderBy("id").execute();
  return rows.map((row) => ({ ...row }));
}

onEachDatabase("a commit writes events, profiles, fields, counts and position together", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  const counted = { read: 4, accepted: 3, rejected: 1, unchanged: 0, refused: 0 };
  await commits.commit(peer.batch([person(5, { name: "Ann" }), person(6), person(5, { name: "Anne" })], {
    counted,
    rejects: rejects('{"line":4}'),
    checkpoint: { row: 4 },
    bytes: 99,
    duration: 7,
  }));
  const { identities, ...content } = JSON.parse(JSON.stringify(await peer.content()));
  assert.deepEqual(content, {
    accounts: [{ id: 1, next_position: 4 }],
    streams: [{ id: 1, events: 3 }],
    fields: [
      { account_id: 1, stream_id: 1, name: "id", filled: 3, examples: '["5","6"]' },
      { account_id: 1, stream_id: 1, name: "name", filled: 2, examples: '["Ann","Anne"]' },
    ],
    profiles: [
      { account_id: 1, table_id: 1, id: 1, at: 5, attributes: '{"id":"5","name":"Anne"}' },
      { account_id: 1, table_id: 1, id: 2, at: 6, attributes: '{"id":"6"}' },
    ],
    stamps: [{ account_id: 1, table_id: 1, id: 1, at: 5, position: 3, fields: null, identities: null }],
    merges: [],
    segments: [{ kind: "stream", events: 3 }, { kind: "rejects", events: 0 }],
    runs: [{
      rows_read: 4,
      accepted: 3,
      rejected: 1,
      checkpoint: '{"row":4}',
      bytes: 99,
      profiles_created: 2,
      profiles_updated: 0,
    }],
    lines: [
      '{"at":5,"data":{"id":"5","name":"Ann"}}',
      '{"at":6,"data":{"id":"6"}}',
      '{"at":5,"data":{"id":"5","name":"Anne"}}',
    ],
    rejects: ['{"line":4}'],
  });
  assert.deepEqual(identities.map(([, profile]: [string, number]) => profile).sort(), [1, 2]);
});

onEachDatabase("a commit takes the place of what a generation held that was replaced", async (databases) => {
  await using peer = await startImport(databases);
  const { kysely } = peer.database;
  await kysely.insertInto("generations")
    .values({ account_id: 1, id: 99, table_id: 1, state: "retired", definition: "{}", created_at: 0 }).execute();
  await kysely.insertInto("profiles").values({ account_id: 1, table_id: 99, id: 1, at: 0, attributes: "{}" }).execute();
  await peer.commits().commit(peer.batch([{ fields: { id: "1" } }]));
  const profiles = await kysely.selectFrom("profiles").select("attributes").execute();
  assert.deepEqual(profiles.map(({ attributes }) => attributes), ['{"id":"1"}']);
  assert.equal((await kysely.selectFrom("generations").select("id").where("id", "=", 99).execute()).length, 0);
});

onEachDatabase("a batch without a position leaves the old one", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch([person(1)], { checkpoint: { row: 1 } }));
  await commits.commit(peer.batch([], { checkpoint: undefined, rejects: rejects("{}") }));
  assert.equal((await peer.run()).checkpoint, '{"row":1}');
});

onEachDatabase("events take the account's positions in order, and their member says the first", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await peer.database.kysely.updateTable("accounts").set({ next_position: 2 ** 40 }).execute();
  const lengths = [0];
  for (const count of [3, 2]) {
    await commits.commit(peer.batch(Array.from({ length: count }, (_, index) => person(10 * count + index))));
    lengths.push((await segmentsOf(peer))[0]!.length);
  }
  const [segment] = await segmentsOf(peer);
  const bytes = await Deno.readFile(`${peer.archive.folder}/${segment!.path}`);
  const positionAt = (start: number) => new DataView(bytes.buffer).getBigUint64(start + 16, true);
  assert.deepEqual(lengths.slice(0, 2).map(positionAt), [2n ** 40n, 2n ** 40n + 3n]);
  const ids = await peer.database.kysely.selectFrom("profiles").select("id").orderBy("id").execute();
  assert.deepEqual(ids.map(({ id }) => id - 2 ** 40), [0, 1, 2, 3, 4]);
});

onEachDatabase("commits of one hour grow one file, and the next hour opens another", async (databases) => {
  await using peer = await startImport(databases);
  let now = Date.UTC(2025, 5, 1, 9, 59, 59, 999);
  const commits = peer.commits(withClock(peer.database, () => now));
  await commits.commit(peer.batch([person(1)], { rejects: rejects("a") }));
  await commits.commit(peer.batch([person(2), person(3)]));
  now++;
  await commits.commit(peer.batch([person(4)], { rejects: rejects("b") }));
  const { run, fence } = peer.claim;
  const hour = Date.UTC(2025, 5, 1, 9);
  const segments = await segmentsOf(peer);
  assert.deepEqual(
    segments.map(({ length: _, ...rest }) => rest),
    [
      ["stream", "1", hour, `1/stream-1/2025-06-01/09-${run}-${fence}.jsonl.gz`, 3] as const,
      ["rejects", run, hour, `1/rejects/2025-06-01/09-${run}-${fence}.jsonl.gz`, 0] as const,
      ["stream", "1", hour + HOUR, `1/stream-1/2025-06-01/10-${run}-${fence}.jsonl.gz`, 1] as const,
      ["rejects", run, hour + HOUR, `1/rejects/2025-06-01/10-${run}-${fence}.jsonl.gz`, 0] as const,
    ].map(([kind, owner, hour, path, events], index) => ({
      account_id: 1,
      id: index + 1,
      kind,
      owner,
      hour,
      writer: `${run}-${fence}`,
      path,
      events,
    })),
  );
  for (const { path, length } of segments) {
    assert.equal((await Deno.stat(`${peer.archive.folder}/${path}`)).size, length);
  }
  assert.equal((await peer.lines("stream")).length, 4);
  assert.deepEqual(await peer.lines("rejects"), ["a", "b"]);
});

onEachDatabase(
  "a worker whose run was taken over commits nothing more, and what it appended does not show",
  async (databases) => {
    await using peer = await startImport(databases);
    const late = peer.commits();
    await late.commit(peer.batch([person(1)], { checkpoint: { row: 1 } }));
    await peer.database.kysely.updateTable("runs").set({ fence: peer.claim.fence + 1 }).execute();
    const before = await peer.content();
    for (let tries = 0; tries < 2; tries++) {
      const lost = late.commit(peer.batch([person(1, { name: "late" }), person(2)], { rejects: rejects("late") }));
      await assert.rejects(lost, LeaseLost);
      assert.deepEqual(await peer.content(), before);
    }
    const claim = { ...peer.claim, fence: peer.claim.fence + 1 };
    const statements = statementsFor(peer.database.kind);
    const next = new ImportCommits(peer.database, statements, peer.archive, claim, peer.place, memorySpool());
    await next.commit(peer.batch([person(2)], { checkpoint: { row: 2 } }));
    assert.deepEqual((await peer.lines("stream")).map((line) => JSON.parse(line).data.id), ["1", "2"]);
    const segments = await segmentsOf(peer);
    assert.deepEqual(segments.map(({ writer }) => writer), [1, 2].map((fence) => `${claim.run}-${fence}`));
    assert.equal(new Set(segments.map(({ path }) => path)).size, 2, "no two claims write one file");
  },
);

onEachDatabase("a run that has ended takes no commits", async (databases) => {
  await using peer = await startImport(databases);
  await peer.database.kysely.updateTable("runs").set({ status: "cancelled" }).execute();
  await assert.rejects(peer.commits().commit(peer.batch([person(1)])), LeaseLost);
  assert.deepEqual(await segmentsOf(peer), []);
});

onEachDatabase(
  "what a commit appended before it failed does not show, and the next writes over it",
  async (databases) => {
    await using peer = await startImport(databases);
    let broken = false;
    const whole = statementsFor(peer.database.kind);
    const statements = {
      ...whole,
      insertProfiles: (...rest: Parameters<ProfileStatements["insertProfiles"]>) => {
        if (broken) throw new Error("The power went out");
        return whole.insertProfiles(...rest);
      },
    };
    const commits = new ImportCommits(peer.database, statements, peer.archive, peer.claim, peer.place, memorySpool());
    for (const round of [0, 1]) {
      // In a file that is new, then in one that holds something.
      const before = await peer.content();
      broken = true;
      const many = Array.from({ length: 500 }, (_, index) => person(1_000 * (round + 1) + index));
      await assert.rejects(commits.commit(peer.batch(many, { rejects: rejects("x".repeat(99)) })), /power/);
      assert.deepEqual(await peer.content(), before);
      broken = false;
      await commits.commit(peer.batch([person(round)], { rejects: rejects(String(round)) }));
    }
    assert.deepEqual((await peer.lines("stream")).map((line) => JSON.parse(line).data.id), ["0", "1"]);
    assert.deepEqual(await peer.lines("rejects"), ["0", "1"]);
    const segments = await segmentsOf(peer);
    assert.equal(segments.length, 2);
    for (const { path, length } of segments) {
      assert.equal(
        (await Deno.stat(`${peer.archive.folder}/${path}`)).size,
        length,
        "nothing is left of the lost ones",
      );
    }
  },
);

onEachDatabase("lines that do not become durable keep the commit from happening", async (databases) => {
  await using peer = await startImport(databases);
  class BrokenArchive extends Archive {
    override async append(...member: Parameters<Archive["append"]>): Promise<number> {
      await super.append(...member);
      throw new Error("The disk broke");
    }
  }
  const archive = new BrokenArchive(peer.archive.folder), before = await peer.content();
  const statements = statementsFor(peer.database.kind);
  const commits = new ImportCommits(peer.database, statements, archive, peer.claim, peer.place, memorySpool());
  await assert.rejects(commits.commit(peer.batch([person(1)])), /The disk broke/);
  assert.deepEqual(await peer.content(), before);
});

onEachDatabase("a field counts over all commits, and keeps the first five different examples", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  const lists = [["x"], ["x"], ["y"]];
  for (const list of lists) await commits.commit(peer.batch([person(1, { list, "": "unnamed" })]));
  for (let id = 2; id < 9; id++) await commits.commit(peer.batch([person(id, { list: id, late: "" })]));
  const fields = await peer.database.kysely.selectFrom("stream_fields").select(["name", "filled", "examples"])
    .orderBy("name").execute();
  assert.deepEqual(fields.map((field) => Object.values(field)), [
    ["", 3, '["unnamed"]'],
    ["id", 10, '["1","2","3","4","5"]'],
    ["late", 0, "[]"],
    ["list", 10, '[["x"],["y"],2,3,4]'],
  ]);
});

onEachDatabase("a stream without a mapping gets its events, and makes no profiles", async (databases) => {
  await using peer = await startImport(databases);
  await peer.unmapped.commits.commit(peer.batch([person(1), person(2)], { profiles: [] }));
  const { profiles, identities, lines } = await peer.content();
  assert.deepEqual([profiles, (identities as unknown[]).length, (lines as string[]).length], [[], 0, 2]);
});

onEachDatabase("profiles created and updated add up over the commits of a run", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch([person(1), person(2)]));
  await commits.commit(peer.batch([person(1), person(2, { name: "Bob" }), person(3)]));
  const { profiles_created, profiles_updated } = await peer.run();
  assert.deepEqual([profiles_created, profiles_updated], [3, 1]);
});
