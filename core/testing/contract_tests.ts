/**
 * What the conformance suites of imports and exports have in common.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigSchema } from "../contracts/config.ts";
import type { ExportJobDefinition } from "../contracts/export_job.ts";
import { Failure } from "../contracts/failure.ts";
import type { ImportJobDefinition } from "../contracts/job.ts";
import { assertDefaultsParse, assertRenders, assertSecretsMarked } from "./job_contract_config.ts";
import { assertChoices, assertRegisters } from "./job_contract_declaration.ts";

/** One test of a suite. */
export interface ContractTest {
  /** What it shows: a sentence. */
  readonly name: string;
  /** Shows it, or throws. */
  fn(): Promise<void>;
}

/** A connection on which the job waits for ever. */
export interface SilentConnection<Connection> {
  /** What the job gets. */
  readonly connection: Connection;
  /** Resolves once the job waits for an answer that does not come. */
  readonly waiting: Promise<void>;
}

/** What the tests of a declaration need of a suite's options. */
export interface DeclarationOptions<Auths extends readonly AuthDefinition[], Config extends ConfigSchema> {
  /** A configuration that the job runs with. */
  readonly config: z.input<Config>;
  /** Config keys that are named like a secret and are none: `host_key`, the fingerprint of a public key. */
  readonly notSecret?: readonly string[];
  /** Works with what the auth gives, and disposes of it where it can be. */
  connected(work: (connection: ConnectionOf<Auths[number]>) => Promise<void>): Promise<void>;
}

/** How long a run may go on after it was told to end, in milliseconds: far less than the engine's patience (20 s). */
const PROMPTLY = 5_000;

/** Registers the tests of a job type with `Deno.test`. */
export function registerContract({ id }: { readonly id: string }, tests: readonly ContractTest[]): void {
  for (const { name, fn } of tests) Deno.test(`${id}: ${name}`, fn);
}

/** What every job type's declaration has to keep to. */
export function declarationTests<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ImportJobDefinition<Auths, Config, Checkpoint> | ExportJobDefinition<Auths, Config, Checkpoint>,
  { config, connected, notSecret = [] }: DeclarationOptions<Auths, Config>,
): ContractTest[] {
  const schemas = [job, ...job.auths];
  return [
    { name: "the registry takes it", fn: async () => assertRegisters(job) },
    {
      name: "its configuration and those of its auths render as JSON Schema and flags",
      fn: async () => schemas.forEach(({ id, config }) => assertRenders(id, config)),
    },
    {
      name: "its defaults parse, and a parsed configuration parses again",
      fn: async () => assertDefaultsParse(job.config, config),
    },
    {
      name: "what is named like a secret is marked as one",
      fn: async () => schemas.forEach(({ id, config }) => assertSecretsMarked(id, config, notSecret)),
    },
    {
      name: "live choices load from what they need, twice the same",
      fn: () => connected((connection) => assertChoices<Auths, Config>(job, config, connection)),
    },
  ];
}

/** That a run ends when it is stopped while it waits for the other side. */
export function silenceTest<Connection>(
  silent: () => Promise<SilentConnection<Connection>>,
  run: (connection: Connection, signal: AbortSignal) => Promise<{ readonly finished: boolean }>,
): ContractTest {
  const fn = async () => {
    const { connection, waiting } = await silent();
    const stop = new AbortController();
    const running = run(connection, stop.signal);
    try {
      await Promise.race([waiting, running]);
      stop.abort(stopped());
      assert.equal((await promptly(running)).finished, false, "a run that was stopped does not come to its end");
    } finally {
      await dispose(connection as Partial<AsyncDisposable>);
    }
  };
  return { name: "a run that waits for the other side ends promptly when it is stopped", fn };
}

/** Why a run was stopped. */
export function stopped(): Failure {
  return new Failure("cancelled", "The test stopped the run");
}

/** Works with a connection and disposes of it. */
export async function connected<Connection, Result>(
  connect: () => Promise<Connection>,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await connect();
  try {
    return await work(connection);
  } finally {
    await dispose(connection as Partial<AsyncDisposable>);
  }
}

/** Fails where a run does not end soon. */
export async function promptly<Result>(work: Promise<Result>): Promise<Result> {
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
