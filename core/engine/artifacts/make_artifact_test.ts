import assert from "node:assert/strict";
import { alteredDatabase } from "../../database/altered_testing.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import type { EraseContext } from "../erasable_stores.ts";
import { failure, makeFolder, startEngine } from "../engine_testing.ts";
import { openHome } from "../home.ts";
import { ArtifactFiles } from "./artifact_files.ts";
import { artifactStore } from "./erase_artifacts.ts";
import { type ArtifactCore, type FinishedArtifact, makeArtifact } from "./make_artifact.ts";
import { sweepArtifacts } from "./sweep_artifacts.ts";

const INPUT = { kind: "rejects", run: null, name: "a.jsonl", mediaType: "application/x-ndjson" } as const;
const DAY = 86_400_000;
const bytes = (text: string) => new TextEncoder().encode(text);

/** An engine with a data directory; artifacts are made of texts, and the clock stands where it is put. */
async function start(databases: TestDatabases) {
  const stack = new AsyncDisposableStack();
  const { context } = stack.use(await startEngine(databases));
  const home = await openHome(stack.use(await makeFolder()).path);
  const core: ArtifactCore = { home, database: context.database, vault: context.vault };
  const peer = {
    core,
    context,
    now: 1_000_000,
    clock: () => Promise.resolve(peer.now),
    make: (content: AsyncIterable<Uint8Array>, more: { core?: ArtifactCore; signal?: AbortSignal } = {}) => {
      const { core: used = core, signal } = more;
      return makeArtifact(used, context, { ...INPUT, lifetime: DAY, signal }, content, peer.clock);
    },
    sweep: () => sweepArtifacts(core, { clock: peer.clock }),
    /** The files that there are, and the rows: their ids, and how they ended. */
    left: async () => ({
      files: await Array.fromAsync(new ArtifactFiles(home.artifactsDir).entries(), ({ id }) => id),
      rows: (await core.database.kysely.selectFrom("artifacts").select(["id", "ended_because"]).orderBy("id").execute())
        .map(({ id, ended_because }) => `${id} ${ended_because}`),
    }),
    erase: async () => {
      const erasing: Partial<EraseContext> = {
        core: core as EraseContext["core"],
        account: 1,
        commit: async (work) => {
          await core.database.write(work);
        },
      };
      await artifactStore.erase(erasing as EraseContext);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  return peer;
}

async function* content(...parts: readonly (string | (() => Promise<void>))[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (typeof part === "string") yield bytes(part);
    else await part();
  }
}

const NOTHING = { files: [], rows: [] };

onEachDatabase("what cannot be written to its end leaves neither file nor row", async (databases) => {
  await using peer = await start(databases);
  const broken = () => Promise.reject(new Error("The source broke"));
  await assert.rejects(peer.make(content("one\n", broken)), /The source broke/);
  const gone = new AbortController();
  const leave = () => Promise.resolve(gone.abort());
  await assert.rejects(peer.make(content("one\n", leave, "two\n"), { signal: gone.signal }), failure("cancelled", /./));
  const failing = alteredDatabase(peer.core.database, {
    write: () => Promise.reject(new Error("The database went away")),
  });
  await assert.rejects(peer.make(content("one\n"), { core: { ...peer.core, database: failing } }), /went away/);
  assert.deepEqual(await peer.left(), NOTHING);
});

onEachDatabase("an artifact that was made stays, though its answer was lost", async (databases) => {
  await using peer = await start(databases);
  const { database } = peer.core;
  const losing = alteredDatabase(database, {
    write: async (work, options) => {
      await database.write(work, options);
      throw new Error("The connection is lost");
    },
  });
  await assert.rejects(peer.make(content("one\n"), { core: { ...peer.core, database: losing } }), /is lost/);
  const { files: [id = ""], rows } = await peer.left();
  assert.deepEqual(rows, [`${id} null`]);
  assert.deepEqual(await peer.sweep(), []);
});

onEachDatabase("what expired is swept, and forgotten after 30 days", async (databases) => {
  await using peer = await start(databases);
  const old = await peer.make(content("old"));
  peer.now += DAY / 2;
  const young = await peer.make(content("young"));
  assert.deepEqual(await peer.sweep(), []);
  peer.now += DAY / 2 + 1_000;
  assert.deepEqual(await peer.sweep(), [old.id]);
  const both = [`${old.id} expired`, `${young.id} null`].sort();
  assert.deepEqual(await peer.left(), { files: [young.id], rows: both });
  peer.now += 30 * DAY;
  assert.deepEqual(await peer.sweep(), [young.id]);
  assert.deepEqual(await peer.left(), { files: [], rows: [`${young.id} expired`] });
});

onEachDatabase("what a crash left is swept, and what is being written stays", async (databases) => {
  await using peer = await start(databases);
  const made = await peer.make(content("whole"));
  const folder = `${peer.core.home.artifactsDir}/1`;
  const id = (letter: string) => letter.repeat(32);
  // A file and its row, a file without one, a row whose file is gone, and an end whose file was not removed.
  for (const letter of ["a", "b", "d"]) await Deno.writeTextFile(`${folder}/${id(letter)}`, "half a ro");
  // This one is about to be locked.
  await Deno.writeTextFile(`${folder}/${id("e")}`, "");
  const rows = { ...made, size: null, sha256: null } satisfies Record<keyof FinishedArtifact, unknown>;
  const ended = { ...made, ended_at: peer.now, ended_because: "revoked" } as const;
  await peer.core.database.kysely.insertInto("artifacts")
    .values([{ ...rows, id: id("a") }, { ...rows, id: id("c") }, { ...ended, id: id("d") }]).execute();
  const writing = Promise.withResolvers<void>();
  const swept = Promise.withResolvers<void>();
  const coming = peer.make(content(
    "first\n",
    () => {
      writing.resolve();
      return swept.promise;
    },
    "last\n",
  ));
  await writing.promise;
  assert.deepEqual((await peer.sweep()).sort(), ["a", "b", "d"].map(id));
  swept.resolve();
  const { id: late, size } = await coming;
  assert.equal(size, 11);
  assert.deepEqual((await peer.left()).files.sort(), [made.id, late, id("e")].sort());
  assert.deepEqual(
    (await peer.left()).rows.sort(),
    [`${made.id} null`, `${late} null`, `${id("d")} revoked`].sort(),
  );
});

onEachDatabase(
  "an erasure removes every file of its account, those included that are being written",
  async (databases) => {
    await using peer = await start(databases);
    const made = await peer.make(content("Ada"));
    const foreign = `${peer.core.home.artifactsDir}/2/${"f".repeat(32)}`;
    await Deno.mkdir(`${peer.core.home.artifactsDir}/2`);
    await Deno.writeTextFile(foreign, "another account's");
    const cut = peer.make(content("Ada\n", peer.erase, "Bo\n"));
    await assert.rejects(cut, failure("transient", /^An erasure removed the file/));
    const { files, rows } = await peer.left();
    assert.deepEqual(files, ["f".repeat(32)]);
    assert.deepEqual(rows, [`${made.id} erased`]);
    const later = await peer.make(content("Bo"));
    assert.equal(later.size, 2);
    await peer.erase();
    assert.deepEqual((await peer.left()).files, ["f".repeat(32)]);
  },
);

onEachDatabase("a name that leads elsewhere is refused", async (databases) => {
  await using peer = await start(databases);
  for (const name of ["../a", "a\\b", "a\nb"]) {
    const input = { ...INPUT, name, lifetime: DAY };
    await assert.rejects(makeArtifact(peer.core, peer.context, input, content("x")), failure("config", /called/));
  }
  assert.deepEqual(await peer.left(), NOTHING);
});
