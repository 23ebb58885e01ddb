/**
 * Collects raw logs: whatever waits in this process is committed together, in one transaction with one sync of each file.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Failure } from "../../contracts/failure.ts";
import type { Actor } from "../actor.ts";
import type { Core } from "../core.ts";
import { erasedInText } from "../../profiles/refusals.ts";
import { erasedFor } from "../refused.ts";
import { uploadBytes } from "../upload_body.ts";
import { appName, type AppRef, type AppState, type Batch, type BatchKey, prepare } from "./batch.ts";
import { LogCommits, Outdated } from "./commit_logs.ts";
import { readRows } from "./rows.ts";
import type { CollectedView, CollectInput } from "./views.ts";

/** Most bytes of a batch, unpacked: 10 MB. */
export const BATCH_BYTES = 10_000_000;

/** How long a key names its batch, in milliseconds: 24 hours. */
export const KEEP_KEYS = 86_400_000;

/** Rows of one commit. */
const GROUP_ROWS = 50_000;

/** How long a batch waits for others that are just coming in, in milliseconds: one sync of the disk does for all. */
const WAIT = 50;

/** How often a group is prepared anew when what it was prepared under holds no more. */
const TRIES = 10;

/** A batch whose sender waits. */
interface Waiting extends Batch {
  readonly settle: PromiseWithResolvers<CollectedView>;
}

/** The collector of a process. */
export class LogCollector {
  readonly #commits: LogCommits;
  #waiting: Waiting[] = [];
  #working = false;
  /** Batches whose lines are being read. */
  #coming = 0;
  #allCame = Promise.withResolvers<void>();

  constructor(
    private readonly core: Pick<Core, "database" | "archive" | "identityKey">,
    private readonly clock: () => Promise<number>,
  ) {
    this.#commits = new LogCommits(core.database, core.archive, clock);
  }

  /** Keeps a batch; resolves when it is on the disk. */
  async collect(place: AppRef, actor: Actor, input: CollectInput): Promise<CollectedView> {
    const batch = await this.#read(place, actor, input);
    const settle = Promise.withResolvers<CollectedView>();
    this.#waiting.push({ ...batch, settle });
    if (!this.#working) void this.#work();
    return await settle.promise;
  }

  async #read(place: AppRef, actor: Actor, input: CollectInput): Promise<Batch> {
    this.#coming++;
    try {
      const text = await textOf(input);
      const rows = await readRows(text, place.app, await this.clock());
      return { ...place, rows, key: input.key === undefined ? undefined : keyOf(place, actor, input.key, text) };
    } finally {
      if (--this.#coming === 0) {
        this.#allCame.resolve();
        this.#allCame = Promise.withResolvers();
      }
    }
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      await this.#untilAllCame();
      const group = this.#nextGroup();
      try {
        const answers = await this.#commit(group);
        for (const batch of group) {
          const answer = answers.get(batch);
          if (answer instanceof Failure) batch.settle.reject(answer);
          else batch.settle.resolve(answer!);
        }
      } catch (error) {
        for (const { settle } of group) settle.reject(error);
      }
    }
    this.#working = false;
  }

  /** Lets in whoever is at the door, for a moment. */
  async #untilAllCame(): Promise<void> {
    // Requests that have come while nobody looked are begun to be read here.
    await new Promise((resolve) => setTimeout(resolve));
    if (this.#coming === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, WAIT);
    await Promise.race([this.#allCame.promise, promise]);
    clearTimeout(timer);
  }

  /** Of batches with one key, the first: the others are answered from what became of it. */
  #nextGroup(): Waiting[] {
    const group: Waiting[] = [], left: Waiting[] = [];
    const keys = new Set<string>();
    let rows = 0;
    for (const batch of this.#waiting) {
      const name = batch.key && `${batch.account}/${batch.key.hash}`;
      if ((rows > 0 && rows + batch.rows.length > GROUP_ROWS) || (name !== undefined && keys.has(name))) {
        left.push(batch);
        continue;
      }
      rows += batch.rows.length;
      if (name !== undefined) keys.add(name);
      group.push(batch);
    }
    this.#waiting = left;
    return group;
  }

  async #commit(group: readonly Waiting[]): Promise<ReadonlyMap<Batch, CollectedView | Failure>> {
    for (let tries = 1;; tries++) {
      const answers = new Map<Batch, CollectedView | Failure>();
      const now = await this.clock();
      const states = new Map<string, AppState & AppRef>();
      for (const batch of group) {
        const known = await this.#known(batch, now) ?? await this.#addState(states, batch);
        if (known !== undefined) answers.set(batch, known);
      }
      const prepared = await prepare(group.filter((batch) => !answers.has(batch)), states, now);
      try {
        if (prepared.answers.size > 0) await this.#commits.commit(prepared);
        return new Map([...answers, ...prepared.answers]);
      } catch (error) {
        if (!(error instanceof Outdated) || tries === TRIES) throw error;
      }
    }
  }

  /** What the same batch was answered within a day. Another one under its key is a failure. */
  async #known({ account, key }: Batch, now: number): Promise<CollectedView | Failure | undefined> {
    if (key === undefined) return undefined;
    const { kysely } = this.core.database;
    const row = await kysely.selectFrom("log_batches").selectAll().where("account_id", "=", account)
      .where("key_hash", "=", key.hash).executeTakeFirst();
    if (row === undefined) return undefined;
    if (row.created_at <= now - KEEP_KEYS) {
      await kysely.deleteFrom("log_batches").where("account_id", "=", account).where("key_hash", "=", key.hash)
        .where("created_at", "<=", now - KEEP_KEYS).execute();
      return undefined;
    }
    if (row.digest === key.digest) return { accepted: row.accepted, late: row.late, refused: row.refused };
    return new Failure("config", "Another batch was sent to this app with the same Idempotency-Key", {
      code: "conflict",
      hint: "Give each batch a key of its own",
    });
  }

  /** Notes what the app's batches are prepared under; a failure where the app is gone by now. */
  async #addState(states: Map<string, AppState & AppRef>, { account, app }: AppRef): Promise<Failure | undefined> {
    const { database: { kysely }, identityKey } = this.core, name = appName({ account, app });
    if (states.has(name)) return undefined;
    const row = await kysely.selectFrom("apps").select("log_epoch").where("account_id", "=", account)
      .where("id", "=", app).executeTakeFirst();
    if (row === undefined) {
      return new Failure("config", `There is no app "${app}"`, { code: "not_found", hint: "See `waybill app list`" });
    }
    // Behind the epoch: who is added later moves it.
    const erased = await erasedFor(kysely, account, 0, identityKey);
    const fields = new Set(erased.flatMap(({ naming }) => naming.target.rules.identifyBy));
    const refused = erased.length === 0 ? undefined : { people: erasedInText(erased), fields };
    states.set(name, { account, app, epoch: row.log_epoch, refused });
    return undefined;
  }
}

async function textOf({ size, ...body }: CollectInput): Promise<string> {
  if (!body.gzip && (size ?? 0) > BATCH_BYTES) throw tooLarge();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "", bytes = 0;
  for await (const chunk of uploadBytes(body)) {
    bytes += chunk.length;
    if (bytes > BATCH_BYTES) throw tooLarge();
    text += decoded(() => decoder.decode(chunk, { stream: true }));
  }
  return text + decoded(() => decoder.decode());
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch (cause) {
    throw new Failure("config", "The batch is not in UTF-8", { hint: "Send JSON lines in UTF-8", cause });
  }
}

function tooLarge(): Failure {
  return new Failure("config", `The batch is over ${BATCH_BYTES} bytes, the most that is taken`, {
    code: "too_large",
    hint: "Send it in parts",
  });
}

function keyOf({ app }: AppRef, { kind, id }: Actor, key: string, text: string): BatchKey {
  const hash = (...texts: readonly string[]) => createHash("sha256").update(JSON.stringify(texts)).digest("hex");
  return { hash: hash(kind, id ?? "", app, key), digest: createHash("sha256").update(text).digest("hex") };
}
