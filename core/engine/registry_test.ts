import assert from "node:assert/strict";
import { z } from "zod";
import { definePlugin, type PluginDefinition } from "../contracts/plugin.ts";
import { echoPlugin, failure, type OtherSide } from "./engine_testing.ts";
import { buildRegistry } from "./registry.ts";

const side: OtherSide = {
  fingerprint: "",
  files: [],
  hangs: false,
  honoursAfter: false,
  connects: 0,
  disposals: 0,
  passwords: [],
  addresses: [],
};
const echo = echoPlugin(side);
const [provider] = echo.providers ?? [];
const [job, bare] = (echo.jobs ?? []).filter((job) => job.direction === "import");
assert(provider && job && bare);

Deno.test("the registry finds providers, auth methods and job types by id", () => {
  const registry = buildRegistry([echo]);
  assert.equal(registry.provider("echo"), provider);
  assert.equal(registry.auth("echo-login").provider, provider);
  assert.equal(registry.job("echo-import"), job);
  assert.deepEqual(registry.jobs.map(({ id }) => id), ["echo-import", "echo-bare"]);
});

Deno.test("an unknown id is not found, and the near one is named", () => {
  const registry = buildRegistry([echo]);
  const code = "not_found";
  const lookUp = (id: string) => () => registry.job(id);
  assert.throws(
    lookUp("ehco-import"),
    failure("config", /no job type "ehco-import"/, { code, hint: /"echo-import"\?/ }),
  );
  assert.throws(lookUp("zzz"), failure("config", /no job type "zzz"/, { code, hint: /There are "echo-import"/ }));
  assert.throws(() => registry.auth("x"), failure("config", /no auth method "x"/, { code }));
  assert.throws(
    () => buildRegistry([]).provider("x"),
    failure("config", /no provider "x"/, { code, hint: /no provider yet/ }),
  );
});

Deno.test("a job may belong to a provider that another plugin brings, before or after it", () => {
  const providers = definePlugin({ name: "a", version: "1.0.0", api: 1, providers: [provider] });
  const jobs = definePlugin({ name: "b", version: "1.0.0", api: 1, jobs: [job] });
  assert.equal(buildRegistry([jobs, providers]).job("echo-import"), job);
  assert.throws(
    () => buildRegistry([jobs]),
    failure("config", /^Plugin "b" cannot be used: .*provider "echo", which no plugin brings/),
  );
});

const upload = { format: "echo", contentTypes: ["text/echo"], stream: "stream", file: "file" };

const BROKEN: readonly [string, PluginDefinition, RegExp][] = [
  ["another contract's version", { ...echo, api: 2 as 1 }, /api must be 1/],
  ["a name that is no kebab-case", { ...echo, name: "Echo!" }, /name must be kebab-case/],
  [
    "a job id that is no kebab-case",
    { ...echo, jobs: [{ ...job, id: "echo_x" }] },
    /jobs\["echo_x"\]\.id must be kebab-case/,
  ],
  ["two jobs of one id", { ...echo, jobs: [job, job] }, /job type "echo-import" is already brought by plugin "echo"/],
  ["a job without auths", { ...echo, jobs: [{ ...job, auths: [] }] }, /auths must name an auth method/],
  [
    "a config that is no zod object",
    { ...echo, jobs: [{ ...job, config: {} as typeof job.config }] },
    /config must be a zod object/,
  ],
  [
    "an auth that no plugin brings",
    { ...echo, jobs: [{ ...job, auths: [{ ...provider.auths[0]!, id: "alien" }] }] },
    /"alien", which no plugin brings/,
  ],
  [
    "choices for an unknown key",
    { ...echo, jobs: [{ ...job, choices: { fil: { load: async function* () {} } } }] },
    /choices for "fil", which is no key/,
  ],
  ["choices that need an unknown key", {
    ...echo,
    jobs: [{ ...job, choices: { file: { needs: ["fold"], load: async function* () {} } } }],
  }, /need "fold", which is no key/],
  ["a key in camelCase", {
    ...echo,
    jobs: [{ ...bare, config: z.object({ ...bare.config.shape, someKey: z.string() }) }],
  }, /"someKey" must be snake_case/],
  ["a job with a secret", {
    ...echo,
    jobs: [{ ...bare, config: z.object({ ...bare.config.shape, pin: z.string().meta({ secret: true }) }) }],
  }, /"pin" is a secret/],
  ["a key that the engine adds for a schedule", {
    ...echo,
    jobs: [{ ...bare, schedule: "daily", config: z.object({ ...bare.config.shape, timezone: z.string() }) }],
  }, /job type "echo-bare" has a schedule, whose field "timezone" the engine adds by itself/],
  ["a schedule that there is not", {
    ...echo,
    jobs: [{ ...bare, schedule: "often" as "daily" }],
  }, /jobs\["echo-bare"\]\.schedule /],
  ["a key that is a flag of the command line's own", {
    ...echo,
    jobs: [{ ...bare, config: z.object({ ...bare.config.shape, limit: z.int() }) }],
  }, /job type "echo-bare": config key "limit" would be the flag --limit, which is one of the command line's own/],
  ["a key that turns off another one's flag", {
    ...echo,
    jobs: [{ ...bare, config: z.object({ ...bare.config.shape, dry: z.boolean(), no_dry: z.string() }) }],
  }, /config key "no_dry" would be the flag --no-dry, which is that of "dry"/],
  ["a key that is the flag of a secret's file", {
    ...echo,
    providers: [{
      ...provider,
      auths: provider.auths.map((auth) => ({
        ...auth,
        config: auth.config.extend({ key_file: z.string().optional() }),
      })),
    }],
  }, /auth method "echo-login": config key "key_file" would be the flag --key-file, which is that of "key"/],
  ["a secret that is read from a variable of Waybill's own", {
    ...echo,
    providers: [{
      ...provider,
      auths: provider.auths.map((auth) => ({
        ...auth,
        config: auth.config.extend({ master_key: z.string().optional().meta({ secret: true }) }),
      })),
    }],
  }, /config key "master_key" would be read from WAYBILL_MASTER_KEY/],
  ["uploads whose file is no key", {
    ...echo,
    jobs: [{ ...job, upload: { ...upload, file: "fil" } }],
  }, /"echo-import" takes uploads, which need "fil" to be a key of its config/],
  ["uploads without a stream", {
    ...echo,
    jobs: [{ ...bare, config: z.object({ file: z.string() }), upload }],
  }, /"echo-bare" takes uploads, which need "stream" to be a key of its config/],
  ["uploads with a key that is a parameter of their own", {
    ...echo,
    jobs: [{ ...job, config: z.object({ ...job.config.shape, format: z.string() }), upload }],
  }, /"echo-import" takes uploads, where config key "format" would be a parameter of their own/],
  ["a content type that can never come", {
    ...echo,
    jobs: [{ ...job, upload: { ...upload, contentTypes: ["Text/CSV; charset=utf-8"] } }],
  }, /must be a content type in lower case, without parameters/],
  ["a content type that another job has", {
    ...echo,
    jobs: [{ ...job, upload }, { ...job, id: "echo-too", upload: { ...upload, format: "echo-too" } }],
  }, /content type "text\/echo" is already brought by plugin "echo"/],
  ["a field that no form can show", {
    ...echo,
    jobs: [{ ...bare, config: z.object({ ...bare.config.shape, deep: z.object({}) }) }],
  }, /"deep" is declared as something other/],
];

for (const [what, plugin, message] of BROKEN) {
  Deno.test(`a plugin is refused for ${what}`, () => {
    assert.throws(() => buildRegistry([plugin]), failure("config", message));
  });
}

Deno.test("two plugins of one name are refused", () => {
  const plugin = definePlugin({ name: "twin", version: "1.0.0", api: 1 });
  assert.throws(
    () => buildRegistry([plugin, plugin]),
    failure("config", /"twin" cannot be used: another plugin has the same name/),
  );
});
