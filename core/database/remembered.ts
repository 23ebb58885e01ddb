/**
 * What was read of a database, kept for as long as nothing is written to it.
 *
 * @module
 */
import type { Database } from "./database.ts";

/** Values that are kept; beyond them all are read again. */
const MOST = 1_000;

/**
 * Values by name. One is given only while the database is as it was before the value was read: a write to any table,
 * by this process or another, is seen by whoever asks after it. Where a database cannot tell that, everything is read
 * at each call.
 */
export class Remembered<T> {
  readonly #kept = new Map<string, T>();
  #revision: string | undefined;

  constructor(private readonly database: Pick<Database, "revision">) {}

  /**
   * The value of a name: what `read` gave, at once, or what it gives. Undefined, as the absence of something, is not
   * kept. Whoever has looked at the database's revision since it was asked need not have it looked at once more.
   */
  get(name: string, read: () => Promise<T>, revision: string | undefined = this.database.revision()): T | Promise<T> {
    // Looked at first: what is read after it is at least as new.
    if (revision === undefined) return read();
    if (revision !== this.#revision) {
      this.#kept.clear();
      this.#revision = revision;
    }
    return this.#kept.get(name) ?? this.#read(name, read, revision);
  }

  async #read(name: string, read: () => Promise<T>, revision: string): Promise<T> {
    const value = await read();
    if (value === undefined || this.#revision !== revision) return value;
    if (this.#kept.size >= MOST) this.#kept.clear();
    this.#kept.set(name, value);
    return value;
  }
}
