import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../contracts/records.ts";
import { fieldValues } from "./arbitrary_testing.ts";
import type { ComparisonOperator, Expression, Scalar } from "./ast.ts";
import { compileFilter, type FilterProgram, findCycle, includesOf } from "./compile_filter.ts";
import { fits, NOW } from "./lql_testing.ts";
import { parseFilter } from "./parse_filter.ts";
import { referenceHolds } from "./reference_testing.ts";

const COMPARISONS: readonly ComparisonOperator[] = ["=", "!=", "<", "<=", ">", ">="];
const NAMES = ["a", "b", "9", "__proto__"];

const literals: fc.Arbitrary<Scalar> = fc.constantFrom<Scalar>(
  ...[
    "a",
    "b",
    "",
    "10",
    "9",
    "09",
    "true",
    "ab",
    "2026-03-01",
    "2026-03-02T00:00:00Z",
    "now-3d",
    "now+1M",
    "now-200d",
  ],
  ...[9, 10, -1, 1, 0, 9.5, true, false],
);

function phrases(): fc.Arbitrary<Expression> {
  const operand = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 })
    .map((path): Expression => ({ type: "field", path }));
  const literal = literals.map((value): Expression => ({ type: "literal", value }));
  const ordered = literals.filter((value) => typeof value !== "boolean").map((value): Expression => ({
    type: "literal",
    value,
  }));
  const negated = fc.boolean();
  return fc.letrec<{ node: Expression }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: "small", withCrossShrink: true },
      fc.record({
        type: fc.constant("comparison" as const),
        operator: fc.constantFrom(...COMPARISONS),
        left: operand,
        right: ordered,
      }),
      fc.record({
        type: fc.constant("comparison" as const),
        operator: fc.constantFrom("=" as const, "!=" as const),
        left: operand,
        right: literal,
      }),
      fc.record({
        type: fc.constantFrom("in" as const, "intersects" as const),
        operand,
        set: fc.array(literals, { minLength: 1, maxLength: 4 }),
        negated,
      }),
      fc.record({ type: fc.constant("between" as const), operand, low: ordered, high: ordered, negated }),
      fc.record({
        type: fc.constant("like" as const),
        operand,
        pattern: fc.constantFrom("a", "*", "*a", "9*", "2026*Z", "*0*0*"),
        negated,
      }),
      fc.record({
        type: fc.constant("contains" as const),
        operand,
        pattern: fc.constantFrom("a", "0", "", "2026"),
        negated,
      }),
      fc.record({ type: fc.constant("exists" as const), operand }),
      fc.constant<Expression>({ type: "everything" }),
      fc.record({ type: fc.constant("not" as const), operand: tie("node") }),
      fc.record({
        type: fc.constantFrom("and" as const, "or" as const),
        operands: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
      }),
    ),
  })).node;
}

const profiles: fc.Arbitrary<Record<string, JsonValue>> = fc.dictionary(fc.constantFrom(...NAMES), fieldValues, {
  maxKeys: 3,
});

Deno.test("a filter decides as the plain reference does, over generated phrases and profiles", () => {
  const now = Date.UTC(2026, 2, 31, 12);
  fc.assert(
    fc.property(phrases(), profiles, (phrase, profile) => {
      const program = compileFilter({ phrase }, () => undefined);
      assert.equal(program.matches(profile, { now }), referenceHolds(phrase, profile, now));
    }),
    { numRuns: 3_000 },
  );
});

const PROFILE = {
  email: "ada@example.com",
  visits: 7,
  plan: "12",
  city: "Portland, OR",
  tags: ["news", "sports"],
  numbers: [3, 9],
  scores: { quantity: 25, "a b": 1 },
  last_visit: "2014-04-06T16:58:55.000Z",
  vip: true,
  blank: "",
  none: null,
  empty: [],
  "scores.flat": 4,
  all_cities: ["Portland, OR", "Zürich"],
};

/** Phrases and whether the profile above fits them at the tests' now. */
const PHRASES: readonly (readonly [string, boolean])[] = [
  ["*", true],
  ["NOT *", false],
  ['email = "ada@example.com"', true],
  ['email == "ADA@example.com"', false],
  ["visits > 5", true],
  ["visits >= 7", true],
  ["visits < 7", false],
  ["5 < visits", true],
  ['visits = "7"', true],
  ["plan = 12", true],
  ["plan > 5", true],
  ['plan > "5"', true],
  ['plan = "12.0"', false],
  ["missing > 5", false],
  ["NOT (missing > 5)", true],
  ["missing != 5", false],
  ["NOT missing = 5", true],
  ['blank = ""', false],
  ["EXISTS blank", false],
  ["EXISTS none", false],
  ["EXISTS empty", false],
  ["EXISTS email", true],
  ["exists(email)", true],
  ["vip", true],
  ["NOT vip", false],
  ["vip = TRUE", true],
  ['vip = "yes"', true],
  ["missing", false],
  ['tags = "news"', true],
  ['tags != "news"', false],
  ['tags != "arts"', true],
  ['tags IN ("arts", "sports")', true],
  ['tags NOT IN ("arts")', true],
  ['missing NOT IN ("arts")', true],
  ['tags INTERSECTS ("arts", "news")', true],
  ['tags NOT INTERSECTS ("arts", "news")', false],
  ['"news" IN tags', true],
  ['"arts" IN tags', false],
  ["city IN all_cities", true],
  ["email IN all_cities", false],
  ["city INTERSECTS all_cities", true],
  ["numbers > 8", true],
  ["numbers BETWEEN 4 AND 8", false],
  ["visits BETWEEN 7 AND 8", true],
  ["visits NOT BETWEEN 7 AND 8", false],
  ["visits BETWEEN scores.quantity - 20 AND scores.quantity", true],
  ["numbers CONTAINS 9", true],
  ["numbers CONTAINS 99", false],
  ['city CONTAINS "land"', true],
  ['tags CONTAINS "port"', true],
  ['missing CONTAINS ""', false],
  ['scores = "quantity"', true],
  ['scores CONTAINS "quan"', true],
  ["scores.quantity > 20", true],
  ["scores.flat = 4", true],
  ["`scores.quantity` > 20", false],
  ["scores.`a b` = 1", true],
  ["scores.missing > 1", false],
  ["email.x = 1", false],
  ['email LIKE "*@example.com"', true],
  ['email LIKE "ada*"', true],
  ['email LIKE "ada"', false],
  ['email LIKE "*@*.*m"', true],
  ['email NOT LIKE "b*"', true],
  ['tags LIKE "sp*s"', true],
  ['missing LIKE "*"', false],
  ['last_visit > "now-3d"', true],
  ['last_visit > "now-23h"', false],
  ['last_visit < "now"', true],
  ['last_visit BETWEEN "now-1w" AND "now+1h"', true],
  ['last_visit >= "2014-04-06"', true],
  ['last_visit = "2014-04-06 16:58:55Z"', true],
  ['last_visit = "2014-04-06T18:58:55+02:00"', true],
  ['last_visit IN ("2014-04-06T18:58:55+02:00")', true],
  ['email > "now-3d"', false],
  ['domain(email) == "example.com"', true],
  ["len(tags) = 2", true],
  ["year(last_visit) = 2014", true],
  ["todate(last_visit) < now()", true],
  ["todate(last_visit) > 1396803534", true],
  ["todate(last_visit) <= 1396803534", false],
  ["1396803535 >= todate(last_visit)", true],
  ["todate(last_visit) BETWEEN 1396803535 AND 1396803536", true],
  ["todate(last_visit) < 7", false],
  ["last_visit < now()", true],
  ["visits * 2 + 1 = 15", true],
  ["visits % 4 = 3", true],
  ["visits / 0 = 1", false],
  ["-visits < 0", true],
  ['hasprefix(email, "ada") AND visits > 5 OR missing = 1', true],
  ["visits > 100 OR visits > 5 AND vip", true],
  ["AND (visits > 5, vip)", true],
  ["AND (\n  visits > 5\n  vip,\n)", true],
  ["AND (visits > 5\n  OR (vip = FALSE, visits = 7)\n  NOT missing = 1\n  EXISTS tags\n)", true],
  ["AND (\n  visits > 100\n  OR vip\n)", true],
  ['AND (\n  visits\n  NOT IN (1)\n  vip\n  NOT contains(email, "bob")\n)', true],
  ["NOT AND (visits > 5, vip)", false],
  ["visits > 5 -- more than five\n AND vip # true", true],
  ["eq(visits, 7)", true],
  ['contains(email, "ada")', true],
  ["(visits > 5) = TRUE", true],
  ["visits = plan - 5", true],
  ["email = city", false],
];

Deno.test("what a filter's phrases mean", () => {
  for (const [phrase, expected] of PHRASES) assert.equal(fits(phrase, PROFILE), expected, phrase);
});

Deno.test("the public grammar's sample reads as it is meant", () => {
  const text = `
    FILTER AND (
        OR (
            foo == true
            bar != 5
        )
        EXISTS signup_date
        OR (
            NOT bar IN (1, 2, 4, 5)
            INCLUDE SomeOtherFilter
        )
        -- IN for an identifier resolves to an array
        bar IN \`user_interests\`
    ) ALIAS sample`;
  const program = compileFilter(parseFilter(text), () => included(false));
  const profile = { foo: "true", bar: 3, signup_date: "2014-01-01", user_interests: ["3", "7"] };
  assert.equal(program.matches(profile, { now: NOW }), true);
  assert.equal(program.matches({ ...profile, bar: 4, user_interests: [4] }, { now: NOW }), false);
  assert.deepEqual([program.alias, program.includes, program.usesNow], ["sample", ["SomeOtherFilter"], false]);
});

function included(answer: boolean, more: Partial<FilterProgram> = {}) {
  return { matches: () => answer, fields: [], usesNow: false, ...more };
}

Deno.test("a program tells its table, the fields it reads, its audiences and whether time counts", () => {
  const text =
    'FILTER AND (a.b = 1, EXISTS c, INCLUDE my-list-1, NOT INCLUDE 12, INCLUDE `12`, d > "now-1d") FROM user ALIAS x-1';
  const program = compileFilter(parseFilter(text), (slug) => included(slug === "my-list-1", { fields: ["z"] }));
  assert.deepEqual(program.fields, ["a", "a.b", "c", "d", "z"]);
  assert.deepEqual([program.table, program.alias, program.includes, program.usesNow], ["user", "x-1", [
    "my-list-1",
    "12",
  ], true]);
  assert.deepEqual(includesOf(parseFilter(text)), ["my-list-1", "12"]);
  const plain = (phrase: string, more?: Partial<FilterProgram>) =>
    compileFilter(parseFilter(`FILTER ${phrase}`), () => included(true, more));
  assert.equal(plain('len(match("a")) > 1').fields, undefined);
  assert.equal(plain("INCLUDE a", { fields: undefined }).fields, undefined);
  for (
    const phrase of [
      "now() > a",
      "year() = 2014",
      'a BETWEEN "now-1d" AND "now"',
      'todate("now-1d") < a',
      'a IN ("now")',
    ]
  ) {
    assert.equal(plain(phrase).usesNow, true, phrase);
  }
  assert.equal(plain("INCLUDE a", { usesNow: true }).usesNow, true);
  assert.equal(plain('year(a) = 2014 AND todate(b) = a AND a > "2014-01-01"').usesNow, false);
});

Deno.test("INCLUDE asks the audience about the same profile in the same context", () => {
  const list = {
    fields: [],
    usesNow: false,
    matches: (profile: Readonly<Record<string, JsonValue>>, context: { now: number; member?(slug: string): boolean }) =>
      profile.id === 7 && context.now === NOW && (context.member?.("vips") ?? false),
  };
  const program = compileFilter(parseFilter("FILTER AND (INCLUDE vips, id > 1)"), () => list);
  assert.equal(program.matches({ id: 7 }, { now: NOW, member: (slug) => slug === "vips" }), true);
  assert.equal(program.matches({ id: 7 }, { now: NOW }), false);
  const outer = compileFilter(
    parseFilter("FILTER INCLUDE inner AND NOT INCLUDE vips"),
    (slug) => slug === "inner" ? program : list,
  );
  assert.equal(outer.matches({ id: 7 }, { now: NOW, member: () => true }), false);
});

Deno.test("only a profile's own properties are its fields", () => {
  const inherited: Record<string, JsonValue> = Object.create({ visits: 7 });
  assert.equal(fits("EXISTS visits", inherited), false);
  const bare: Record<string, JsonValue> = Object.assign(Object.create(null), { visits: 7 });
  assert.equal(fits("visits = 7", bare), true);
});

Deno.test("cycles of INCLUDE are found, however long, and nothing else is", () => {
  const audiences: Readonly<Record<string, readonly string[]>> = {
    a: ["b", "c"],
    b: ["d"],
    c: ["d", "e"],
    d: [],
    e: ["a"],
    self: ["self"],
    f: ["c"],
    above: ["self", "a"],
  };
  const includesOf = (slug: string) => audiences[slug] ?? [];
  assert.deepEqual(findCycle("a", includesOf), ["a", "c", "e", "a"]);
  assert.deepEqual(findCycle("self", includesOf), ["self", "self"]);
  for (const slug of ["b", "d", "f", "above", "unknown"]) assert.equal(findCycle(slug, includesOf), undefined, slug);
  const long = (slug: string) => [String((Number(slug) + 1) % 100_000)];
  assert.equal(findCycle("0", long)?.length, 100_001);
});
