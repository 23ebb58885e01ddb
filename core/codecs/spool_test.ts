import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { folderSpool, type Spool } from "./spool.ts";
import { memorySpool } from "./spool_memory.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = async (stream: ReadableStream<Uint8Array>) => await new Response(stream).text();

function onEachSpool(name: string, test: (spool: Spool) => Promise<void>): void {
  Deno.test(`${name} (memory)`, () => test(memorySpool()));
  Deno.test(`${name} (folder)`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await test(folderSpool(`${folder}/a/b`));
      assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/a/b`)), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

onEachSpool("a spool file is read from where it is asked, to the end it had then", async (spool) => {
  await using file = await spool.create();
  await file.append(bytes("one,"));
  const first = file.open();
  await file.append(bytes("two"));
  assert.equal(await text(first), "one,");
  assert.equal(await text(file.open()), "one,two");
  assert.equal(await text(file.open(4)), "two");
  assert.equal(await text(file.open(99)), "");
  assert.equal(file.size, 7);
  const into = new Uint8Array(10);
  assert.equal(await file.read(2, into), 5);
  assert.equal(new TextDecoder().decode(into.subarray(0, 5)), "e,two");
  assert.equal(await file.read(7, into), 0);
});

onEachSpool("two readers and a writer of one spool file do not disturb one another", async (spool) => {
  await using file = await spool.create();
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  for (let at = 0; at < content.length; at += 1_000) await file.append(content.subarray(at, at + 1_000));
  const reads = Array.from({ length: 50 }, async (_, index) => {
    const into = new Uint8Array(1_000);
    await file.read(index * 1_000, into);
    assert.deepEqual(into, content.subarray(index * 1_000, index * 1_000 + 1_000));
  });
  await Promise.all([...reads, file.append(content), file.append(content)]);
  assert.deepEqual(new Uint8Array(await new Response(file.open(60_000)).arrayBuffer()).length, 120_000);
});

onEachSpool("a spool file that was disposed of gives nothing", async (spool) => {
  const file = await spool.create();
  await file.append(bytes("secret"));
  const reader = file.open();
  await file[Symbol.asyncDispose]();
  await file[Symbol.asyncDispose]();
  await assert.rejects(text(reader), TypeError);
  await assert.rejects(file.append(bytes("more")), TypeError);
  await assert.rejects(file.read(0, new Uint8Array(1)), TypeError);
});

Deno.test("a spool file has no name that anybody could open, and its folder is private", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using file = await folderSpool(`${folder}/spool`).create();
    await file.append(bytes("secret"));
    assert.equal((await Deno.stat(`${folder}/spool`)).mode! & 0o777, 0o700);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/spool`)), []);
    assert.equal(await text(file.open()), "secret");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a spool whose folder cannot be made says so", async () => {
  const file = await Deno.makeTempFile();
  try {
    await assert.rejects(folderSpool(`${file}/spool`).create(), (error) => {
      assert(error instanceof Failure);
      assert.equal(error.kind, "transient");
      assert(error.message.includes(file));
      return true;
    });
  } finally {
    await Deno.remove(file);
  }
});
