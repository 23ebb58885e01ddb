/**
 * Uploads: a file that comes over HTTP goes to the spool, and an ordinary run imports it from there.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Failure } from "../contracts/failure.ts";
import type { JobDefinition } from "../contracts/job.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { UploadForm } from "../contracts/upload.ts";
import type { Executor } from "../database/database.ts";
import { parseConfig, readConfig } from "../describe/mod.ts";
import type { Actor } from "./actor.ts";
import type { Core } from "./core.ts";
import { newId } from "./ids.ts";
import { queueRun } from "./queue_run.ts";
import type { ConfigInput, FormInput, UploadInput, Uploads } from "./runtime.ts";
import { Spool, type Spooled, tooLarge } from "./spool.ts";
import { uploadBytes } from "./upload_body.ts";
import { findUpload } from "./upload_files.ts";
import type { RunView } from "./views.ts";

/** How long an idempotency key names its upload, in milliseconds: 24 hours. */
export const KEEP_KEY = 86_400_000;

/** What the uploads of an account need beside the core. */
export interface UploadsOptions {
  readonly account: number;
  /** Who uploads: idempotency keys are each caller's own. */
  readonly actor: Actor;
  /** Most bytes of a file, unpacked. */
  readonly limit: number;
  /** Called with a run that was queued: this process's runner may want it. */
  readonly queued: (run: string) => Promise<void>;
  readonly view: (run: string) => Promise<RunView>;
}

/** A job type that takes uploads. */
export type UploadJob = JobDefinition & { readonly upload: UploadForm };

/** Whether a job type takes uploads. */
export function takesUploads(job: JobDefinition): job is UploadJob {
  return job.upload !== undefined;
}

/** The config keys that whoever uploads may set: not those that the upload itself sets, or that mean nothing for one. */
export function uploadOptions({ config, upload }: UploadJob): string[] {
  const set = [upload.stream, upload.file, ...upload.without ?? []];
  return Object.keys(config.shape).filter((key) => !set.includes(key));
}

/** The uploads of an account. */
export function uploadsOf(core: Core, options: UploadsOptions): Uploads {
  const { registry } = core;
  const { account, limit } = options;
  return {
    limit,
    create: async (input) => {
      const job = uploadJob(registry.job(input.type));
      const name = `upload.${job.upload.format}`;
      const config = configOf(job, input, name);
      const keyHash = input.key === undefined ? null : hash(keyOwner(options.actor), input.into, input.key);
      if (!input.gzip && (input.size ?? 0) > limit) throw tooLarge(limit);
      const content = nonEmpty(uploadBytes(input), "The request body is empty");
      return await receiveUpload(core, options, { name, content }, async (stored) => {
        const upload = { ...stored, keyHash, digest: hash(job.id, JSON.stringify(config), stored.spooled.digest) };
        return async (transaction, now) => {
          const known = keyHash === null ? undefined : await knownUpload(transaction, account, upload, now);
          return known ?? await queue(transaction, account, job, config, upload, now);
        };
      });
    },
    form: async (input) => await receiveForm(core, options, input, async () => ({})),
  };
}

/** A file that is stored, for the run that there will be. */
interface StoredUpload {
  readonly run: string;
  readonly spooled: Spooled;
}

/**
 * Stores the file of a form and queues the run of its job type, in one transaction with `prepare`, which gives what else
 * the config says. The job type's `formFile` names it.
 */
export async function receiveForm(
  core: Core,
  options: UploadsOptions,
  { type, content, config }: FormInput,
  prepare: (transaction: Executor, run: string) => Promise<ConfigInput>,
): Promise<RunView> {
  const { account } = options;
  const job = core.registry.job(type), what = `job type "${job.id}"`, name = "upload";
  const key = job.direction === "import" ? job.formFile : undefined;
  if (key === undefined) throw new Failure("config", `Job type "${type}" takes no file by itself: it needs an auth`);
  const file = { name, content: nonEmpty(content, "The file is empty") };
  return await receiveUpload(core, options, file, async (stored) => {
    const given = await config();
    return async (transaction, now) => {
      const whole = { ...given, ...await prepare(transaction, stored.run), [key]: name };
      parseConfig(job.config, whole, what);
      const upload = { ...stored, keyHash: null, digest: stored.spooled.digest };
      return await queue(transaction, account, job, readConfig(job.config, whole, what), upload, now);
    };
  });
}

/** Stores a file and queues the run that imports it, or gives the one that there is. What goes wrong leaves nothing. */
async function receiveUpload(
  { database, home }: Core,
  { account, limit, queued, view }: UploadsOptions,
  { name, content }: { readonly name: string; readonly content: AsyncIterable<Uint8Array> },
  stored: (upload: StoredUpload) => Promise<(transaction: Executor, now: number) => Promise<string>>,
): Promise<RunView> {
  const spool = new Spool(home.spoolDir), run = newId(), place = { account, run };
  using spooled = await spool.receive(place, name, content, limit);
  let answered: string | undefined;
  try {
    const work = await stored({ run, spooled });
    answered = await database.write(async (transaction) => await work(transaction, await database.now()));
  } finally {
    if (answered !== run && await isKnownNotToBe(database.kysely, account, run)) await spool.remove(place);
  }
  if (answered === run) await queued(run);
  return await view(answered);
}

/** An upload that is about to be queued. */
interface NewUpload extends StoredUpload {
  readonly keyHash: string | null;
  /** Of job type, config and content. */
  readonly digest: string;
}

function uploadJob(job: JobDefinition): UploadJob {
  if (takesUploads(job)) return job;
  throw new Failure("config", `Job type "${job.id}" takes no uploads`);
}

function configOf(job: UploadJob, { into, config }: UploadInput, file: string): { [key: string]: JsonValue } {
  const known = uploadOptions(job);
  const what = `an upload of ${job.upload.format}`;
  const unknown = Object.keys(config).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new Failure("config", `There is no "${unknown}" for ${what}`, { hint: `There are ${known.join(", ")}` });
  }
  const whole = { ...config, [job.upload.stream]: into, [job.upload.file]: file };
  parseConfig(job.config, whole, what);
  return readConfig(job.config, whole, what);
}

/** The run that the same upload made within a day. Failure `conflict` where another one has its key. */
async function knownUpload(
  transaction: Executor,
  account: number,
  { keyHash, digest }: NewUpload,
  now: number,
): Promise<string | undefined> {
  await transaction.updateTable("uploads").set({ key_hash: null }).where("account_id", "=", account)
    .where("key_hash", "=", keyHash).where("created_at", "<=", now - KEEP_KEY).execute();
  const known = await transaction.selectFrom("uploads").select(["run_id", "digest"])
    .where("account_id", "=", account).where("key_hash", "=", keyHash).executeTakeFirst();
  if (known === undefined || known.digest === digest) return known?.run_id;
  throw new Failure("config", "Another upload to this stream was made with the same Idempotency-Key", {
    code: "conflict",
    hint: "Give each file, and each set of options, a key of its own",
  });
}

async function queue(
  transaction: Executor,
  account: number,
  job: JobDefinition,
  config: { readonly [key: string]: JsonValue },
  { run, keyHash, digest, spooled }: NewUpload,
  now: number,
): Promise<string> {
  await queueRun(transaction, { id: run, account, job: null, type: job.id, auth: null, config, notes: [], now });
  await transaction.insertInto("uploads").values({
    account_id: account,
    run_id: run,
    key_hash: keyHash,
    digest,
    bytes: spooled.bytes,
    created_at: now,
    removed_at: null,
  }).execute();
  return run;
}

/** A database that cannot be asked may have committed the run all the same: then the file stays, to be swept. */
async function isKnownNotToBe(executor: Executor, account: number, run: string): Promise<boolean> {
  try {
    return await findUpload(executor, { account_id: account, id: run }) === undefined;
  } catch {
    return false;
  }
}

async function* nonEmpty(
  content: AsyncIterable<Uint8Array>,
  emptiness: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let empty = true;
  for await (const chunk of content) {
    empty &&= chunk.length === 0;
    yield chunk;
  }
  if (empty) throw new Failure("config", emptiness, { hint: "Check what is sent, and send the file again" });
}

function keyOwner({ kind, id }: Actor): string {
  return `${kind} ${id ?? ""}`;
}

/** SHA-256, hex, of texts. */
function hash(...texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
}
