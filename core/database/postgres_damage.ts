/**
 * Whether a PostgreSQL database is whole.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database } from "./database.ts";

/** Sentences that are given at most. */
const MOST = 5;

/**
 * What is found wrong when every row of every table is read from end to end, a sentence each; nothing when all is
 * whole. Indexes are compared with PostgreSQL's extension `amcheck`, where it is installed and this user may call it.
 */
export async function postgresDamage(database: Database): Promise<string[]> {
  const { kysely } = database;
  const { rows: tables } = await sql<{ name: string }>`select relname as name from pg_class
    where relkind = 'r' and relnamespace = current_schema()::regnamespace and pg_has_role(relowner, 'usage')
    order by relname`.execute(kysely);
  const damage: string[] = [];
  const look = async (what: string, statement: RawBuilder<unknown>) => {
    if (damage.length === MOST) return;
    try {
      await statement.execute(kysely);
    } catch (error) {
      damage.push(`${what}: ${wordsOfDamage(error)}`);
    }
  };
  for (const { name } of tables) {
    // As text, so that long values, which lie elsewhere, are read as well.
    const every = sql`select sum(length(every::text)) from ${sql.id(name)} as every`;
    await look(`Table "${name}" cannot be read`, every);
  }
  for (const { name, id, check } of await checkedIndexes(database)) {
    await look(`Index "${name}" is damaged`, sql`select ${sql.raw(check)}(${id}::oid)`);
  }
  return damage;
}

interface CheckedIndex {
  readonly name: string;
  readonly id: number;
  /** The function that looks at it, in the schema where the extension is. */
  readonly check: string;
}

/** The indexes that `amcheck` can look at; none where it may not be called. */
async function checkedIndexes({ kysely }: Database): Promise<CheckedIndex[]> {
  const { rows } = await sql<CheckedIndex>`select index.relname as name, index.oid::bigint as id,
      quote_ident(schema.nspname) || '.bt_index_check' as check
    from pg_extension as extension join pg_namespace as schema on schema.oid = extension.extnamespace
      join pg_proc as called on called.pronamespace = schema.oid and called.proname = 'bt_index_check' and pronargs = 1,
      pg_index as entry join pg_class as index on index.oid = entry.indexrelid
      join pg_am as method on method.oid = index.relam and method.amname = 'btree'
    where extension.extname = 'amcheck' and index.relnamespace = current_schema()::regnamespace
      and has_schema_privilege(schema.oid, 'usage') and has_function_privilege(called.oid, 'execute')
    order by index.relname`.execute(kysely);
  return rows;
}

/** What PostgreSQL said of a disk that cannot be read or of broken bytes; any other error is thrown on. */
function wordsOfDamage(error: unknown): string {
  const said = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (said instanceof Error && "code" in said && typeof said.code === "string" && /^(XX|58)/.test(said.code)) {
    return said.message;
  }
  throw error;
}
