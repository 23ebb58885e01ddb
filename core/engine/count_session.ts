/**
 * An audience that is being counted, on the thread that counts.
 *
 * @module
 */
import { sql } from "kysely";
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { Database, Executor } from "../database/database.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import type { Actor } from "./actor.ts";
import { openScan } from "./audience_reading.ts";
import { countMembers, listsOf, type Scan, type Span, spansOf } from "./audience_scan.ts";
import type { AccountRef } from "./context.ts";
import { type SharedSpans, takeSpans } from "./shared_spans.ts";

/** Which audience, and who asks. Plain data. */
export interface CountQuestion {
  readonly account: AccountRef;
  readonly actor: Actor;
  /** Slug or id. */
  readonly audience: string;
}

/** What is known of a question once it is looked at. */
export interface OpenedCount {
  /** Two that are equal say that nobody has written to the database in between. */
  readonly stamp: string;
  /** The time that date math starts from. */
  readonly now: number;
  readonly spans: readonly Span[];
}

/** Counts one audience over one state of the database, from `open` until it is disposed of. */
export interface Counter extends AsyncDisposable {
  /** Looks at the question, at a time or else now. Failures as `sizeOf` has them. */
  open(question: CountQuestion, now?: number): Promise<OpenedCount>;
  /** How many profiles are members, of the spans that it takes. */
  count(spans: SharedSpans): Promise<number>;
  /** As it is now, whatever state is counted. */
  stamp(): Promise<string>;
}

/** How long a count keeps its thread at a time, in milliseconds: nobody waits there but for an end of it, or other counts. */
const SLICE = 50;

/** Counts on this thread, in slices. */
export class CountSession implements Counter {
  readonly #ended = new AbortController();
  #scan: Scan | undefined;
  #reading: Promise<void> = Promise.resolve();

  /** The database is not written to but by other connections, and may serve many sessions. */
  constructor(private readonly database: Database) {}

  async open({ account, actor, audience }: CountQuestion, now?: number): Promise<OpenedCount> {
    const { database } = this;
    const stamp = await this.stamp();
    throwIfAborted(this.#ended.signal);
    const opened = Promise.withResolvers<OpenedCount>();
    this.#reading = database.read(async (transaction) => {
      const scan = await this.#open(transaction, { account, actor, audience }, now);
      opened.resolve({ stamp, now: scan.now, spans: await spansOf(scan) });
      throwIfAborted(this.#ended.signal);
      await new Promise((resolve) => this.#ended.signal.addEventListener("abort", resolve));
    }).catch(opened.reject);
    return await opened.promise;
  }

  async #open(executor: Executor, { account, actor, audience }: CountQuestion, now?: number): Promise<Scan> {
    const { database } = this;
    const parts = { statements: statementsFor(database.kind) };
    const { scan } = await openScan({ database, account, actor }, parts, executor, audience, this.#ended.signal);
    return this.#scan = { ...scan, now: now ?? scan.now, slice: SLICE };
  }

  async count(spans: SharedSpans): Promise<number> {
    if (this.#scan === undefined) throw new Error("The count was not opened");
    return await countMembers(this.#scan, await listsOf(this.#scan), takeSpans(spans));
  }

  async stamp(): Promise<string> {
    // Either changes with every commit of another connection.
    const { rows: [row] } = this.database.kind === "sqlite"
      ? await sql<{ data_version: number }>`pragma data_version`.execute(this.database.kysely)
      : await sql<{ data_version: string }>`select pg_current_snapshot()::text as data_version`
        .execute(this.database.kysely);
    return String(row?.data_version);
  }

  /** Ends what is being counted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Failure("cancelled", "The size is not wanted any more"));
    await this.#reading;
  }
}
