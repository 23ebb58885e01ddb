/**
 * The conformance suite of exports: every one passes it, a third party's too.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigOf, ConfigSchema } from "../contracts/config.ts";
import type { ExportJobDefinition } from "../contracts/export_job.ts";
import {
  connected,
  type ContractTest,
  declarationTests,
  promptly,
  registerContract,
  silenceTest,
  type SilentConnection,
  stopped,
} from "./contract_tests.ts";
import { planExport } from "./export_reading.ts";
import { sizeOf, type TestMembers } from "./member_batches.ts";
import { type ExportResult, type KeptFile, runExport, type RunExportOptions } from "./run_export.ts";

/** Where an export delivers to in a test. */
export interface TestDestination<Connection> extends Partial<AsyncDisposable> {
  /** What the auth gives for it; called anew for each attempt, and disposed of after it where it can be. */
  connect(): Promise<Connection>;
  /**
   * What whoever is there finds: content of files by name, members by id. Where the same may be delivered again, it is to
   * count once, as it does there. `kept` is the file that the run published last: what a link that was sent opens.
   */
  delivered(kept: KeptFile | undefined): unknown;
}

/** What the suite runs an export with. */
export interface ExportContractOptions<
  Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
> extends Omit<TestMembers, "batch"> {
  /** A configuration with which the job runs, and is not held. */
  readonly config: z.input<Config>;
  /** Makes a destination that is empty, or holds the same each time. */
  destination(): Promise<TestDestination<ConnectionOf<Auths[number]>>>;
  /**
   * A connection whose other side falls silent without closing, as a network does that loses every packet. Without it
   * the suite does not look at whether the job heeds its signal while it waits.
   */
  silent?(): Promise<SilentConnection<ConnectionOf<Auths[number]>>>;
  /** Config keys that are named like a secret and are none: `host_key`, the fingerprint of a public key. */
  readonly notSecret?: readonly string[];
}

/**
 * Registers the suite with `Deno.test`. It shows that the configuration renders as JSON Schema and flags, that
 * defaults parse, that secrets are marked as such, that the source is what the configuration says, that live choices and
 * the plan work, that a stopped run ends promptly with `cancelled`, and that the same is delivered whatever the size of
 * the batches, and wherever a run broke off before it was taken up from its last checkpoint.
 *
 * @example In a plugin's tests
 * ```ts ignore
 * import { exportContract } from "@waybill/waybill/testing";
 * import { letters } from "./mod.ts";
 *
 * exportContract(letters, {
 *   config: { audience: "everybody" },
 *   members: [{ name: "Ada" }, { name: "Bob" }, { name: "Eve" }],
 *   destination: async () => {
 *     const box = await startLetterBox();
 *     return { connect: () => connectTo(box), delivered: () => box.letters };
 *   },
 * });
 * ```
 */
export function exportContract<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ExportJobDefinition<Auths, Config, Checkpoint>,
  options: ExportContractOptions<Auths, Config>,
): void {
  registerContract(job, exportContractTests(job, options));
}

/** The tests that {@linkcode exportContract} registers. */
export function exportContractTests<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ExportJobDefinition<Auths, Config, Checkpoint>,
  options: ExportContractOptions<Auths, Config>,
): ContractTest[] {
  const { config, silent, destination, notSecret = [], ...members } = options;
  type Destination = TestDestination<ConnectionOf<Auths[number]>>;
  type Result = ExportResult<z.output<Checkpoint>>;
  type More = Partial<RunExportOptions<Auths, Config, Checkpoint>>;

  const run = (to: Destination, more: More = {}): Promise<Result> =>
    connected(
      () => to.connect(),
      (connection) => promptly(runExport(job, { ...members, ...more, config, connection })),
    );
  const at = (work: (to: Destination) => Promise<void>): Promise<void> => connected(destination, work);
  /** A run that nothing disturbs, and what it leaves. */
  const whole = async (more: More = {}) => {
    let found: { readonly result: Result; readonly left: unknown } | undefined;
    await at(async (to) => {
      const result = await run(to, more);
      assert.equal(result.held, undefined, "give a configuration with which the run is not held");
      assert.ok(result.finished, "an undisturbed run comes to its end");
      found = { result, left: await to.delivered(result.published.at(-1)) };
    });
    assert.ok(found);
    return found;
  };

  const tests = declarationTests<Auths, Config, Checkpoint>(job, {
    config,
    notSecret,
    connected: (work) => at((to) => connected(() => to.connect(), work)),
  });
  const test = (name: string, fn: () => Promise<void>) => void tests.push({ name, fn });

  test("its source is what the configuration says", async () => assertSource(job, job.config.parse(config)));
  test("the plan can be told as JSON and delivers nothing", () =>
    at(async (to) => {
      const before = await to.delivered(undefined);
      await connected(
        () => to.connect(),
        (connection) => planExport(job, { ...members, config, connection }),
      );
      assert.deepEqual(await to.delivered(undefined), before);
    }));
  test("a run that is stopped before it starts delivers nothing", () =>
    at(async (to) => {
      const before = await to.delivered(undefined);
      const { commits, published } = await run(to, { signal: AbortSignal.abort(stopped()) });
      assert.deepEqual([commits.length, published.length], [0, 0]);
      assert.deepEqual(await to.delivered(undefined), before);
    }));
  if (silent !== undefined) {
    tests.push(
      silenceTest(silent, (connection, signal) => runExport(job, { ...members, config, connection, signal })),
    );
  }
  test("its last commit tells how many members were delivered", async () => {
    const { result } = await whole();
    const told = result.commits.at(-1)?.delivered;
    assert.ok(told !== undefined, "the last commit tells what was delivered");
    assert.equal(told.rows, sizeOf(job.from(job.config.parse(config)), options));
  });
  test("the same is delivered whatever the size of the batches", async () => {
    const expected = await whole();
    for (const batch of [1, 2, 3, options.members.length]) {
      assert.deepEqual((await whole({ batch })).left, expected.left, `batches of ${batch}`);
    }
  });
  test("the same is delivered wherever a run broke off before it was taken up from its last checkpoint", async () => {
    const expected = await whole();
    assert.ok(expected.result.batches > 1, "give members for two batches at least: three or more");
    for (const cut of cutsOf(expected.result)) {
      await at(async (to) => {
        const first = await run(to, cut);
        assert.ok(!first.finished, "a run that was stopped does not come to its end");
        const checkpoint = first.commits.at(-1)?.checkpoint;
        const kept = first.published.at(-1);
        const rest = await run(to, { checkpoint, kept });
        assert.ok(rest.finished, "a run that was taken up comes to its end");
        const where = `${JSON.stringify(cut)}, taken up from ${JSON.stringify(checkpoint) ?? "its start"}`;
        assert.deepEqual(await to.delivered(rest.published.at(-1) ?? kept), expected.left, where);
        const told = rest.delivered ?? first.delivered;
        assert.equal(told?.rows, expected.result.delivered?.rows, `rows that the commits tell, ${where}`);
      });
    }
  });
  return tests;
}

/** Every place where a run is broken off: before and after each commit, and after each batch. */
function cutsOf({ commits, batches }: Pick<ExportResult<unknown>, "commits" | "batches">) {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  return [
    ...upTo(commits.length).flatMap((count) => [{ abortBefore: count }, { abortAfter: count }]),
    ...upTo(batches).map((abortAfterBatches) => ({ abortAfterBatches })),
  ];
}

/** What `sources` names holds what `from` gives, and `from` gives the same each time. */
function assertSource<Config extends ConfigSchema>(
  job: Pick<ExportJobDefinition<readonly AuthDefinition[], Config>, "from" | "sources">,
  config: ConfigOf<Config>,
): void {
  const { audience, fields } = job.sources ?? {};
  const source = job.from(config);
  assert.deepEqual(job.from(config), source, "`from` gives the same each time");
  if (audience !== undefined) assert.equal(config[audience], source.audience, "`sources.audience`");
  if (fields !== undefined) assert.deepEqual(config[fields] ?? [], source.fields ?? [], "`sources.fields`");
}
