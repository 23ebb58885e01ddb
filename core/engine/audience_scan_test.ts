import assert from "node:assert/strict";
import fc from "fast-check";
import { sql } from "kysely";
import type { JsonValue } from "../contracts/records.ts";
import type { Database } from "../database/database.ts";
import type { Expression, Filter } from "../lql/mod.ts";
import { compileFilter, formatFilter, parseFilter } from "../lql/mod.ts";
import { expressions, fieldValues, names } from "../lql/arbitrary_testing.ts";
import { attributesStatement, pageStatement, profilePages, sievedStatement } from "../profiles/audience_pages.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { conditionOf } from "../profiles/filter_conditions.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { AudiencePrograms } from "./audience_programs.ts";
import { countMembers, findMembers, listsOf, type Scan } from "./audience_scan.ts";

const ALL = { after: 0, last: Number.MAX_SAFE_INTEGER };
const NOW = Date.parse("2026-03-05T00:00:00Z");

/** Texts that may hide in JSON: escapes, other scripts and cases, what looks like something else. */
const texts = fc.oneof(
  fc.constantFrom("CH", "ch", "Zürich", "ZÜRICH", "zu\u0308rich", "İ", "a\\b", 'q"q', "a/b", "\n", "\u2028", "😀", "ß"),
  fc.constantFrom("9", "9.0", "1e1", "-0", "true", "Yes", "no", "2026-03-01", "2026-03-01T00:00:00.000Z", "now-3d"),
  fc.string({ maxLength: 4, unit: "grapheme" }).filter((text) => !text.includes("\0") && text.isWellFormed()),
);
/** Numbers that databases and we may read or write in several ways, and their neighbours. */
const numbers = fc.oneof(
  fc.constantFrom(
    0,
    1,
    9,
    -9,
    0.1,
    0.3,
    0.1 + 0.2,
    9.000000000001,
    8.999999999999999,
    1e21,
    1e-7,
    2 ** 53,
    2 ** 53 + 2,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -3, max: 12 }),
);
const FIELDS = [
  "a",
  "b",
  "a.b",
  "__proto__",
  "CH",
  "0",
  "[0]",
  "$",
  "$.a",
  "#",
  "é",
  "😀",
  'a"b',
  "a\\b",
  "a'b",
  " ",
  "a/b",
  "?",
  "\t",
];
const values: fc.Arbitrary<JsonValue> = fc.oneof(
  texts,
  fieldValues,
  fc.array(texts, { maxLength: 3 }),
  fc.dictionary(texts, texts, { maxKeys: 2 }),
  numbers,
  fc.array(fc.oneof(texts, numbers, fc.boolean(), fc.array(texts, { maxLength: 2 })), { maxLength: 3 }),
);
const profiles = fc.array(
  fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), names), values, { maxKeys: 4, noNullPrototype: false }),
  { minLength: 1, maxLength: 12 },
);

/** Comparisons of fields with texts, and anything else around them. */
const field = fc.constantFrom(...FIELDS).map((name): Expression & { type: "field" } => ({
  type: "field",
  path: [name],
}));
const literal = fc.oneof(texts, numbers, fc.constantFrom(9, 1, true, false));
const phrases = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      type: fc.constant("comparison" as const),
      operator: fc.constantFrom("=" as const, "=" as const, "!=" as const),
      left: field,
      right: literal.map((value): Expression => ({ type: "literal", value })),
    }),
    fc.record({
      type: fc.constant("comparison" as const),
      operator: fc.constant(">" as const),
      left: field,
      right: texts.map((value): Expression => ({ type: "literal", value })),
    }),
    fc.record({
      type: fc.constant("comparison" as const),
      operator: fc.constantFrom("=" as const, "!=" as const, "<" as const, "<=" as const, ">" as const, ">=" as const),
      left: field,
      right: numbers.map((value): Expression => ({ type: "literal", value })),
    }),
    fc.record({
      type: fc.constant("between" as const),
      operand: field,
      low: numbers.map((value): Expression => ({ type: "literal", value })),
      high: numbers.map((value): Expression => ({ type: "literal", value })),
      negated: fc.boolean(),
    }),
    fc.record({
      type: fc.constantFrom("in" as const, "intersects" as const),
      operand: field,
      set: fc.array(literal, { minLength: 1, maxLength: 3 }),
      negated: fc.boolean(),
    }),
    fc.record({ type: fc.constant("contains" as const), operand: field, pattern: literal, negated: fc.boolean() }),
    fc.record({ type: fc.constant("exists" as const), operand: field }),
    fc.record({ type: fc.constant("not" as const), operand: tie("node") }),
    fc.record({
      type: fc.constantFrom("and" as const, "or" as const),
      operands: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).node;

/** What a filter asks; `undefined` for one that could not be saved. */
function compiled(text: string) {
  try {
    return compileFilter(parseFilter(text), () => undefined).matches;
  } catch {
    return undefined;
  }
}

/** Fills generation 1 of account 1. */
async function fill(database: Database, attributes: readonly string[]): Promise<void> {
  await database.kysely.deleteFrom("profiles").execute();
  const rows = attributes.map((text, index) => ({
    account_id: 1,
    table_id: 1,
    id: 10 * index + 1,
    at: 0,
    attributes: text,
  }));
  if (rows.length > 0) await database.kysely.insertInto("profiles").values(rows).execute();
}

function scanOf(database: Database, filter: string): Scan {
  const programs = new AudiencePrograms([{
    id: 1,
    table_id: 1,
    kind: "dynamic",
    slug: "s",
    name: "s",
    description: "",
    filter,
    field: null,
    members: 0,
    version: 0,
    created_at: 0,
    updated_at: 0,
  }]);
  return {
    executor: database.kysely,
    kind: database.kind,
    statements: statementsFor(database.kind),
    scope: { account: 1, table: 1 },
    program: programs.program(programs.require("s")),
    now: NOW,
  };
}

/** JSON that says the same with escapes. */
const escaped = (text: string) => text.replaceAll("C", "\\u0043").replaceAll("/", "\\/");
const slashed = (text: string) => text.replaceAll("/", "\\/");

onEachDatabase("a database gives a filter of a profile what JSON.parse would", async (databases) => {
  await using database = await databases.open();
  await fc.assert(
    fc.asyncProperty(
      profiles,
      fc.oneof(phrases, expressions(false)),
      fc.constantFrom(slashed, escaped, String),
      async (attributes, phrase, write) => {
        const filter: Filter = { phrase };
        const text = formatFilter(filter);
        const matches = compiled(text);
        fc.pre(matches !== undefined);
        const stored = attributes.map((profile) => write(JSON.stringify(profile)));
        await fill(database, stored);
        const expected = stored.flatMap((json, index) =>
          matches(JSON.parse(json), { now: NOW }) ? [10 * index + 1] : []
        );
        const found = [];
        for await (const { id } of findMembers(scanOf(database, text), 0)) found.push(id);
        assert.deepEqual(found, expected, text);
        const scan = scanOf(database, text);
        assert.equal(await countMembers(scan, await listsOf(scan)), expected.length, text);
      },
    ),
    { numRuns: 300 },
  );
});

/** Filters, profiles of which only the first is asked about, and those that are, too, though SQL alone cannot tell. */
const PASSED_OVER: readonly (readonly [filter: string, asked: string, passed: string, doubtful: string])[] = [
  ["a > 5", '{"a":5.1}', '{"a":4.9}', '{"a":"4"}'],
  ["5 > a", '{"a":4.9}', '{"a":5.1}', '{"a":[7]}'],
  ["a <= 5", '{"a":5}', '{"a":5.1}', '{"a":{"7":1}}'],
  ["a = 1", '{"a":1}', '{"a":2}', '{"a":true}'],
  ["a BETWEEN 1 AND 2", '{"a":1.5}', '{"a":3}', '{"a":"1,5"}'],
  ['a = "CH"', '{"a":"CH"}', '{"a":"DE","b":"CH"}', '{"a":"\\u0043H"}'],
  ['a INTERSECTS ("CH", "AT")', '{"a":["DE","AT"]}', '{"a":["DE"]}', '{"a":[["CH"]]}'],
  ['a CONTAINS "9@"', '{"a":"x9@y"}', '{"a":"x"}', '{"a":["a9@","\\n"]}'],
  ['AND (a > 5, b = "CH", b LIKE "*")', '{"a":6,"b":"CH"}', '{"a":6,"b":"DE"}', '{"a":"4","b":"CH"}'],
  ["OR (a > 5, b > 5)", '{"b":6}', '{"a":4}', '{"a":4,"b":"x"}'],
  ["AND (a > 5, NOT (b = 1), INCLUDE all)", '{"a":6}', '{"a":4}', '{"a":6,"b":1}'],
];

onEachDatabase(
  "a filter is not asked about profiles that SQLite knows to be none of its members",
  async (databases) => {
    await using database = await databases.open();
    for (const [text, ...attributes] of PASSED_OVER) {
      await fill(database, attributes);
      const { executor, kind, scope, program } = scanOf(database, `FILTER ${text}`);
      const condition = conditionOf(program.filter!.phrase, program.included);
      for (const fields of [["a", "b"], undefined]) {
        const pages = profilePages(executor, kind, scope, { ...ALL, ids: true, fields, condition });
        const ids = (await Array.fromAsync(pages)).flatMap((page) => page.ids);
        assert.deepEqual(ids, kind === "sqlite" ? [1, 21] : [1, 11, 21], text);
      }
    }
  },
);

onEachDatabase("conditions that leave most profiles are left out", async (databases) => {
  await using database = await databases.open();
  // The first page tells.
  const attributes = Array.from({ length: 1_000 }, (_, index) => `{"a":${index < 500 ? index % 2 : 0}}`);
  await fill(database, attributes);
  const { executor, kind, scope, program } = scanOf(database, "FILTER a = 1");
  const condition = conditionOf(program.filter!.phrase, program.included);
  const pages = profilePages(executor, kind, scope, { ...ALL, ids: false, fields: ["a"], condition });
  const sizes = (await Array.fromAsync(pages)).map((page) => page.profiles.length);
  assert.deepEqual(sizes, [kind === "sqlite" ? 250 : 500, 500]);
});

onEachDatabase("a table is read in pages whose size follows that of its profiles", async (databases) => {
  await using database = await databases.open();
  const sizes = async (attributes: (index: number) => string, count: number) => {
    await fill(database, Array.from({ length: count }, (_, index) => attributes(index)));
    const pages = [];
    const ids = [];
    for await (
      const page of profilePages(database.kysely, database.kind, { account: 1, table: 1 }, {
        ...ALL,
        ids: true,
        fields: ["a"],
      })
    ) {
      pages.push(page.profiles.length);
      ids.push(...page.ids);
    }
    assert.deepEqual(ids, Array.from({ length: count }, (_, index) => 10 * index + 1));
    return pages;
  };
  assert.deepEqual(await sizes(() => "{}", 0), []);
  assert.deepEqual(await sizes(() => "{}", 500), [500]);
  assert.deepEqual(await sizes(() => "{}", 3_000), [500, 2_000, 500]);
  const [, second] = await sizes(() => `{"a":"${"x".repeat(10_000)}"}`, 700);
  assert.equal(second, Math.ceil((1 << 20) / (10_008 + 1 + 499 / 500)));
});

onEachDatabase("profiles that hold what no text of PostgreSQL can are asked like others", async (databases) => {
  await using database = await databases.open();
  const odd = ['{"a":"x","b":"\\u0000"}', '{"a":"\\ud800"}', '{"a":"\\u0000"}', '{"a":"\\\\u0000"}'];
  await fill(database, ['{"a":"x"}', ...odd]);
  const { kysely, kind } = database;
  const pages = (fields: readonly string[] | undefined) =>
    Array.fromAsync(profilePages(kysely, kind, { account: 1, table: 1 }, { ...ALL, ids: true, fields }));
  for (const fields of [["a"], undefined]) {
    const [page] = await pages(fields);
    assert.deepEqual(page?.ids, [1, 11, 21, 31, 41]);
    assert.deepEqual(page.profiles.map(({ a }) => a), ["x", "x", "\ud800", "\0", "\\u0000"]);
  }
});

onEachDatabase("pages are found by the key of profiles", async (databases) => {
  await using database = await databases.open();
  await fill(database, Array.from({ length: 2_000 }, (_, index) => `{"a":${index}}`));
  const { kysely, kind } = database;
  const scope = { account: 1, table: 1 };
  for (
    const statement of [
      pageStatement(kind, scope, { fields: ["a"], ids: true, after: 100, last: 5_000, rows: 50 }),
      pageStatement(kind, scope, { fields: undefined, ids: false, after: 100, last: 5_000, rows: 50 }),
      attributesStatement(kind, scope, [1, 11, 21]),
      ...kind === "sqlite"
        ? [sievedStatement(scope, { fields: ["a"], ids: true, after: 100, last: 5_000, rows: 50, condition: sql`id` })]
        : [],
    ]
  ) {
    const { sql, parameters } = statement.compile(kysely);
    const literals = [...parameters];
    const text = sql.replaceAll(/\?|\$\d+/g, () => {
      const value = literals.shift();
      return typeof value === "number" ? String(value) : `'${Array.isArray(value) ? `{${value}}` : String(value)}'`;
    });
    const explain = kind === "sqlite" ? "explain query plan" : "explain (format text)";
    const { rows } = await kysely.executeQuery<Record<string, string>>({
      ...statement.compile(kysely),
      sql: `${explain} ${text}`,
      parameters: [],
    });
    const plan = JSON.stringify(rows);
    assert.match(plan, kind === "sqlite" ? /SEARCH profiles USING PRIMARY KEY/ : /Index|Bitmap/, plan);
    assert.doesNotMatch(plan, kind === "sqlite" ? /SCAN profiles/ : /Seq Scan/, plan);
  }
});
