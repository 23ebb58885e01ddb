import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../contracts/records.ts";
import type { Database } from "../database/database.ts";
import type { Expression, Filter } from "../lql/mod.ts";
import { compileFilter, formatFilter, parseFilter } from "../lql/mod.ts";
import { expressions, fieldValues, names } from "../lql/arbitrary_testing.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { AudiencePrograms } from "./audience_programs.ts";
import { countMembers, findMembers, listsOf, type Scan } from "./audience_scan.ts";

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
