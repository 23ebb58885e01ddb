import assert from "node:assert/strict";
import { CompiledQuery } from "kysely";
import type { Database } from "../database/database.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { LazyProfile } from "../lql/mod.ts";
import { statementsFor } from "./batch_statements.ts";
import { type MemberPage, type MemberPageOptions, memberPages, memberStatement } from "./member_pages.ts";
import { fillTables, insertProfiles, scope } from "./statements_testing.ts";

const decoder = new TextDecoder();

/** Stores profiles with the ids 3, 6, 9, … in an order of its own, beside those of another table and another account. */
async function fill(database: Database, attributes: readonly string[]): Promise<void> {
  const rows = attributes.map((text, index) => ({ id: 3 * (index + 1), at: 0, attributes: text, stamp: null }));
  const statements = statementsFor(database.kind);
  await database.write(async (transaction) => {
    await insertProfiles(statements, transaction, rows.toReversed());
    for (const other of [{ account: 1, table: 2 }, { account: 2, table: 1 }]) {
      await insertProfiles(
        statements,
        transaction,
        [{ id: 4, at: 0, attributes: '{"a":"elsewhere"}', stamp: null }],
        other,
      );
    }
  });
}

async function pages(
  { kysely, kind }: Database,
  options: MemberPageOptions = { fields: [], after: 0 },
): Promise<MemberPage[]> {
  return await Array.fromAsync(memberPages(kysely, kind, scope, options));
}

/** The attributes of each profile, as they are written. */
function textsOf(found: readonly MemberPage[]): string[] {
  return found.flatMap(({ bytes, rows }) => {
    assert.equal(rows.at(-1), bytes.length);
    return Array.from(
      { length: rows.length - 1 },
      (_, index) => decoder.decode(bytes.subarray(rows[index], rows[index + 1])),
    );
  });
}

const idsOf = (found: readonly MemberPage[]) => found.flatMap(({ ids }) => [...ids]);

onEachDatabase("an empty table has no pages", async (databases) => {
  await using database = await databases.open();
  await fill(database, []);
  assert.deepEqual(await pages(database), []);
});

onEachDatabase("profiles come by ascending id, byte for byte as they are stored", async (databases) => {
  await using database = await databases.open();
  const texts = [
    '{"a":"é’🐕"}',
    "{}",
    '{"a":{"b":[1,2.50]}, "c" : null}',
    '{"a":"\\u0000\\ud800"}',
    '{"n":12345678901234567890}',
  ];
  await fill(database, texts);
  const found = await pages(database);
  assert.deepEqual([idsOf(found), textsOf(found)], [[3, 6, 9, 12, 15], texts]);
  assert.equal(found[0]?.profiles, undefined, "nothing is parsed that nobody asks for");
});

onEachDatabase("pages begin after a profile, there or not, and are whole wherever one ends", async (databases) => {
  await using database = await databases.open();
  await fill(database, Array.from({ length: 2_600 }, (_, index) => `{"a":${index}}`));
  const whole = await pages(database);
  assert.deepEqual(whole.map(({ ids }) => ids.length), [500, 2_000, 100]);
  assert.deepEqual(idsOf(whole), Array.from({ length: 2_600 }, (_, index) => 3 * (index + 1)));
  for (const after of [1_500, 1_501, 7_799]) {
    assert.deepEqual(idsOf(await pages(database, { fields: [], after })), idsOf(whole).filter((id) => id > after));
  }
  assert.deepEqual(await pages(database, { fields: [], after: 7_800 }), []);
  const span = await pages(database, { fields: [], after: 1_501, last: 4_502 });
  assert.deepEqual(idsOf(span), idsOf(whole).filter((id) => id > 1_501 && id <= 4_502));
  const bare = await pages(database, { fields: [], after: 1_501, last: 4_502, ids: false });
  assert.deepEqual([idsOf(bare), textsOf(bare)], [[], textsOf(span)], "without ids");
});

onEachDatabase("the size of pages follows that of their profiles", async (databases) => {
  await using database = await databases.open();
  await fill(database, Array.from({ length: 700 }, () => `{"a":"${"x".repeat(10_000)}"}`));
  const sizes = (await pages(database)).map(({ ids }) => ids.length);
  assert.deepEqual(sizes, [500, Math.ceil((1 << 20) / (10_008 + 1)), 700 - 500 - 105]);
});

onEachDatabase("a page that ends where the table does is the last but for nothing", async (databases) => {
  await using database = await databases.open();
  await fill(database, Array.from({ length: 500 }, () => "{}"));
  assert.deepEqual((await pages(database)).map(({ ids }) => ids.length), [500]);
});

onEachDatabase("every profile comes once, wherever ids lie close or far apart", async (databases) => {
  await using database = await databases.open();
  const ids = [
    ...Array.from({ length: 3_000 }, (_, index) => index + 1),
    ...Array.from({ length: 900 }, (_, index) => 1_000_000 + 1_000 * index),
    ...Array.from({ length: 3_000 }, (_, index) => 5_000_000_000 + index - index % 2),
    Number.MAX_SAFE_INTEGER,
  ];
  const rows = [...new Set(ids)].map((id) => ({ id, at: 0, attributes: `{"id":${id}}`, stamp: null }));
  await database.write((transaction) => insertProfiles(statementsFor(database.kind), transaction, rows));
  for (const pageBytes of [undefined, 500]) {
    const found = await pages(database, { fields: [], after: 0, ...pageBytes !== undefined && { pageBytes } });
    assert.deepEqual(idsOf(found), rows.map(({ id }) => id));
    assert.deepEqual(textsOf(found), rows.map(({ attributes }) => attributes));
    assert.ok(found.every(({ bytes }) => bytes.length <= (pageBytes ?? 1 << 20) || bytes.length < 500 * 30));
  }
});

/** What a filter gets of each profile, of those fields. */
async function filtered(
  database: Database,
  fields: readonly string[] | undefined,
  asked: readonly string[],
): Promise<unknown[]> {
  return (await pages(database, { fields, after: 0 })).flatMap(({ ids, profiles }) =>
    Array.from(ids, (_, index) => {
      const profile = profiles!.at(index)!;
      return asked.map((field) => profile instanceof LazyProfile ? profile.get(field) : profile[field]);
    })
  );
}

onEachDatabase("a filter gets its fields taken out, and all of a profile for odd ones", async (databases) => {
  await using database = await databases.open();
  await fill(database, ['{"a":1,"b":"x","c":{"d":2}}', '{"b":null}']);
  assert.deepEqual(await filtered(database, ["a", "c"], ["a", "c"]), [[1, { d: 2 }], [undefined, undefined]]);
  for (const fields of [undefined, ["__proto__"], ["a", "\ud800"]]) {
    assert.deepEqual(await filtered(database, fields, ["a", "b", "c"]), [[1, "x", { d: 2 }], [
      undefined,
      null,
      undefined,
    ]]);
  }
});

onEachDatabase("a filter gets its fields where a profile holds what no text of PostgreSQL can", async (databases) => {
  await using database = await databases.open();
  await fill(database, ['{"a":1}', '{"a":"\\u0000","b":"\\ud800"}', '{"a":"C:\\\\users"}']);
  assert.deepEqual(await filtered(database, ["a"], ["a"]), [[1], ["\0"], ["C:\\users"]]);
});

/** A step of a plan of PostgreSQL. */
interface Step {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Filter?: string;
  readonly Plans?: readonly Step[];
}

/** How the statement finds a page's profiles. */
async function lookUp({ kysely, kind }: Database): Promise<readonly string[]> {
  const { sql, parameters } = memberStatement(kind, scope, { after: 100, last: 600 }).compile(kysely);
  const explain = kind === "sqlite" ? "explain query plan" : "explain (format json)";
  const { rows } = await kysely.executeQuery<Record<string, string>>(
    CompiledQuery.raw(`${explain} ${sql}`, [...parameters]),
  );
  if (kind === "sqlite") return rows.map(({ detail = "" }) => detail);
  const [{ Plan }] = JSON.parse(rows[0]!["QUERY PLAN"]!) as [{ Plan: Step }];
  const steps: Step[] = [Plan];
  for (const { Plans = [] } of steps) steps.push(...Plans);
  // Whether by way of a bitmap is the planner's to say; the aggregates sort what they get.
  return steps.filter((step) => step["Node Type"] !== "Bitmap Heap Scan")
    .map((step) => [step["Node Type"], step["Index Name"], step["Index Cond"], step.Filter].join(" ").trim())
    .map((step) => step.replace("Bitmap Index Scan", "Index Scan"));
}

const LOOK_UPS: Readonly<Record<Database["kind"], readonly string[]>> = {
  sqlite: ["SEARCH profiles USING PRIMARY KEY (account_id=? AND table_id=? AND id>? AND id<?)"],
  postgres: [
    "Aggregate",
    "Index Scan profiles_pk ((account_id = '1'::bigint) AND (table_id = '1'::bigint) AND (id > '100'::bigint) AND (id <= '600'::bigint))",
  ],
};

onEachDatabase(
  "a page is read along the key from where the one before ended, in small tables and in ones ten times as large",
  async (databases) => {
    for (const size of [2_000, 20_000]) {
      await using database = await databases.open();
      await fillTables(statementsFor(database.kind), database, size);
      assert.deepEqual(await lookUp(database), LOOK_UPS[database.kind], `${size} rows, nothing known of them`);
      await database.kysely.executeQuery(CompiledQuery.raw("analyze"));
      assert.deepEqual(await lookUp(database), LOOK_UPS[database.kind], `${size} rows, analysed`);
    }
  },
);
