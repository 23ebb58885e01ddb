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
import { erasedFor, NO_STREAM } from "../refused.ts";
import { uploadBytes } from "../upload_body.ts";
import { appName, type AppRef, type AppState, type Batch, prepare } from "./batch.ts";
import { LogCommits, Outdated } from "./commit_logs.ts";
import { BatchReader, RowTools } from "./rows.ts";
import type { CollectedView, CollectInput } from "./views.ts";

/** Most bytes of a batch, unpacked: 10 MB. */
export const BATCH_BYTES = 10_000_000;

/** How long a key names its batch, in milliseconds: 24 hours. */
export const KEEP_KEYS = 86_400_000;

/** Events of one commit. */
const GROUP_EVENTS = 50_000;

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
  readonly #tools = new RowTools();

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
    using reader = new BatchReader(this.#tools, place.app, await this.clock());
    const digest = input.key === undefined ? undefined : createHash("sha256");
    for await (const bytes of bytesOf(input)) {
      digest?.update(bytes);
      reader.push(bytes);
    }
    const blocks = reader.blocks();
    return {
      ...place,
      blocks,
      events: blocks.reduce((sum, { events }) => sum + events, 0),
      key: digest && { hash: keyOf(place, actor, input.key!), digest: digest.digest("hex") },
    };
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      // Whoever has come meanwhile is let in: one sync of the disk does for all.
      await new Promise((resolve) => setTimeout(resolve));
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

  /** Of batches with one key, the first: the others are answered from what became of it. */
  #nextGroup(): Waiting[] {
    const group: Waiting[] = [], left: Waiting[] = [];
    const keys = new Set<string>();
    let events = 0;
    for (const batch of this.#waiting) {
      const name = batch.key && `${batch.account}/${batch.key.hash}`;
      if ((events > 0 && events + batch.events > GROUP_EVENTS) || (name !== undefined && keys.has(name))) {
        left.push(batch);
        continue;
      }
      events += batch.events;
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
    const erased = await erasedFor(kysely, account, NO_STREAM, identityKey);
    const fields = new Set(erased.flatMap(({ naming }) => naming.target.rules.identifyBy));
    const refused = erased.length === 0 ? undefined : { people: erasedInText(erased), fields };
    states.set(name, { account, app, epoch: row.log_epoch, refused });
    return undefined;
  }
}

async function* bytesOf({ size, ...body }: CollectInput): AsyncGenerator<Uint8Array, void, undefined> {
  if (!body.gzip && (size ?? 0) > BATCH_BYTES) throw tooLarge();
  let bytes = 0;
  for await (const chunk of uploadBytes(body)) {
    bytes += chunk.length;
    if (bytes > BATCH_BYTES) throw tooLarge();
    yield chunk;
  }
}

function tooLarge(): Failure {
  return new Failure("config", `The batch is over ${BATCH_BYTES} bytes, the most that is taken`, {
    code: "too_large",
    hint: "Send it in parts",
  });
}

/** Names a key of a caller for an app. */
function keyOf({ app }: AppRef, { kind, id }: Actor, key: string): string {
  return createHash("sha256").update(JSON.stringify([kind, id ?? "", app, key])).digest("hex");
}
