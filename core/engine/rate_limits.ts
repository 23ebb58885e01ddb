/**
 * Rate limits of API keys: exact sliding windows, kept in the database, so that all processes share them and a restart
 * forgets nothing. Whatever waits in this process is decided in one short transaction; a key whose window is known to be
 * full costs none.
 *
 * @module
 */
import type { Database, Executor } from "../database/database.ts";
import { type Admission, admission, counting, nextFree, type RateLimit } from "./rate_window.ts";

/** The limits, per API key, as they are unless `waybill.json` says otherwise: SPEC §3. */
export const RATE_LIMITS = {
  "profile-import": { requests: 10, seconds: 3_600 },
  "profile-import-status": { requests: 60, seconds: 60 },
  "audience-import": { requests: 60, seconds: 60 },
  "audience-import-status": { requests: 60, seconds: 60 },
  "audience-export": { requests: 50, seconds: 60 },
  "profile-export": { requests: 50, seconds: 60 },
  "log-export": { requests: 50, seconds: 60 },
} as const satisfies Readonly<Record<string, RateLimit>>;

/** The name of a limit. */
export type Bucket = keyof typeof RATE_LIMITS;

/** Every limit. */
export type RateLimits = Readonly<Record<Bucket, RateLimit>>;

/** Whose requests are counted. */
export interface KeyRef {
  readonly account: number;
  readonly key: string;
}

/** A request that waits to be let in. */
interface Waiting extends KeyRef {
  readonly bucket: Bucket;
  readonly settle: PromiseWithResolvers<Admission>;
}

/** Windows that are remembered as full. */
const MOST_FULL = 10_000;

/** Lets requests in, or not. */
export class RateLimiter {
  readonly #database: Database;
  readonly #limits: RateLimits;
  readonly #clock: () => Promise<number>;
  /** By account, key and bucket: until when nothing is let in, whatever anybody does. */
  readonly #full = new Map<string, number>();
  #waiting: Waiting[] = [];
  #deciding = false;

  constructor(database: Database, limits: RateLimits = RATE_LIMITS, clock = () => database.now()) {
    this.#database = database;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Counts a request and lets it in; or refuses it, which counts for nothing. */
  async take(who: KeyRef, bucket: Bucket): Promise<Admission> {
    const limit = this.#limits[bucket], name = nameOf({ ...who, bucket });
    const full = this.#full.get(name);
    if (full !== undefined) {
      const now = await this.#clock();
      // A clock that was put back is not to keep a window shut for longer than it is.
      if (now < full && full - now <= limit.seconds * 1_000) {
        return { admitted: false, limit, remaining: 0, reset: Math.ceil((full - now) / 1_000) };
      }
      this.#full.delete(name);
    }
    const settle = Promise.withResolvers<Admission>();
    this.#waiting.push({ ...who, bucket, settle });
    if (!this.#deciding) void this.#decideAll();
    return await settle.promise;
  }

  async #decideAll(): Promise<void> {
    this.#deciding = true;
    while (this.#waiting.length > 0) {
      const asks = this.#waiting;
      this.#waiting = [];
      try {
        const { decided, full } = await this.#decide(asks);
        if (this.#full.size + full.size > MOST_FULL) this.#full.clear();
        for (const [name, until] of full) this.#full.set(name, until);
        for (const [ask, admission] of decided) ask.settle.resolve(admission);
      } catch (error) {
        for (const { settle } of asks) settle.reject(error);
      }
    }
    this.#deciding = false;
  }

  /** Gives what became of each, and which windows are full until when. */
  async #decide(asks: readonly Waiting[]) {
    // Every process locks rows in the same order.
    const groups = [...Map.groupBy(asks, nameOf)].sort(([a], [b]) => a < b ? -1 : 1);
    return await this.#database.write(async (transaction) => {
      const windows: { name: string; asks: readonly Waiting[]; stored: readonly number[] }[] = [];
      for (const [name, asks] of groups) {
        windows.push({ name, asks, stored: await lockedStamps(transaction, this.#database.kind, asks[0]!) });
      }
      // Looked at when all are locked: whoever comes after has a later time.
      const now = await this.#clock();
      const decided = new Map<Waiting, Admission>(), full = new Map<string, number>();
      for (const { name, asks, stored } of windows) {
        const limit = this.#limits[asks[0]!.bucket];
        const stamps = counting(stored, limit, now), before = stamps.length;
        for (const ask of asks) {
          const admitted = stamps.length < limit.requests;
          if (admitted) stamps.push(now);
          decided.set(ask, admission(admitted, stamps, limit, now));
        }
        if (stamps.length >= limit.requests) full.set(name, nextFree(stamps, limit)!);
        // A clock that was put back is heeded once and for all.
        if (stamps.length > before || (stored.at(-1) ?? 0) > now) await writeStamps(transaction, asks[0]!, stamps);
      }
      return { decided, full };
    }, { beside: true });
  }
}

/** Forgets the requests of a key that is gone. */
export async function forgetKey(transaction: Executor, account: number, key: string): Promise<void> {
  await transaction.deleteFrom("rate_windows").where("account_id", "=", account).where("api_key", "=", key).execute();
}

function nameOf({ account, key, bucket }: KeyRef & { readonly bucket: Bucket }): string {
  return `${account} ${key} ${bucket}`;
}

/** The stamps of a window, whose row is locked from here to the end of the transaction. */
async function lockedStamps(executor: Executor, kind: Database["kind"], window: Waiting): Promise<number[]> {
  const row = () =>
    executor.selectFrom("rate_windows").select("stamps").where("account_id", "=", window.account)
      .where("api_key", "=", window.key).where("bucket", "=", window.bucket)
      .$if(kind === "postgres", (query) => query.forUpdate()).executeTakeFirst();
  let found = await row();
  if (found === undefined) {
    await executor.insertInto("rate_windows")
      .values({ account_id: window.account, api_key: window.key, bucket: window.bucket, stamps: "[]" })
      .onConflict((conflict) => conflict.doNothing()).execute();
    found = await row();
  }
  return JSON.parse(found!.stamps);
}

async function writeStamps(executor: Executor, window: Waiting, stamps: readonly number[]): Promise<void> {
  await executor.updateTable("rate_windows").set({ stamps: JSON.stringify(stamps) })
    .where("account_id", "=", window.account).where("api_key", "=", window.key)
    .where("bucket", "=", window.bucket).execute();
}
