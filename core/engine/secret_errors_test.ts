import assert from "node:assert/strict";
import { z } from "zod";
import { memorySpool } from "../codecs/spool_memory.ts";
import { Failure } from "../contracts/failure.ts";
import { defineAuth } from "../contracts/auth.ts";
import { defineJob } from "../contracts/job.ts";
import { definePlugin } from "../contracts/plugin.ts";
import { defineProvider } from "../contracts/provider.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { NOBODY } from "./alive.ts";
import { authsOf } from "./auths.ts";
import { Connections } from "./connections.ts";
import { echoPlugin, startEngine } from "./engine_testing.ts";
import { jobsOf } from "./jobs.ts";
import { buildRegistry } from "./registry.ts";
import type { Auths, Jobs } from "./runtime.ts";

const SECRET = "hunter22-and-more";

/** Plans and choices that throw what holds the auth's password. */
async function startPeer(
  databases: TestDatabases,
  thrown: () => unknown,
): Promise<AsyncDisposable & { readonly jobs: Jobs; readonly auths: Auths }> {
  const engine = await startEngine(databases);
  const echo = echoPlugin(engine.side);
  const { provider, auth } = engine.context.registry.auth("echo-login");
  const leaky = defineJob({
    id: "leaky-import",
    title: "Leaky",
    summary: "Says too much.",
    provider,
    direction: "import",
    auths: [auth],
    config: z.object({ file: z.string().default("a") }),
    checkpoint: z.object({}),
    into: () => ({ stream: "people", identifyBy: [] }),
    choices: {
      file: {
        load: async function* () {
          yield await Promise.reject(thrown());
        },
      },
    },
    plan: () => Promise.reject(thrown()),
    run: async () => {},
  });
  const login = defineAuth({
    id: "leaky-login",
    title: "Login",
    summary: "Says too much.",
    config: z.object({ password: z.string().meta({ secret: true }) }),
    connect: () => Promise.reject(thrown()),
    check: async function* () {},
  });
  const other = defineProvider({ id: "leaky", title: "Leaky", summary: "Leaks.", auths: [login] });
  const registry = buildRegistry([
    echo,
    definePlugin({ name: "leaky", version: "1.0.0", api: 1, providers: [other], jobs: [leaky] }),
  ]);
  const context = { ...engine.context, registry };
  await engine.auths.create({ method: "echo-login", label: "In", config: { host: "here", password: SECRET } });
  const connections = new Connections(context);
  const auths = authsOf(context, async () => NOBODY);
  await auths.create({ method: "leaky-login", label: "Leaky", config: { password: SECRET } });
  return {
    jobs: jobsOf(context, connections, memorySpool()),
    auths,
    [Symbol.asyncDispose]: async () => {
      await connections[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

const bug = new TypeError(`No reading of ${SECRET}`, { cause: new Error(`Sent ${SECRET}`) });
const cases: readonly (readonly [string, () => unknown])[] = [
  ["an expected error", () => new Failure("data", `Bad ${SECRET}`, { hint: `Not ${SECRET}`, cause: bug })],
  ["a bug", () => bug],
  ["a text", () => `Thrown ${SECRET}`],
];

for (const [what, thrown] of cases) {
  onEachDatabase(
    `${what} that a plan, choices, a check or a first look throws holds no secret of the auth`,
    async (databases) => {
      await using peer = await startPeer(databases, thrown);
      const { jobs, auths } = peer;
      const input = { type: "leaky-import", config: {} };
      const works = [
        jobs.plan(input),
        jobs.choices(input, "file"),
        Array.fromAsync(auths.check("Leaky")),
        auths.trustPeer("Leaky"),
      ];
      // Each is waited for below.
      for (const work of works) work.catch(() => {});
      for (const work of works) {
        const error: unknown = await work.then(() => assert.fail("nothing was thrown"), (error) => error);
        const said = Deno.inspect(error) + JSON.stringify(error);
        assert.ok(said.includes("[secret]"), said);
        assert.ok(!said.includes(SECRET), said);
        if (!(thrown() instanceof Failure)) continue;
        assert.ok(error instanceof Failure);
        assert.deepEqual([error.kind, error.message, error.hint], ["data", "Bad [secret]", "Not [secret]"]);
      }
    },
  );
}
