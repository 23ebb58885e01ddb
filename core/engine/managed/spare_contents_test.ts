import assert from "node:assert/strict";
import { ManagedContents, type OpenContent } from "./contents.ts";
import { SpareContents } from "./spare_contents.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-spares-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function stored(contents: ManagedContents): Promise<string[]> {
  return (await Array.fromAsync(contents.stored())).map(({ id }) => id).sort();
}

/** Resolves once it is so. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("contents that are asked for one after the other are made ahead, and locked like the rest", () =>
  inFolder(async (folder) => {
    const contents = new ManagedContents(`${folder}/managed`, { ahead: true });
    const made: OpenContent[] = [];
    {
      await using _ = contents;
      const ahead = async () => (await stored(contents)).length > made.length + 3;
      made.push(await contents.create());
      assert.deepEqual(await stored(contents), [made[0]?.id]);
      made.push(await contents.create());
      await until(ahead);
      for (let index = 0; index < 40; index++) made.push(await contents.create());
      await until(ahead);
      for await (const content of contents.stored()) assert.ok(await contents.isBeingWritten(content));
    }
    const ids = made.map(({ id }) => id);
    assert.equal(new Set(ids).size, 42);
    assert.deepEqual(await stored(contents), ids.toSorted(), "those that nobody took are gone");
    for (const [index, content] of made.entries()) {
      await content.handle.write(new TextEncoder().encode(`${index}`), 0, null, 0);
      await content.sync();
      await content[Symbol.asyncDispose]();
      assert.equal(await Deno.readTextFile(`${folder}/managed/${content.id.slice(0, 2)}/${content.id}`), `${index}`);
    }
  }));

Deno.test("spares that nobody asks for any more are let go of", () =>
  inFolder(async (folder) => {
    const contents = new ManagedContents(`${folder}/managed`);
    const make = (count: number) => Promise.all(Array.from({ length: count }, () => contents.create()));
    const discard = async (content: OpenContent) => {
      await contents.remove(content.id);
      await content[Symbol.asyncDispose]();
    };
    await using spares = new SpareContents({ make, discard }, 50);
    assert.equal(spares.take(), undefined);
    assert.equal(spares.take(), undefined);
    await until(async () => (await stored(contents)).length === 16);
    await until(async () => (await stored(contents)).length === 0);
  }));

Deno.test("where spares cannot be made each is made when it is asked for", async () => {
  let tries = 0;
  const make = () => {
    tries++;
    return Promise.reject(new Error("The disk is full"));
  };
  await using spares = new SpareContents({ make, discard: () => Promise.resolve() });
  for (let index = 0; index < 3; index++) {
    assert.equal(spares.take(), undefined);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(tries, 2);
});
