/**
 * The conformance suite of job types: every job type passes it, a third party's too.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigSchema } from "../contracts/config.ts";
import { Failure } from "../contracts/failure.ts";
import type { ImportJobDefinition } from "../contracts/job.ts";
import { assertChoices, assertPlan, assertRegisters } from "./job_contract_declaration.ts";
import { assertDefaultsParse, assertRenders, assertSecretsMarked } from "./job_contract_config.ts";
import { type JobResult, runJob } from "./run_job.ts";

/** What the suite runs a job type with. */
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

/** A connection on which the job waits for ever. */
export interface SilentConnection<Connection> {
  /** What the job gets. */
  readonly connection: Connection;
  /** Resolves once the job waits for an answer that does not come. */
  readonly waiting: Promise<void>;
}

/** How long a run may go on after it was told to end, in milliseconds: far less than the engine's patience (20 s). */
const PROMPTLY = 5_000;

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
  for (const { name, fn } of contractTests(job, options)) Deno.test(`${job.id}: ${name}`, fn);
}

/** One test of the suite. */
export interface ContractTest {
  /** What it shows: a sentence. */
  readonly name: string;
  /** Shows it, or throws. */
  fn(): Promise<void>;
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
  type Connection = ConnectionOf<Auths[number]>;
  const { config, connect, silent, notSecret = [] } = options;
  const tests: ContractTest[] = [];
  const test = (name: string, fn: () => void | Promise<void>) => {
    tests.push({ name, fn: async () => await fn() });
  };
  const connected = async <Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> => {
    const connection = await connect();
    try {
      return await work(connection);
    } finally {
      await dispose(connection);
    }
  };
  const run = (more: { abortAfter?: number; checkpoint?: z.output<Checkpoint>; signal?: AbortSignal } = {}) =>
    connected((connection) => promptly(runJob(job, { config, connection, ...more })));

  test("the registry takes it", () => assertRegisters(job));
  test("its configuration and those of its auths render as JSON Schema and flags", () => {
    for (const { id, config } of [job, ...job.auths]) assertRenders(id, config);
  });
  test("its defaults parse, and a parsed configuration parses again", () => assertDefaultsParse(job.config, config));
  test("what is named like a secret is marked as one", () => {
    for (const { id, config } of [job, ...job.auths]) assertSecretsMarked(id, config, notSecret);
  });
  test("live choices load from what they need, twice the same", () =>
    connected((connection) => assertChoices(job, config, connection)));
  test("the plan can be told as JSON and leaves the rows alone", async () => {
    await connected((connection) => assertPlan(job, config, connection));
    assert.ok((await run()).finished);
  });

  test("a run that is stopped before it starts hands nothing over", async () => {
    const { commits } = await run({ signal: AbortSignal.abort(stopped()) });
    assert.equal(commits.length, 0);
  });
  if (silent !== undefined) {
    test("a run that waits for the other side ends promptly when it is stopped", async () => {
      const { connection, waiting } = await silent();
      const stop = new AbortController();
      const running = runJob(job, { config, connection, signal: stop.signal });
      try {
        await Promise.race([waiting, running]);
        stop.abort(stopped());
        assert.equal((await promptly(running)).finished, false, "a run that was stopped does not come to its end");
      } finally {
        await dispose(connection);
      }
    });
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

function stopped(): Failure {
  return new Failure("cancelled", "The test stopped the run");
}

async function promptly<Result>(work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const message = `the run did not end within ${PROMPTLY} ms; it has to pass its signal on to whatever it waits for`;
  const timer = setTimeout(() => late.reject(new assert.AssertionError({ message })), PROMPTLY);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function dispose(connection: Partial<AsyncDisposable>): Promise<void> {
  await connection[Symbol.asyncDispose]?.();
}
