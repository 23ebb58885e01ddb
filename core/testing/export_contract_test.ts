import assert from "node:assert/strict";
import { membersOf } from "../contracts/members.ts";
import { type ExportContractOptions, exportContractTests } from "./export_contract.ts";
import { letters, MEMBERS, type Shelf } from "./letters_testing.ts";

type Job = typeof letters;
type Options = ExportContractOptions<Job["auths"], Job["config"]>;

const OPTIONS: Options = {
  config: { audience: "friends" },
  members: MEMBERS,
  destination: async () => {
    const shelf: Shelf = new Map();
    return { connect: async () => ({ shelf }), delivered: () => structuredClone(shelf) };
  },
};

/** Names of the contract's tests that fail, each with the message. */
async function failing(job: Job, options: Partial<Options> = {}): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, fn } of exportContractTests(job, { ...OPTIONS, ...options })) {
    await fn().catch((error) => failed.push(`${name}: ${error.message}`));
  }
  return failed;
}

/** The job with another `run`. */
function running(run: Job["run"]): Job {
  return { ...letters, run };
}

Deno.test("an export that keeps to the contract passes all of it, with a limit too", async () => {
  const waiting = Promise.withResolvers<void>();
  const heeds = running(async (context) => {
    if (context.connection.shelf.get(0) === undefined) return await letters.run(context);
    waiting.resolve();
    await new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
  });
  const silent = async () => ({ connection: { shelf: new Map([[0, "silent"]]) }, waiting: waiting.promise });
  assert.deepEqual(await failing(heeds, { silent }), []);
  assert.deepEqual(await failing(letters, { config: { audience: "all", fields: ["name"], user_limit: 4 } }), []);
  assert.equal(exportContractTests(letters, OPTIONS).length, 11);
});

const BROKEN: readonly [what: string, job: Job, message: RegExp][] = [
  ["an id that is no kebab-case", { ...letters, id: "Letters" }, /the registry takes it: .*kebab-case/],
  [
    "a source that the configuration does not name",
    { ...letters, from: () => ({ audience: "all" }) },
    /`sources.audience`/,
  ],
  [
    "a plan that delivers",
    {
      ...letters,
      plan: async ({ connection }) => {
        connection.shelf.set(1, "planned");
        return { summary: "One letter", facts: {}, notes: [] };
      },
    },
    /the plan can be told as JSON and delivers nothing/,
  ],
  [
    "a run that delivers before it looks at its signal",
    running((context) => {
      context.connection.shelf.set(0, "Dear all");
      return letters.run(context);
    }),
    /stopped before it starts delivers nothing/,
  ],
  [
    "a run that takes one batch for all of them",
    running(async ({ connection, columns, members, commit }) => {
      for await (const batch of members()) {
        for (const { id, fields } of membersOf(batch, columns)) connection.shelf.set(id, JSON.stringify(fields));
        await commit({ after: 0, rows: batch.ids.length }, { rows: batch.ids.length, bytes: 0 });
        return;
      }
    }),
    /tells how many members were delivered[^]*whatever the size of the batches/,
  ],
  [
    "a run that tells of nothing delivered",
    running((context) => letters.run({ ...context, commit: (checkpoint) => context.commit(checkpoint) })),
    /the last commit tells what was delivered/,
  ],
  [
    "a checkpoint that outruns what was delivered",
    running((context) =>
      letters.run({
        ...context,
        commit: ({ after, rows }, delivered) => context.commit({ after: after + 10, rows }, delivered),
      })
    ),
    /wherever a run broke off .*abortAfter/s,
  ],
  [
    "a run that counts only what its last attempt delivered",
    running((context) =>
      letters.run({
        ...context,
        ...(context.checkpoint && { checkpoint: { ...context.checkpoint, rows: 0 } }),
      })
    ),
    /rows that the commits tell/,
  ],
  [
    "a run whose repeated letters are other letters",
    running(async ({ connection: { shelf }, columns, members, commit }) => {
      for await (const batch of members()) {
        for (const { fields } of membersOf(batch, columns)) shelf.set(shelf.size, JSON.stringify(fields));
      }
      await commit({ after: 0, rows: 0 }, { rows: MEMBERS.length, bytes: 0 });
    }),
    /wherever a run broke off .*abortBefore/s,
  ],
  [
    "a run that does not wait for its commit",
    running(async ({ members, commit }) => {
      for await (const { ids } of members()) void commit({ after: 0, rows: 0 }, { rows: ids.length, bytes: 0 });
    }),
    /(must be awaited|was awaited)/,
  ],
  [
    "a run that answers a stop with an error of its own",
    running((context) => letters.run(context).catch(() => Promise.reject(new TypeError("broken")))),
    /stopped before it starts.*broken/,
  ],
];

for (const [what, job, message] of BROKEN) {
  Deno.test(`the contract of exports catches ${what}`, async () => {
    assert.match((await failing(job)).join("\n"), message);
  });
}
