import assert from "node:assert/strict";
import { CompiledQuery, type RawBuilder } from "kysely";
import type { Database } from "../../database/database.ts";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { statementsFor } from "../batch_statements.ts";
import { fillTables } from "../statements_testing.ts";
import { sweepPage, sweepStatement } from "./feed.ts";
import { target } from "./feed_testing.ts";
import { noteAdded, noteChanged, swapPageEnd } from "./note_swap.ts";
import { notedStatement } from "./noted_profiles.ts";

/** A step of a plan of PostgreSQL. */
interface Step {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Recheck Cond"?: string;
  readonly Plans?: readonly Step[];
}

/** How a statement finds rows: what it reads, and by which columns. */
async function lookUps({ kysely, kind }: Database, statement: RawBuilder<unknown>): Promise<string[]> {
  const { sql, parameters } = statement.compile(kysely);
  const explain = kind === "sqlite" ? "explain query plan" : "explain (format json)";
  const { rows } = await kysely.executeQuery<Record<string, string>>(
    CompiledQuery.raw(`${explain} ${sql}`, [...parameters]),
  );
  if (kind === "sqlite") {
    const steps = rows.map(({ detail = "" }) => detail).filter((step) =>
      !/^((CO-ROUTINE|SCAN|SEARCH) (next|own|page)|CORRELATED SCALAR SUBQUERY \d+)$/.test(step)
    );
    return steps.map((step) => {
      const [, columns = step] = /^SEARCH \w+ USING PRIMARY KEY \((.*?)\)/.exec(step) ?? [];
      return [...new Set([...columns.matchAll(/(\w+)[<>=]\?/g)].map(([, name]) => name))].join(", ");
    });
  }
  const [{ Plan }] = JSON.parse(rows[0]!["QUERY PLAN"]!) as [{ Plan: Step }];
  const steps: Step[] = [Plan];
  for (const { Plans = [] } of steps) steps.push(...Plans);
  return steps.filter((step) => step["Node Type"].endsWith("Scan") && step["Relation Name"] !== undefined)
    .map((step) => {
      const columns = [...(step["Index Cond"] ?? step["Recheck Cond"] ?? step["Node Type"]).matchAll(/\((\w+) [<>=]/g)]
        .map(([, name]) => name);
      return [...new Set(columns)].filter((name) => name !== "epoch").join(", ");
    });
}

onEachDatabase(
  "each statement of a feed reads along a key, in small tables and in ones ten times as large",
  async (databases) => {
    for (const size of [2_000, 20_000]) {
      await using database = await databases.open();
      await fillTables(statementsFor(database.kind), database, size);
      const swap = { account: 1, from: 1, to: 2 }, page = { table: 1, epoch: 9, after: 100, last: 200 };
      const key = "account_id, table_id, id";
      const check = async (known: string) => {
        const is = async (statement: RawBuilder<unknown>, expected: readonly string[], name: string) =>
          assert.deepEqual(await lookUps(database, statement), expected, `${name}: ${size} rows, ${known}`);
        const noted = notedStatement(database.kind, target, { after: 100, since: 1, rows: 50 });
        await is(noted, [key, key], "what was noted");
        await is(sweepPage(1, 1, 100), [key], "what a sweep looks at");
        await is(sweepStatement(1, 1, { after: 100, last: 200, until: 1 }), [key], "what a sweep removes");
        await is(swapPageEnd({ account: 1, generation: 1, after: 100, below: 2_000 }), [key], "the end of a page");
        await is(noteChanged(database.kind, swap, page), [key, key], "what another generation changes");
        await is(noteAdded(database.kind, swap, page), [key, key], "what another generation adds");
      };
      await check("nothing known of them");
      await database.kysely.executeQuery(CompiledQuery.raw("analyze"));
      await check("analysed");
    }
  },
);
