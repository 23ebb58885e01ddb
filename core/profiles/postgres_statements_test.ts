import assert from "node:assert/strict";
import { CompiledQuery } from "kysely";
import type { Database, Executor } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openPostgres } from "../database/postgres.ts";
import { requirePostgres, startPostgres } from "../testing/postgres.ts";
import { postgresStatements as statements } from "./postgres_statements.ts";
import { everyStatement, fillTables, range, recording, statementsSuite } from "./statements_testing.ts";

const server = requirePostgres() ? await startPostgres() : undefined;
Deno.test.afterAll(() => server?.stop());

async function makeDatabase(): Promise<Database> {
  const database = await openPostgres(await server!.createDatabase());
  await migrate(database);
  return database;
}

/** A test that needs the server of this file. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: server === undefined, fn });
}

if (server !== undefined) statementsSuite("postgres", statements, makeDatabase);

/** A step of a query plan, as `explain (format json)` gives it. */
interface Step {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "TID Cond"?: string;
  readonly "Filter"?: string;
  readonly Plans?: readonly Step[];
}

/** The look-ups in tables of a statement's plan. Fails where it reads a table, or a part of one, from end to end. */
async function searches(executor: Executor, { sql, parameters }: CompiledQuery): Promise<string[]> {
  const { rows } = await executor.executeQuery<{ "QUERY PLAN": string }>(
    CompiledQuery.raw(`explain (format json) ${sql}`, [...parameters]),
  );
  const [{ Plan }] = JSON.parse(rows[0]!["QUERY PLAN"]) as [{ Plan: Step }];
  return touching(Plan).map((step) => {
    const { "Node Type": type, "Relation Name": table, "Index Name": index } = step;
    const condition = step["Index Cond"] ?? step["TID Cond"] ?? "";
    const row = /^\(ROW\((.*?)\) >= /.exec(condition)?.[1];
    const columns = row ?? [...condition.matchAll(/\(?(\w+) =/g)].map(([, column]) => column).join(", ");
    const whole = type === "Tid Scan" ? columns === "ctid" : /account_id, table_id, (into_)?id$/.test(columns);
    assert(whole && step.Filter === undefined, `${JSON.stringify(step)}: ${sql}`);
    return `${table}: ${index ?? "by place"} (${columns})`;
  });
}

/** The steps that read a table. */
function touching(step: Step): Step[] {
  const inner = (step.Plans ?? []).flatMap(touching);
  const reads = step["Node Type"].endsWith("Scan") && !/^(Function|Subquery) Scan$/.test(step["Node Type"]);
  return reads ? [step, ...inner] : inner;
}

const byKey = (table: string) => `${table}: ${table}_pk (account_id, table_id, id)`;

/** What each statement looks up, whatever is known of the tables; inserts and upserts touch a key a row, unplanned. */
const LOOK_UPS: Readonly<Record<keyof ReturnType<typeof everyStatement>, readonly string[]>> = {
  loadProfiles: [byKey("profiles"), byKey("profile_stamps")],
  "loadProfiles apart": [byKey("profiles"), byKey("profile_stamps")],
  insertProfiles: [],
  updateProfiles: [],
  noteProfiles: [byKey("profiles")],
  "noteProfiles apart": [byKey("profiles")],
  moveStamps: [],
  putStamps: [],
  findMerges: [byKey("profile_merges")],
  mergeProfiles: [
    byKey("profiles"),
    "profiles: by place (ctid)",
    byKey("profile_stamps"),
    "profile_stamps: by place (ctid)",
    "profile_merges: profile_merges_by_target (account_id, table_id, into_id)",
  ],
};

/** The look-ups of every statement, in the transactions that batches run in. */
async function lookUps(database: Database, fresh: number): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const [name, run] of Object.entries(everyStatement(statements))) {
    const steps = new Set<string>();
    await database.write(async (transaction) => {
      const { executor, queries } = recording(transaction);
      await run(executor, range(5_010), fresh);
      assert(queries.length > 0 && queries.length % 2 === 0, `${name}: two pieces`);
      for (const query of queries) for (const step of await searches(transaction, query)) steps.add(step);
    });
    found[name] = [...steps];
  }
  return found;
}

test("every batch statement looks rows up by their key, before anything is known of a table and after", async () => {
  for (const size of [2_000, 50_000]) {
    await using database = await makeDatabase();
    await fillTables(statements, database, size);
    assert.deepEqual(await lookUps(database, 6e7), LOOK_UPS, `${size} rows, nothing known of them`);
    await database.kysely.executeQuery(CompiledQuery.raw("analyze"));
    assert.deepEqual(await lookUps(database, 7e7), LOOK_UPS, `${size} rows, analysed`);
  }
});

test("a plan that reads a table from end to end does not pass", async () => {
  await using database = await makeDatabase();
  await fillTables(statements, database, 1_000);
  for (
    const sql of [
      "select * from profiles",
      "select * from profiles where account_id = 1 and table_id = 1",
      "delete from profiles using unnest(array[1, 2]) as merged(id) where profiles.id = merged.id",
    ]
  ) {
    await assert.rejects(searches(database.kysely, CompiledQuery.raw(sql)), assert.AssertionError);
  }
});

test("what was planned for empty tables is planned anew for what a batch made of them", async () => {
  await using database = await makeDatabase();
  await database.write(async (transaction) => {
    const every = Object.values(everyStatement(statements));
    for (let count = 0; count < 10; count++) {
      for (const run of every) await run(transaction, range(2, 10 * count), 1e6);
    }
    const { rows: kept } = await transaction.executeQuery<{ generic: number; custom: number }>(
      CompiledQuery.raw(
        "select generic_plans as generic, custom_plans as custom from pg_prepared_statements where statement ~ 'unnest'",
      ),
    );
    assert(kept.some(({ custom }) => custom >= 9) && kept.every(({ generic }) => generic === 0), JSON.stringify(kept));
  });
});
