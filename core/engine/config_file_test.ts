import assert from "node:assert/strict";
import { join } from "node:path";
import { CONFIG_FILE, readConfigFile } from "./config_file.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { RATE_LIMITS } from "./rate_limits.ts";

Deno.test("without a configuration file, or a data directory, nothing is set", async () => {
  await using folder = await makeFolder();
  const unset = { plugins: [], uploadLimit: 5 * 1024 ** 3, rateLimits: RATE_LIMITS };
  assert.deepEqual(await readConfigFile(folder.path), unset);
  assert.deepEqual(await readConfigFile(join(folder.path, "none")), unset);
});

Deno.test("paths in the configuration file start at its folder, other specifiers stay", async () => {
  await using folder = await makeFolder();
  const plugins = ["./acme.ts", "../shop/mod.ts", "/srv/acme.ts", "npm:acme@1", "https://example.com/acme.ts"];
  await Deno.writeTextFile(join(folder.path, CONFIG_FILE), JSON.stringify({ plugins }));
  assert.deepEqual((await readConfigFile(folder.path)).plugins, [
    join(folder.path, "acme.ts"),
    join(folder.path, "../shop/mod.ts"),
    ...plugins.slice(2),
  ]);
});

Deno.test("the configuration file sets rate limits one by one", async () => {
  await using folder = await makeFolder();
  const limit = { requests: 100, seconds: 60 };
  await Deno.writeTextFile(
    join(folder.path, CONFIG_FILE),
    JSON.stringify({ rate_limits: { "profile-import": limit } }),
  );
  assert.deepEqual((await readConfigFile(folder.path)).rateLimits, { ...RATE_LIMITS, "profile-import": limit });
});

const REFUSED: readonly [what: string, text: string, message: RegExp, hint: RegExp][] = [
  ["is no JSON", '{ "plugins": [], }', /cannot be used: it is not JSON: /, /trailing commas/],
  ["holds no object", '["./acme.ts"]', /it holds no JSON object$/, /Write \{/],
  ["holds null", "null", /it holds no JSON object$/, /Write \{/],
  ["misspells a setting", '{ "plugin": [] }', /there is no setting "plugin"$/, /Did you mean "plugins"\?/],
  [
    "has a setting of its own",
    '{ "colour": 1 }',
    /there is no setting "colour"$/,
    /The settings are "plugins", "upload_limit_bytes", "rate_limits"$/,
  ],
  ["names one plugin without a list", '{ "plugins": "./acme.ts" }', /"plugins" must be a list$/, /Write \{/],
  ["lists something else", '{ "plugins": [1] }', /"plugins" must be a list of text$/, /Write \{/],
  [
    "limits uploads to less than a byte",
    '{ "upload_limit_bytes": 0 }',
    /"upload_limit_bytes" must be at least 1$/,
    /./,
  ],
  ["limits uploads in words", '{ "upload_limit_bytes": "5 GB" }', /must be a whole number of bytes$/, /./],
  [
    "limits nothing that there is",
    '{ "rate_limits": { "imports": {} } }',
    /"rate_limits" must hold limits by their names: profile-import, /,
    /./,
  ],
  [
    "limits to nothing",
    '{ "rate_limits": { "log-export": { "requests": 0, "seconds": 1 } } }',
    /"rate_limits.log-export.requests" must/,
    /./,
  ],
  [
    "limits by half",
    '{ "rate_limits": { "log-export": { "requests": 5 } } }',
    /"rate_limits.log-export.seconds" must/,
    /./,
  ],
  ["lists an empty name", '{ "plugins": [""] }', /"plugins" must name modules$/, /Write \{/],
];

for (const [what, text, message, hint] of REFUSED) {
  Deno.test(`a configuration file that ${what} is refused by name`, async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, CONFIG_FILE);
    await Deno.writeTextFile(path, text);
    await assert.rejects(readConfigFile(folder.path), (error: Error) => {
      assert(error.message.startsWith(`Configuration file "${path}" `), error.message);
      return failure("config", message, { hint })(error);
    });
  });
}

Deno.test("a configuration file that cannot be read is refused by name", async () => {
  await using folder = await makeFolder();
  await Deno.mkdir(join(folder.path, CONFIG_FILE));
  await assert.rejects(
    readConfigFile(folder.path),
    failure("config", /waybill\.json" cannot be used/, { hint: /read/ }),
  );
});
