/**
 * Runs an export as the engine would, and collects what it hands over.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigOf, ConfigSchema } from "../contracts/config.ts";
import type {
  Delivered,
  ExportContext,
  ExportJobDefinition,
  PublishedFile,
  PublishedFileInput,
  Signature,
} from "../contracts/export_job.ts";
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import type { JsonValue } from "../contracts/records.ts";
import { signExport } from "../engine/exports/signing.ts";
import { collectLog, type LogLine } from "./collect_log.ts";
import { type ExportOptions, exportReading } from "./export_reading.ts";

/** How to run an export. */
export interface RunExportOptions<
  Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
> extends ExportOptions<Auths, Config> {
  /** Where an earlier attempt stopped: its last checkpoint, if it had one. */
  readonly checkpoint?: z.output<Checkpoint> | undefined;
  /** Id of the run: the same for all its attempts; `run-1` unless told. */
  readonly run?: string;
  /** The saved job; none unless told. */
  readonly job?: { readonly id: string; readonly label: string; readonly revision: number };
  /** The file that an earlier attempt published; none unless told. */
  readonly kept?: KeptFile | undefined;
  /** Reasons that the run may be held for and goes on nonetheless: somebody approved them. */
  readonly approved?: readonly string[];
  /** Stops the run once this many commits are durable, as a crash would: what comes later is lost. */
  readonly abortAfter?: number;
  /** Stops the run at this commit, counted from 1, before it is durable: what was done for it was done. */
  readonly abortBefore?: number;
  /** Stops the run once it asks for more than this many batches of members. */
  readonly abortAfterBatches?: number;
}

/** A position that became durable. */
export interface ExportCommit<Checkpoint> {
  /** The position reached. */
  readonly checkpoint: Checkpoint;
  /** What was delivered with it, in all; undefined where the commit does not tell. */
  readonly delivered: Delivered | undefined;
}

/** A file that was published. */
export interface KeptFile extends PublishedFileInput, PublishedFile {
  /** What whoever has the link gets. */
  readonly content: Uint8Array;
}

/** What was signed, really: whoever has the public key can check it. */
export interface SignedBytes extends Signature {
  /** What it is a signature of. */
  readonly bytes: Uint8Array;
}

/** What an export handed over. */
export interface ExportResult<Checkpoint> {
  /** Whether `run` came to its end; false when it was stopped, and when it was held. */
  readonly finished: boolean;
  /** What it was held for; undefined where it was not. */
  readonly held: string | undefined;
  /** What was committed, in order. */
  readonly commits: readonly ExportCommit<Checkpoint>[];
  /** What was delivered in all, as the last commit that told of it has it. */
  readonly delivered: Delivered | undefined;
  /** Batches of members that were read. */
  readonly batches: number;
  /** The files that were published, in order: the last one stands. */
  readonly published: readonly KeptFile[];
  /** What was signed, in order. */
  readonly signatures: readonly SignedBytes[];
  /** Every progress told. */
  readonly progress: readonly Progress[];
  /** What was logged. */
  readonly log: readonly LogLine[];
}

/**
 * Runs `job` once and gives what it handed over; throws what `check` and `run` throw. What it delivers goes where the
 * connection leads.
 *
 * It holds the job to the contract: the configuration is parsed by its schema, a checkpoint must survive JSON and its
 * schema, `commit`, `publish`, `sign` and `hold` must be awaited before the next of these calls, and a run that is stopped
 * ends with what its signal gives as the reason, or another Failure of kind `cancelled`.
 */
export async function runExport<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ExportJobDefinition<Auths, Config, Checkpoint>,
  options: RunExportOptions<Auths, Config, Checkpoint>,
): Promise<ExportResult<z.output<Checkpoint>>> {
  const { log, lines } = collectLog();
  const commits: ExportCommit<z.output<Checkpoint>>[] = [];
  const published: KeptFile[] = [];
  const signatures: SignedBytes[] = [];
  const progress: Progress[] = [];
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  let busy: string | undefined;
  let misuse: string | undefined;
  let batches = 0;

  const stored = (checkpoint: z.output<Checkpoint>): z.output<Checkpoint> =>
    job.checkpoint.parse(JSON.parse(JSON.stringify(checkpoint)));

  const exclusive = <Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> => {
    const called = (async () => {
      throwIfAborted(signal);
      if (busy !== undefined) misuse ??= `${busy} must be awaited before ${name} is called`;
      busy = name;
      try {
        // The engine answers later too: a job that forgets to wait is found out here.
        await turn();
        return await work();
      } finally {
        busy = undefined;
      }
    })();
    // Whoever does not wait is told of that, and not by the whole process.
    called.catch(() => {});
    return called;
  };

  const crash = () => stop.abort(new Failure("cancelled", "The test stopped the run"));

  const beforeMembers = (): void => {
    if (batches === options.abortAfterBatches) crash();
    throwIfAborted(signal);
  };

  const reading = await exportReading(job, options, { signal, log });
  const context: ExportContext<ConfigOf<Config>, ConnectionOf<Auths[number]>, z.output<Checkpoint>> = {
    ...reading,
    members: async function* (from) {
      for await (const batch of reading.members(from)) {
        beforeMembers();
        batches++;
        yield batch;
      }
      beforeMembers();
    },
    rows: async function* () {
      for await (const batch of reading.rows()) {
        beforeMembers();
        batches++;
        yield batch;
      }
      beforeMembers();
    },
    run: { id: options.run ?? "run-1", job: options.job ?? null },
    checkpoint: options.checkpoint === undefined ? undefined : stored(options.checkpoint),
    startedAt: options.startedAt ?? 0,
    progress: (told) => void progress.push(told),
    commit: (checkpoint, delivered) =>
      exclusive("commit", () => {
        const commit = { checkpoint: stored(checkpoint), delivered };
        if (commits.length + 1 === options.abortBefore) crash();
        throwIfAborted(signal);
        if (commits.push(commit) === options.abortAfter) crash();
      }),
    publish: (file, content) =>
      exclusive("publish", async () => {
        const kept = await keep(file, content, signal);
        published.push(kept);
        return kept;
      }),
    published: async () => published.at(-1) ?? options.kept,
    sign: (bytes) =>
      exclusive("sign", async () => {
        const signature = await signExport({ kept: (_, make) => signingKey ??= make() }, bytes);
        signatures.push({ ...signature, bytes: bytes.slice() });
        return signature;
      }),
    hold: (reason) =>
      exclusive("hold", () => {
        if (options.approved?.includes(reason) !== true) throw new HeldInTest(reason);
      }),
  };

  let finished = true;
  let held: string | undefined;
  try {
    await job.run(context);
    assert.equal(busy, undefined, `run must not end before its last ${busy} was awaited`);
    assert.equal(misuse, undefined, misuse);
    // A job may take an abort for an end; the engine does not.
    throwIfAborted(signal);
  } catch (error) {
    if (error instanceof HeldInTest) held = error.message;
    else if (!signal.aborted || !isAbort(error, signal)) throw error;
    finished = false;
  }
  return {
    finished,
    held,
    commits,
    delivered: commits.findLast(({ delivered }) => delivered !== undefined)?.delivered,
    batches,
    published,
    signatures,
    progress,
    log: lines,
  };
}

/** The key of every test of this process. */
let signingKey: Promise<JsonValue> | undefined;

/** What the tests' links begin with. */
const LINKS = "https://waybill.invalid/a/";

async function keep(
  file: PublishedFileInput,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<KeptFile> {
  assert.match(file.name, /^[^/]+$/, "the name of a published file has no slash");
  assert.ok(file.lifetime > 0, "the link to a published file opens it for some time");
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of content) {
    throwIfAborted(signal);
    chunks.push(Uint8Array.from(chunk));
  }
  throwIfAborted(signal);
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  // An id of its own, whatever attempt it is of: a link to what an earlier attempt kept opens nothing any more.
  const artifact = crypto.randomUUID();
  const expiresAt = Math.ceil((Date.now() + file.lifetime) / 1_000) * 1_000;
  return { ...file, artifact, url: LINKS + artifact, expiresAt, size: bytes.length, notes: [], content: bytes };
}

/** Lets everything else that is due come before. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

class HeldInTest extends Error {}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Failure && error.kind === "cancelled");
}
