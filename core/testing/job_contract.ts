/**
 * The conformance suite of imports: every one passes it, a third party's too.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigSchema } from "../contracts/config.ts";
import type { ImportJobDefinition } from "../contracts/job.ts";
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
import { assertPlan } from "./job_contract_declaration.ts";
import { type JobResult, runJob } from "./run_job.ts";

/** What the suite runs an import with. */
export interface JobContractOptions<
  Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
> {
  /** A configuration with which the job hands rows over in two calls of `emit` at least. */
  readonly config: z.input<Config>;
  /**
   * What the auth gives, with the same content behind it each time; called anew for each run, and disposed of after it
   * where it can be.
   */
  connect(): Promise<ConnectionOf<Auths[number]>>;
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
 * defaults parse, that secrets are marked as such, that live choices and the plan work, that a stopped run ends
 * promptly with `cancelled`, and that a run resumed from any of its checkpoints loses and repeats nothing.
 *
 * @example In a plugin's tests
 * ```ts ignore
 * import { jobContract } from "@waybill/waybill/testing";
 * import { contacts } from "./mod.ts";
 *
 * jobContract(contacts, {
 *   config: { stream: "contacts", list: "everybody" },
 *   connect: async () => await connectTo(testServer),
 * });
 * ```
 */
export function jobContract<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ImportJobDefinition<Auths, Config, Checkpoint>,
  options: JobContractOptions<Auths, Config, Checkpoint>,
): void {
  registerContract(job, contractTests(job, options));
}

/** The tests that {@linkcode jobContract} registers. */
export function contractTests<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ImportJobDefinition<Auths, Config, Checkpoint>,
  options: JobContractOptions<Auths, Config, Checkpoint>,
): ContractTest[] {
  const { config, connect, silent, notSecret = [] } = options;
  const run = (more: { abortAfter?: number; checkpoint?: z.output<Checkpoint>; signal?: AbortSignal } = {}) =>
    connected(connect, (connection) => promptly(runJob(job, { config, connection, ...more })));
  const tests = declarationTests<Auths, Config, Checkpoint>(job, {
    config,
    notSecret,
    connected: (work) => connected(connect, work),
  });
  const test = (name: string, fn: () => Promise<void>) => void tests.push({ name, fn });

  test("the plan can be told as JSON and leaves the rows alone", async () => {
    await connected(connect, (connection) => assertPlan(job, config, connection));
    assert.ok((await run()).finished);
  });
  test("a run that is stopped before it starts hands nothing over", async () => {
    const { commits } = await run({ signal: AbortSignal.abort(stopped()) });
    assert.equal(commits.length, 0);
  });
  if (silent !== undefined) {
    tests.push(silenceTest(silent, (connection, signal) => runJob(job, { config, connection, signal })));
  }
  test("a run resumed from any of its checkpoints loses and repeats nothing", async () => {
    const whole = await run();
    assert.ok(whole.finished, "an undisturbed run comes to its end");
    assert.ok(whole.commits.length > 1, "give a configuration that needs two calls of emit at least");
    for (let stop = 1; stop <= whole.commits.length; stop++) {
      const first = await run({ abortAfter: stop });
      const checkpoint = first.commits.at(-1)?.checkpoint;
      assert.ok(checkpoint !== undefined, "a run stopped at a checkpoint has one");
      const rest = await run({ checkpoint });
      assert.ok(rest.finished, "a resumed run comes to its end");
      const at = `stopped after ${stop} of ${whole.commits.length} calls of emit, resumed from ${
        JSON.stringify(checkpoint)
      }`;
      assert.deepEqual([...first.rows, ...rest.rows], whole.rows, `rows, ${at}`);
      assert.deepEqual([...committedRejects(first), ...rest.rejected], whole.rejected, `rejected rows, ${at}`);
    }
  });
  return tests;
}

/** What a run reports after its last `emit` commits only with its end, and a stopped one has none. */
function committedRejects(result: JobResult<unknown>): JobResult<unknown>["rejected"] {
  return result.commits.flatMap(({ rejected }) => rejected);
}
