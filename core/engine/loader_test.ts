import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { failure, makeFolder } from "./engine_testing.ts";
import { loadRegistry } from "./loader.ts";

const HELLO = '{ name: "hello", version: "1.0.0", api: 1 }';
const PROVIDER = '{ id: "acme", title: "Acme", summary: "A shop.", auths: [] }';

Deno.test("plugins load from paths and URLs, one or several a module, each module once", async () => {
  await using folder = await makeFolder();
  const one = join(folder.path, "one.mjs");
  const many = join(folder.path, "many.mjs");
  await Deno.writeTextFile(one, `export const plugin = ${HELLO};`);
  await Deno.writeTextFile(
    many,
    `export const plugins = [{ ...${HELLO}, name: "other" }, { ...${HELLO}, name: "third" }];`,
  );
  const { plugins } = await loadRegistry([one, pathToFileURL(many).href, pathToFileURL(one).href]);
  assert.deepEqual(plugins.map(({ name }) => name), ["hello", "other", "third"]);
});

const BROKEN: readonly [what: string, text: string, message: RegExp, hint: RegExp][] = [
  ["throws", 'throw new Error("out of order");', /could not be loaded: out of order$/, /threw while it was loaded/],
  ["throws no error", "throw null;", /could not be loaded: null$/, /threw while it was loaded/],
  ["is no JavaScript", "export const plugin = {", /could not be loaded: /, /not valid/],
  ["imports a file that is not there", 'import "./none.mjs";', /none\.mjs/, /import of the plugin's leads nowhere/],
  ["imports an unknown package", 'import "acme";', /could not be loaded: .*"?acme"?/, /npm:name@version/],
  ["exports nothing", "", /the module exports no plugin, but nothing$/, /as "plugin"/],
  ["exports it by default", "export default 1;", /the module exports no plugin, but "default"$/, /as "plugin"/],
  ["exports something else", "export const plugin = 7;", /what it exports is no plugin$/, /what definePlugin gives/],
  [
    "is for another contract",
    'export const plugin = { name: "x", version: "1", api: 9 };',
    /it is written for version 9 of the plugin contract, not 1$/,
    /Install a version/,
  ],
  [
    "names no contract",
    'export const plugin = { name: "x", version: "1" };',
    /it is written for no version of the plugin contract, not 1$/,
    /Install a version/,
  ],
];

for (const [what, text, message, hint] of BROKEN) {
  Deno.test(`a module that ${what} is a failure that names it and says what to do`, async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "broken.mjs");
    await Deno.writeTextFile(path, text);
    await assert.rejects(loadRegistry([path]), (error: Error) => {
      assert(error.message.startsWith(`Plugin "${path}" could not be loaded: `), error.message);
      return failure("config", message, { hint })(error);
    });
  });
}

Deno.test("a path that leads nowhere or to a folder is told in words of its own", async () => {
  await using folder = await makeFolder();
  const none = join(folder.path, "none.ts");
  await assert.rejects(loadRegistry([none]), failure("config", /: there is no file ".*none\.ts"$/, { hint: /path/ }));
  await assert.rejects(loadRegistry([folder.path]), failure("config", /is a folder$/, { hint: /Name the module/ }));
  await assert.rejects(
    loadRegistry(["acme.ts"]),
    failure("config", /^Plugin "acme\.ts"/, { hint: /starts with \.\// }),
  );
});

Deno.test("a module from a host that is not allowed says which permission is missing", async () => {
  const specifier = "https://plugins.invalid/acme.ts";
  await assert.rejects(
    loadRegistry([specifier]),
    failure("config", /plugins\.invalid.*--allow-import/, { hint: /Grant/ }),
  );
});

Deno.test("plugins that bring the same id are refused, both by name and module", async () => {
  await using folder = await makeFolder();
  const [first, second] = [join(folder.path, "first.mjs"), join(folder.path, "second.mjs")];
  await Deno.writeTextFile(first, `export const plugin = { ...${HELLO}, providers: [${PROVIDER}] };`);
  await Deno.writeTextFile(second, `export const plugin = { ...${HELLO}, name: "other", providers: [${PROVIDER}] };`);
  await assert.rejects(loadRegistry([first, second]), (error: Error) => {
    assert.equal(
      error.message,
      `Plugin "other" of "${second}" cannot be used: ` +
        `provider "acme" is already brought by plugin "hello" of "${first}"`,
    );
    return failure("config", /./, { hint: /leave it out/ })(error);
  });
  await Deno.writeTextFile(second, `export const plugin = ${HELLO};`);
  const again = pathToFileURL(second).href + "?2";
  await assert.rejects(loadRegistry([first, again]), failure("config", /another plugin has the same name: "hello" of/));
});

Deno.test("what is no file has more time: its first load fetches it", async () => {
  const code = `await new Promise((done) => setTimeout(done, 20)); export const plugin = ${HELLO};`;
  const late = `data:text/javascript,${encodeURIComponent(code)}`;
  assert.equal((await loadRegistry([late], { loadWithin: 1 })).plugins.length, 1);
  await assert.rejects(
    loadRegistry([`${late}//2`], { fetchWithin: 1 }),
    failure("config", /did not finish loading within 0\.001 s/, { hint: /try again: what has come is kept/ }),
  );
});

Deno.test("a module that never finishes loading is a failure that names it, though nothing else keeps the process", async () => {
  await using folder = await makeFolder();
  const [endless, driver] = [join(folder.path, "endless.mjs"), join(folder.path, "driver.mjs")];
  await Deno.writeTextFile(endless, `await new Promise(() => {}); export const plugin = ${HELLO};`);
  await Deno.writeTextFile(
    driver,
    `import { loadRegistry } from ${JSON.stringify(import.meta.resolve("./loader.ts"))};
    await loadRegistry([${JSON.stringify(endless)}], { loadWithin: 20 }).catch((error) => {
      console.log(JSON.stringify(error));
      Deno.exit(7);
    });`,
  );
  // A process of its own: Deno ends one that such a module is still loading in.
  const config = fileURLToPath(import.meta.resolve("../../deno.json"));
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-prompt", "--no-check", "--config", config, "--allow-read", driver],
  }).output();
  assert.equal(code, 7, new TextDecoder().decode(stderr));
  const { kind, message } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(kind, "config");
  assert.equal(message, `Plugin "${endless}" could not be loaded: it did not finish loading within 0.02 s`);
});
