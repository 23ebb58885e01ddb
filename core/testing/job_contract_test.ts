import assert from "node:assert/strict";
import { z } from "zod";
import { defineAuth } from "../contracts/auth.ts";
import { throwIfAborted } from "../contracts/failure.ts";
import { defineJob, type ImportJobDefinition } from "../contracts/job.ts";
import { defineProvider } from "../contracts/provider.ts";
import { contractTests, type JobContractOptions } from "./job_contract.ts";

const config = z.object({
  list: z.string().meta({ help: "List to read." }),
  size: z.int().min(1).default(2).meta({ help: "Rows at a time." }),
});
const checkpoint = z.object({ at: z.int() });
const login = z.object({ api_key: z.string().meta({ help: "Key.", secret: true }) });
const auth = defineAuth<typeof login, { readonly numbers: readonly number[] }>({
  id: "numbers-login",
  title: "Numbers",
  summary: "Logs in.",
  config: login,
  connect: async () => ({ numbers: [1, 2, 3, 4, 5], [Symbol.asyncDispose]: async () => {} }),
  check: async function* () {},
});
const provider = defineProvider({ id: "numbers", title: "Numbers", summary: "Numbers.", auths: [auth] });

/** A job type that keeps to the contract. */
const numbers = defineJob({
  id: "numbers-import",
  title: "Numbers",
  summary: "Imports numbers.",
  provider,
  direction: "import",
  auths: [auth],
  config,
  checkpoint,
  into: ({ list }) => ({ stream: list, identifyBy: ["id"] }),
  choices: {
    list: {
      load: async function* () {
        yield { value: "all" };
      },
    },
  },
  plan: async () => ({ summary: "Five numbers", facts: { rows: 5 }, notes: [] }),
  run: async ({ config, connection, checkpoint, signal, emit }) => {
    for (let at = checkpoint?.at ?? 0; at < connection.numbers.length; at += config.size) {
      throwIfAborted(signal);
      const rows = connection.numbers.slice(at, at + config.size).map((id) => ({ fields: { id } }));
      await emit(rows, { at: Math.min(at + config.size, connection.numbers.length) });
    }
  },
});

type Job = ImportJobDefinition<readonly [typeof auth], typeof config, typeof checkpoint>;
type Options = JobContractOptions<readonly [typeof auth], typeof config, typeof checkpoint>;

const OPTIONS: Options = { config: { list: "all" }, connect: async () => ({ numbers: [1, 2, 3, 4, 5] }) };

/** Names of the contract's tests that fail, each with the message. */
async function failing(job: Job, options: Partial<Options> = {}): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, fn } of contractTests(job, { ...OPTIONS, ...options })) {
    await fn().catch((error) => failed.push(`${name}: ${error.message}`));
  }
  return failed;
}

/** The job with another `run`. */
function running(run: Job["run"]): Job {
  return { ...numbers, run };
}

/** A run whose checkpoint is off by so many rows. */
function offBy(rows: number): Job {
  return running(async ({ connection, checkpoint, emit }) => {
    for (let at = checkpoint?.at ?? 0; at < connection.numbers.length; at++) {
      await emit([{ fields: { id: at } }], { at: at + 1 + rows });
    }
  });
}

Deno.test("a job type that keeps to the contract passes all of it", async () => {
  const waiting = Promise.withResolvers<void>();
  const heeds = running(async (context) => {
    if (context.connection.numbers.length > 0) return await numbers.run(context);
    waiting.resolve();
    await new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
  });
  const silent = async () => ({ connection: { numbers: [] }, waiting: waiting.promise });
  assert.deepEqual(await failing(heeds, { silent }), []);
  assert.equal(contractTests(numbers, OPTIONS).length, 8);
});

const secretless = { ...auth, config: z.object({ api_key: z.string().meta({ help: "Key." }) }) };
const BROKEN: readonly [what: string, job: Job, message: RegExp][] = [
  ["an id that is no kebab-case", { ...numbers, id: "Numbers" }, /the registry takes it: .*kebab-case/],
  [
    "a field without help",
    { ...numbers, config: config.extend({ size: z.int().default(2) }) as never },
    /render as .*"size" has a help text/,
  ],
  [
    "a default that does not parse",
    { ...numbers, config: config.extend({ list: z.string().min(3).default("x").meta({ help: "List." }) }) as never },
    /defaults parse.*Too small/s,
  ],
  ["a secret that is not marked", { ...numbers, auths: [secretless] }, /"api_key" is named like a secret/],
  [
    "a list with a value twice",
    {
      ...numbers,
      choices: {
        list: {
          load: async function* () {
            yield* [{ value: "a" }, { value: "a" }];
          },
        },
      },
    },
    /"list" lists a value twice/,
  ],
  [
    "a plan whose facts are no snake_case",
    { ...numbers, plan: async () => ({ summary: "Five", facts: { rowCount: 5 }, notes: [] }) },
    /the fact "rowCount" is snake_case/,
  ],
  ["a checkpoint that trails its rows", offBy(-1), /loses and repeats nothing: /],
  ["a checkpoint that outruns its rows", offBy(1), /loses and repeats nothing: /],
  [
    "a run that starts at the beginning again",
    running((context) => numbers.run({ ...context, checkpoint: undefined })),
    /loses and repeats nothing: rows, stopped after 1 of 3 calls of emit/,
  ],
  [
    "a run that does not wait for emit",
    running(async ({ emit }) => {
      const first = emit([], { at: 1 });
      await emit([], { at: 2 }).finally(() => first);
    }),
    /must be awaited before the next call/,
  ],
  [
    "a run that answers a stop with an error of its own",
    running((context) => numbers.run(context).catch(() => Promise.reject(new TypeError("broken")))),
    /stopped before it starts.*broken/,
  ],
  [
    "a fixture with one checkpoint",
    running(({ emit }) => emit([{ fields: { id: 1 } }], { at: 1 })),
    /two calls of emit at least/,
  ],
];

for (const [what, job, message] of BROKEN) {
  Deno.test(`the contract catches ${what}`, async () => {
    assert.match((await failing(job)).join("\n"), message);
  });
}

Deno.test("the contract catches a run that takes a stop for its end and goes on", async () => {
  const silent = async () => ({ connection: { numbers: [] }, waiting: Promise.resolve() });
  assert.match((await failing(numbers, { silent })).join("\n"), /a run that was stopped does not come to its end/);
});
