/**
 * Counts audiences of large tables: on two threads, where both see one state of the database.
 *
 * @module
 */
import { abortFailure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { type DatabaseAddress, openDatabase } from "../database/open.ts";
import { type Counter, type CountQuestion, CountSession, type OpenedCount } from "./count_session.ts";
import { CountThread } from "./count_thread.ts";
import { shareSpans } from "./shared_spans.ts";

/** Where audiences are counted. */
export interface CountPlaces {
  /** The database. */
  readonly database: DatabaseAddress;
  /** Whether this thread has others to answer, so that it counts nothing itself. */
  readonly serves: boolean;
  /** A thread that was started before, for a count that is about to come. It ends with the counts. */
  readonly thread?: CountThread | undefined;
}

/** Counts, for every account. */
export class AudienceCounts implements AsyncDisposable {
  readonly #database: DatabaseAddress;
  /** The first counts every audience; the others help. */
  readonly #threads: readonly CountThread[];
  #own: Promise<Database> | undefined;

  constructor({ database, serves, thread }: CountPlaces) {
    this.#database = database;
    thread?.open(database);
    const first = thread ?? new CountThread();
    this.#threads = serves ? [first, new CountThread()] : [first];
  }

  /** How many profiles are members now. Failures as `sizeOf` has them. */
  async count(question: CountQuestion, signal?: AbortSignal): Promise<number> {
    await using stack = new AsyncDisposableStack();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(abortFailure(signal!));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    stack.defer(() => signal?.removeEventListener("abort", abort));
    const [first, helper] = await this.#counters();
    stack.use(first);
    stack.use(helper);
    return await Promise.race([countTogether(question, first, helper), aborted.promise]);
  }

  async #counters(): Promise<readonly [Counter, Counter]> {
    const [one, other] = this.#threads;
    if (other !== undefined) return [one!.counter(this.#database), other.counter(this.#database)];
    return [new CountSession(await (this.#own ??= openDatabase(this.#database))), one!.counter(this.#database)];
  }

  /** Ends what is being counted. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.#threads) thread[Symbol.dispose]();
    await (await this.#own)?.[Symbol.asyncDispose]();
  }
}

/** Counts with the first counter, and with the helper as soon as it is there, if both see one state. */
export async function countTogether(question: CountQuestion, first: Counter, helper: Counter): Promise<number> {
  const opened = await first.open(question);
  const spans = shareSpans(opened.spans);
  const helps = opened.spans.length > 1 ? join(question, opened, first, helper) : Promise.resolve(false);
  const counts = await Promise.all([
    first.count(spans),
    helps.then((does) => does ? helper.count(spans) : 0),
  ]);
  return counts[0] + counts[1];
}

/** Lets the helper look at the question; whether it sees the state that the first one sees. */
async function join(question: CountQuestion, opened: OpenedCount, first: Counter, helper: Counter): Promise<boolean> {
  await helper.open(question, opened.now);
  return await first.stamp() === opened.stamp;
}
