/**
 * Erasures among everything else: imports, mappings that change, replays, lists, snapshots, change feeds, attempts that
 * are killed. At the end nothing is left of the erased, and all else is as if only that had ever come.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { profilesIn } from "./change_feed_testing.ts";
import { archiveDamage } from "./check_archive.ts";
import { assertNoTrace, makeCities, openRun } from "./erasure_testing.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { rowOf, step, World } from "./erasure_world_testing.ts";

/** Profiles of a table as they are shown, but for their ids. */
async function shown({ database }: ImportPeer, table: number): Promise<string[]> {
  const profiles = await profilesIn(database.kysely, table);
  return [...profiles.values()].map((one) => JSON.stringify(Object.entries(one).sort())).sort();
}

async function filesIn(folder: string, within = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, within))) {
    if (isDirectory) files.push(...await filesIn(folder, join(within, name)));
    else files.push(join(within, name));
  }
  return files;
}

async function check(databases: TestDatabases, world: World): Promise<void> {
  const { peer, peer: { database, database: { kysely }, archive } } = world;
  const left = (await peer.lines("stream")).map((line) => JSON.parse(line).data);
  assert.deepEqual(left, world.events, "the events that are left");
  const kept = (await peer.lines("rejects")).map((line) => JSON.parse(line)).filter((line) => "raw" in line)
    .map(({ raw }) => new TextDecoder().decode(Uint8Array.fromBase64(raw)));
  assert.deepEqual(kept, world.rejects.map(([, value]) => `${value},too,many`), "the rejected rows that are left");
  const { rejected, rejected_erased } = await peer.run();
  assert.equal(rejected - rejected_erased, kept.length);
  const { events } = await kysely.selectFrom("streams").select("events").executeTakeFirstOrThrow();
  assert.equal(events, left.length);
  for (const { name, filled } of await kysely.selectFrom("stream_fields").select(["name", "filled"]).execute()) {
    assert.equal(filled, left.filter((given) => name in given).length, `field ${name}`);
  }
  assert.deepEqual(await Array.fromAsync(archiveDamage(database, archive, "content")), []);
  // What others have, and have had.
  const { definition } = await kysely.selectFrom("mappings").select("definition").where("table_id", "=", 1)
    .executeTakeFirstOrThrow();
  await using fresh = await startImport(databases, { lql: JSON.parse(definition).text });
  await makeCities(fresh);
  {
    await using run = await openRun(fresh);
    await run.emit(world.events.map(rowOf), null);
    await run.flush();
  }
  for (const table of [1, 2]) assert.deepEqual(await shown(peer, table), await shown(fresh, table), `table ${table}`);
  await world.fetch();
  const busy = [...(await profilesIn(kysely)).values()].filter((one) => Number(one["events"]) >= 2).length;
  assert.equal((await world.audiences.size("busy")).size, busy);
  assert.equal((await world.audiences.get("listed")).members, world.list.size);
  const found = (await Array.fromAsync(world.audiences.eachMember("listed"))).length;
  const members = [...(await profilesIn(kysely)).values()];
  assert(found <= members.length);
  // And of the others nothing.
  const said = JSON.stringify([world.events, world.rejects, world.snapshot, world.said, ...world.strays.values()]);
  const gone = [...world.asked.values()].flatMap(({ pairs }) => pairs.map(([, value]) => value))
    .filter((value) => !said.includes(value) && !world.back.has(value));
  if (gone.length > 0) await assertNoTrace(peer, [...new Set(gone.map((value) => value.toLowerCase()))]);
  const named = (await kysely.selectFrom("segments").select("path").execute()).map(({ path }) => path);
  if (named.length > 0) {
    assert.deepEqual((await filesIn(archive.folder)).sort(), [...named, ...world.strays.keys()].sort());
  }
}

onEachDatabase(
  "nothing is left of the erased, and all of the others, whatever happens in between",
  async (databases) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 40 }), fc.boolean(), async (steps, forever) => {
        await using stack = new AsyncDisposableStack();
        const world = await World.start(databases, stack, forever);
        for (const one of steps) await world.take(one);
        await world.end();
        await check(databases, world);
      }),
      { numRuns: 3, endOnFailure: true },
    );
  },
);
