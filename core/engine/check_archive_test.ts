import assert from "node:assert/strict";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { archiveDamage, type ArchiveDepth } from "./check_archive.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";

const ROWS = Array.from({ length: 400 }, (_, id) => ({ fields: { id: String(id) } }));

interface Peer extends AsyncDisposable {
  /** Where the bytes are. */
  readonly file: string;
  readonly path: string;
  /** Length after the first commit, and after the second. */
  readonly lengths: readonly [number, number];
  damage(depth: ArchiveDepth): Promise<string[]>;
}

/** An import of two commits in one archive file. */
async function startPeer(databases: TestDatabases): Promise<Peer> {
  const peer: ImportPeer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch(ROWS));
  const segment = () =>
    peer.database.kysely.selectFrom("segments").select(["path", "length"]).executeTakeFirstOrThrow();
  const first = await segment();
  await commits.commit(peer.batch(ROWS));
  const { path, length } = await segment();
  return {
    file: `${peer.archive.folder}/${path}`,
    path,
    lengths: [first.length, length],
    damage: (depth) => Array.fromAsync(archiveDamage(peer.database, peer.archive, depth)),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

onEachDatabase(
  "a whole archive has no damage, however closely it is looked at, nor has one with an unrecorded tail",
  async (databases) => {
    await using peer = await startPeer(databases);
    assert.deepEqual([await peer.damage("sizes"), await peer.damage("content")], [[], []]);
    await Deno.writeFile(peer.file, new Uint8Array(9), { append: true });
    assert.deepEqual([await peer.damage("sizes"), await peer.damage("content")], [[], []]);
  },
);

onEachDatabase("an archive file that is gone or too short is named, with what is there", async (databases) => {
  await using peer = await startPeer(databases);
  const [first, length] = peer.lengths;
  await Deno.truncate(peer.file, first);
  const short = [`Archive file "${peer.path}" is damaged: it has ${first} of ${length} bytes`];
  assert.deepEqual([await peer.damage("sizes"), await peer.damage("content")], [short, short]);
  await Deno.remove(peer.file);
  const gone = [`Archive file "${peer.path}" is damaged: it is gone`];
  assert.deepEqual([await peer.damage("sizes"), await peer.damage("content")], [gone, gone]);
});

onEachDatabase("bytes that changed in any member show when the content is read", async (databases) => {
  await using peer = await startPeer(databases);
  const [first, length] = peer.lengths;
  const sound = await Deno.readFile(peer.file);
  for (const place of [0, first - 5, first, length - 5]) {
    const bytes = sound.slice();
    bytes[place]! ^= 0xff;
    await Deno.writeFile(peer.file, bytes);
    const [damage, ...more] = await peer.damage("content");
    assert.match(damage ?? "", new RegExp(`^Archive file "${peer.path}" is damaged: `));
    assert.deepEqual(more, []);
  }
});

onEachDatabase("zeros in place of a commit's bytes show when the content is read", async (databases) => {
  await using peer = await startPeer(databases);
  const [first] = peer.lengths;
  const bytes = await Deno.readFile(peer.file);
  await Deno.writeFile(peer.file, bytes.fill(0, first));
  assert.match((await peer.damage("content"))[0] ?? "", /is damaged: /);
});
