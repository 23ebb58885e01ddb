/**
 * An open database, whichever it is.
 *
 * @module
 */
import type { Kysely, Transaction } from "kysely";
import type { Tables } from "./tables.ts";

/** What statements run on: the database, or a transaction in it. */
export type Executor = Kysely<Tables> | Transaction<Tables>;

/** How a transaction goes with others. */
export interface WriteOptions {
  /** Whether it may run at the same time as others: it is long, and locks what it relies on. */
  readonly beside?: boolean;
  /**
   * Whether it need not be on the disk when it is committed: where power fails it may be lost, with those like it. It is
   * there once any other that was committed after it is.
   */
  readonly unsynced?: boolean;
}

/** An open database. */
export interface Database extends AsyncDisposable {
  /** Which one it is; the batch statements of the hot path are written per database. */
  readonly kind: "sqlite" | "postgres";
  /** For reads and single writes. Writes wait (without blocking the thread) while another connection writes. */
  readonly kysely: Kysely<Tables>;
  /**
   * Runs `work` in one write transaction and commits it; rolls back when it throws. Waits, without blocking the
   * thread, for other writers, 30 s at most (Failure `transient`). A full disk is a Failure `transient` that says so.
   *
   * Such transactions run one after another, whichever process they are of, so what `work` read stays true. Those that
   * are `beside` the others run at the same time where the database can (PostgreSQL), and lock the rows they rely on.
   */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>, options?: WriteOptions): Promise<T>;
  /**
   * Runs `work` over one state of the database, whatever is written meanwhile. `work` may only read, and should not take
   * long: what is deleted meanwhile stays on the disk. Goes on at the same time as writes and other reads.
   */
  read<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * The first row of a read that is written out, with this database's placeholders: for what comes with every request,
   * where putting a statement together takes longer than running it. Given at once where nothing has to be waited for.
   */
  first<Row>(sql: string, parameters: readonly (number | string)[]): Row | undefined | Promise<Row | undefined>;
  /** The database's clock: milliseconds since the Unix epoch. */
  now(): Promise<number>;
  /**
   * What is the same twice only if nothing was written in between, by this process or another. Undefined where it
   * cannot be told for less than what a read costs (PostgreSQL).
   */
  revision(): string | undefined;
  /**
   * Writes tables anew, so that nothing that was deleted from them stays in free space or, with SQLite, in the log.
   * Others wait meanwhile. Failure `transient` where they do not give way for 30 s.
   */
  rewrite(tables: readonly (keyof Tables)[]): Promise<void>;
}
