import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { failure, makeFolder } from "./engine_testing.ts";
import { loadPlugins } from "./loader.ts";

const HELLO = '{ name: "hello", version: "1.0.0", api: 1 }';

Deno.test("plugins load from paths and URLs, one or several a module", async () => {
  await using folder = await makeFolder();
  const one = join(folder.path, "one.mjs");
  const many = join(folder.path, "many.mjs");
  await Deno.writeTextFile(one, `export const plugin = ${HELLO};`);
  await Deno.writeTextFile(many, `export const plugins = [${HELLO}, { ...${HELLO}, name: "other" }];`);
  const loaded = await loadPlugins([one, pathToFileURL(many).href]);
  assert.deepEqual(loaded.map(({ name }) => name), ["hello", "hello", "other"]);
});

const BROKEN: readonly [string, string | undefined, RegExp][] = [
  ["is not there", undefined, /could not be loaded: /],
  ["throws", 'throw new Error("out of order");', /could not be loaded: out of order$/],
  ["is no JavaScript", "export const plugin = {", /could not be loaded: /],
  ["imports what is not there", 'import "./none.mjs";', /could not be loaded: /],
  ["exports no plugin", "export const plug = 1;", /could not be loaded: the module exports no plugin$/],
  ["exports something else", "export const plugin = 7;", /could not be loaded: what it exports is no plugin$/],
  ["is for another contract", 'export const plugin = { name: "x", version: "1", api: 9 };', /version 9 of the plugin/],
];

for (const [what, text, message] of BROKEN) {
  Deno.test(`a module that ${what} is a failure that names it`, async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "broken.mjs");
    if (text !== undefined) await Deno.writeTextFile(path, text);
    await assert.rejects(loadPlugins([path]), (error: Error) => {
      assert(error.message.startsWith(`Plugin "${path}" `), error.message);
      return failure("config", message, { hint: /./ })(error);
    });
  });
}
