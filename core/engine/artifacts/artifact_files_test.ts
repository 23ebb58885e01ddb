import assert from "node:assert/strict";
import { makeFolder } from "../engine_testing.ts";
import { ArtifactFiles } from "./artifact_files.ts";

const PLACE = { account: 1, id: "a".repeat(32) };
const BYTES = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251);

/** In pieces of every size: an empty one, large ones after small ones, single bytes. */
async function* inParts(): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const length of [0, 3, 400_000, 262_143, 1, 1, 262_144, ...new Array(100).fill(1), BYTES.length]) {
    yield BYTES.subarray(at, at += length);
  }
}

async function read(files: ArtifactFiles, first: number, length: number): Promise<Uint8Array> {
  return new Uint8Array(await new Response(await files.read(PLACE, first, length)).arrayBuffer());
}

Deno.test("a file gives the bytes that are asked for, wherever they lie", async () => {
  await using folder = await makeFolder();
  const files = new ArtifactFiles(`${folder.path}/artifacts`);
  {
    using file = await files.create(PLACE);
    const { size, sha256 } = await file.write(inParts());
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", BYTES)).toHex();
    assert.deepEqual([size, sha256], [BYTES.length, digest]);
    // Whoever writes it has not let go of it.
    assert.deepEqual((await Array.fromAsync(files.entries())).map(({ coming }) => coming), [true]);
  }
  assert.deepEqual(await Array.fromAsync(files.entries(1)), [{ ...PLACE, size: BYTES.length, coming: false }]);
  assert.deepEqual(await Array.fromAsync(files.entries(2)), []);
  for (const [first, length] of [[0, BYTES.length], [0, 1], [262_143, 2], [999_999, 1], [500_000, 0]] as const) {
    assert.deepEqual(await read(files, first, length), BYTES.slice(first, first + length), `${first} ${length}`);
  }
});

Deno.test("a download that is given up closes its file, and one of a file that was removed goes on", async () => {
  await using folder = await makeFolder();
  const files = new ArtifactFiles(`${folder.path}/artifacts`);
  {
    using file = await files.create(PLACE);
    await file.write(inParts());
  }
  // An open file left behind fails the test.
  const given = (await files.read(PLACE, 0, BYTES.length))!.getReader();
  await given.read();
  await given.cancel();
  const unread = (await files.read(PLACE, 0, BYTES.length))!;
  await unread.cancel();
  const going = (await files.read(PLACE, 0, BYTES.length))!;
  const pending = (await files.read(PLACE, 0, BYTES.length))!.getReader();
  const first = pending.read();
  await pending.cancel();
  await first;
  await files.remove(PLACE);
  assert.equal(await files.read(PLACE, 0, 1), undefined);
  assert.equal(await files.size(PLACE), undefined);
  assert.equal((await new Response(going).arrayBuffer()).byteLength, BYTES.length);
});

Deno.test("a file that is shorter than it was fails the download that was promised more", async () => {
  await using folder = await makeFolder();
  const files = new ArtifactFiles(`${folder.path}/artifacts`);
  {
    using file = await files.create(PLACE);
    await file.write(inParts());
  }
  await assert.rejects(read(files, 999_000, 2_000), /shorter than it was/);
});
