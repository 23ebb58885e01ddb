/**
 * A database some of whose methods are another's: for tests of what happens when they do something else.
 *
 * @module
 */
import type { Database } from "./database.ts";

/** The database, but for what `methods` do in its place. */
export function alteredDatabase(database: Database, methods: Partial<Database>): Database {
  return {
    kind: database.kind,
    kysely: database.kysely,
    write: (...given) => database.write(...given),
    read: (...given) => database.read(...given),
    rewrite: (...given) => database.rewrite(...given),
    first: (...given) => database.first(...given),
    now: () => database.now(),
    revision: () => database.revision(),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    ...methods,
  };
}
