import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../contracts/records.ts";
import { fieldValues } from "./arbitrary_testing.ts";
import { compileMapping, type MappedColumn } from "./compile_mapping.ts";
import { type Kind, KINDS } from "./kinds.ts";
import { eventOf, NOW, valueOf } from "./lql_testing.ts";
import { parseMapping } from "./parse_mapping.ts";

function columnOf(column: string): MappedColumn {
  const [first] = compileMapping(parseMapping(`SELECT ${column}, id FROM s INTO t BY id`)).columns;
  if (first === undefined) throw new TypeError("A mapping has columns");
  return first;
}

/** Columns, and the kind, merge and rule that follow. */
const COLUMNS: readonly (readonly [string, Kind | undefined, MappedColumn["merge"], MappedColumn["fold"]])[] = [
  ["a", undefined, "LATEST", "latest"],
  ["a MERGEOP OLDEST", undefined, "OLDEST", "oldest"],
  ["a KIND STRING", "STRING", "LATEST", "latest"],
  ["tolower(a)", "STRING", "LATEST", "latest"],
  ["toint(a)", "INT", "LATEST", "latest"],
  ["a + 1", "NUMBER", "LATEST", "latest"],
  ["a > 1", "BOOL", "LATEST", "latest"],
  ["todate(a)", "DATE", "LATEST", "latest"],
  ["split(a, ',')", "[]STRING", "LATEST", "latest"],
  ["cast(a AS MAP[STRING]INT)", "MAP[STRING]INT", "LATEST", "latest per key"],
  ["count(a)", "INT", "SUM", "merge"],
  ["sum(a)", "NUMBER", "SUM", "merge"],
  ["sum(toint(a))", "INT", "SUM", "merge"],
  ["sum(a) KIND INT", "INT", "SUM", "merge"],
  ["min(a)", "NUMBER", "MIN", "merge"],
  ["max(todate(a))", "DATE", "MAX", "merge"],
  ["max(a) KIND DATE", "DATE", "MAX", "merge"],
  ["min(tolower(a))", "STRING", "MIN", "merge"],
  ["set(a)", "[]STRING", "SET", "merge"],
  ["set(a) KIND TS[]STRING", "TS[]STRING", "SET", "merge"],
  ["a KIND TS[]STRING", "TS[]STRING", "SET", "merge"],
  ["valuect(a)", "MAP[STRING]INT", "SUM", "merge"],
  ["map(a, b)", "MAP[STRING]STRING", "LATEST", "latest per key"],
  ["map(a, b) KIND MAP[STRING]INT MERGEOP SUM", "MAP[STRING]INT", "SUM", "merge"],
  ["match('a.') AS x", "MAP[STRING]STRING", "LATEST", "latest per key"],
  ["match('a.') AS x MERGEOP OLDEST", "MAP[STRING]STRING", "OLDEST", "oldest per key"],
  ["mapt(a, b)", "MAP[STRING]TIME", "LATEST", "latest per key"],
  ["maptime(a)", "MAP[STRING]TIME", "LATEST", "latest per key"],
  ["a MERGEOP SUM", "NUMBER", "SUM", "merge"],
  ["a MERGEOP MAX", "NUMBER", "MAX", "merge"],
  ["a MERGEOP SET", "[]STRING", "SET", "merge"],
  ["if(a > 1, 'x', 'y')", "STRING", "LATEST", "latest"],
  ["if(a > 1, 'x', b)", undefined, "LATEST", "latest"],
  ["oneof(tolower(a), 'x')", "STRING", "LATEST", "latest"],
];

Deno.test("kind, merge and fold of a column follow its expression, unless they are stated", () => {
  for (const [text, kind, merge, fold] of COLUMNS) {
    const column = columnOf(text);
    assert.deepEqual([column.kind, column.merge, column.fold], [kind, merge, fold], text);
  }
});

/** What each kind makes of values; `undefined` for nothing. */
const CASTS: readonly (readonly [Kind, JsonValue, JsonValue | undefined])[] = [
  ["STRING", 1.5, "1.5"],
  ["STRING", true, "true"],
  ["STRING", "", undefined],
  ["STRING", null, undefined],
  ["STRING", ["a"], undefined],
  ["INT", "7", 7],
  ["INT", " 7.9 ", 7],
  ["INT", -7.9, -7],
  ["INT", "-0.4", 0],
  ["INT", "$1,234", 1234],
  ["INT", "0x10", undefined],
  ["INT", "seven", undefined],
  ["INT", "9007199254740991", 9007199254740991],
  ["INT", "9007199254740992", undefined],
  ["INT", true, undefined],
  ["NUMBER", "1e3", 1000],
  ["NUMBER", "1e999", undefined],
  ["NUMBER", "Infinity", undefined],
  ["NUMBER", "-0", 0],
  ["NUMBER", "1,5", undefined],
  ["BOOL", "Yes", true],
  ["BOOL", "0", false],
  ["BOOL", 1, true],
  ["BOOL", "2", undefined],
  ["DATE", "2026-03-01", "2026-03-01T00:00:00.000Z"],
  ["DATE", "2026-03-01T10:15:07.25+02:00", "2026-03-01T08:15:07.250Z"],
  ["DATE", 1772360107, "2026-03-01T10:15:07.000Z"],
  ["DATE", "0000-12-31", undefined],
  ["DATE", "30/02/2026", undefined],
  ["[]STRING", ["b", "a", "b", 7, null, ""], ["7", "a", "b"]],
  ["[]STRING", "a", ["a"]],
  ["[]STRING", [], undefined],
  ["TS[]STRING", ["a", "b"], { a: "2014-04-07T16:58:55.000Z", b: "2014-04-07T16:58:55.000Z" }],
  ["TS[]STRING", ["a=2026-03-01T00:00:00.000Z"], { "a=2026-03-01T00:00:00.000Z": "2014-04-07T16:58:55.000Z" }],
  ["TS[]STRING", { a: "2026-03-01T00:00:00.000Z", b: "2026-03-01", c: 1772360107 }, {
    a: "2026-03-01T00:00:00.000Z",
    b: "2014-04-07T16:58:55.000Z",
    c: "2014-04-07T16:58:55.000Z",
  }],
  ["MAP[STRING]INT", { a: "1", b: "x" }, { a: 1 }],
  ["MAP[STRING]INT", ["a=1", "b=x", "c", 7, null, "d=$1,234"], { a: 1, d: 1234 }],
  ["MAP[STRING]INT", ["a", "="], undefined],
  ["MAP[STRING]NUMBER", ["a=1.5", "a=2.5", "=0"], { "": 0, a: 2.5 }],
  ["MAP[STRING]STRING", ["a=b=c", "x\\=y=z", "\\\\=1", "\\a=\\=", "q\\=", "e="], {
    "\\": "1",
    "\\a": "\\=",
    "a": "b=c",
    "x=y": "z",
  }],
  ["MAP[STRING]TIME", ["a=2026-03-01", "b=no"], { a: "2026-03-01T00:00:00.000Z" }],
  ["MAP[STRING]INT", { b: "x" }, undefined],
  ["MAP[STRING]INT", "a", undefined],
  ["MAP[STRING]NUMBER", { a: "1.5" }, { a: 1.5 }],
  ["MAP[STRING]STRING", { a: 1, b: ["x"] }, { a: "1" }],
  ["MAP[STRING]TIME", { a: "2026-03-01" }, { a: "2026-03-01T00:00:00.000Z" }],
];

Deno.test("a kind casts values, and writes nothing for those it cannot", () => {
  const plain = (value: JsonValue | undefined) => value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  for (const [kind, value, expected] of CASTS) {
    assert.deepEqual(plain(valueOf(`x KIND ${kind}`, { x: value })), expected, `${JSON.stringify(value)} KIND ${kind}`);
    assert.deepEqual(plain(valueOf(`cast(x AS ${kind})`, { x: value })), expected, `cast of ${JSON.stringify(value)}`);
  }
});

Deno.test("a set of texts with times comes back from a map of times", () => {
  const column = "cast(x AS MAP[STRING]TIME) AS x KIND TS[]STRING";
  const times = { a: "2026-03-01T00:00:00.000Z", b: "0001-01-01T00:00:00.000Z" };
  assert.deepEqual({ ...valueOf(column, { x: times }) as object }, times);
  assert.deepEqual(
    { ...valueOf(column, { x: Object.entries(times).map(([key, at]) => `${key}=${at}`) }) as object },
    times,
  );
});

Deno.test("a column without a kind keeps values as they come", () => {
  for (const value of ["a", 1.5, true, ["b", "a"], { a: { b: [1] } }]) {
    assert.deepEqual(JSON.parse(JSON.stringify(valueOf("x", { x: value }))), value);
  }
  for (const value of ["", null, [], {}]) assert.equal(valueOf("x", { x: value }), undefined);
});

Deno.test("a mapping from the specification's grammar, with all its clauses", () => {
  const program = compileMapping(parseMapping(`
    -- who they are
    SELECT
        email(email)            AS email      SHORTDESC "E-mail" LONGDESC "Lower case"   KIND STRING
      , customer_id
      , count(event)            AS purchases  IF event = 'purchase' # only those
      , toint(\`Order Total\`)    AS top KIND INT MERGEOP MAX
      , set(topic)              AS topics
      , match("utm_")           AS utm
    FROM web_events INTO user
    BY email OR customer_id
    WHERE NOT (bot = true)
    ALIAS web`));
  assert.deepEqual(
    [program.stream, program.table, program.alias, program.identifyBy, program.reads],
    ["web_events", "user", "web", ["email", "customer_id"], undefined],
  );
  assert.deepEqual(program.columns[0], {
    name: "email",
    kind: "STRING",
    merge: "LATEST",
    fold: "latest",
    shortDesc: "E-mail",
    longDesc: "Lower case",
  });
  const values: (JsonValue | undefined)[] = [];
  const fields = {
    email: "Ada <Ada@Example.com>",
    event: "purchase",
    "Order Total": "$1,250.00",
    topic: "news",
    utm_source: "x",
  };
  assert.equal(program.evaluate(eventOf(fields), values), true);
  assert.deepEqual(JSON.parse(JSON.stringify(values)), ["ada@example.com", null, 1, 1250, ["news"], { source: "x" }]);
  assert.equal(program.evaluate(eventOf({ ...fields, event: "view" }), values), true);
  assert.equal(values[2], undefined);
  const before = [...values];
  assert.equal(program.evaluate(eventOf({ ...fields, bot: "true" }), values), false);
  assert.deepEqual(values, before);
});

Deno.test("a program reads what its expressions name, and no more", () => {
  const program = (text: string) => compileMapping(parseMapping(`SELECT ${text}, id FROM s INTO t BY id`));
  assert.deepEqual(program("a.b AS x IF c > 1").reads, ["a", "a.b", "c", "id"]);
  assert.equal(program("uuid() AS x").reads, undefined);
  assert.deepEqual(program("uuid(a) AS x").reads, ["a", "id"]);
});

Deno.test("a column without AS is named after its first field", () => {
  const names = (text: string) =>
    compileMapping(parseMapping(`SELECT ${text}, id FROM s INTO t BY id`)).columns[0]?.name;
  assert.equal(names("email"), "email");
  assert.equal(names("scores.quantity"), "scores.quantity");
  assert.equal(names("tolower(oneof(mail, email))"), "mail");
  assert.equal(names("set(`E-Mail Address`)"), "E-Mail Address");
});

Deno.test("now() is the event's time, whenever it is evaluated", () => {
  assert.equal(valueOf("now() AS x", {}, 0), "1970-01-01T00:00:00.000Z");
  assert.equal(valueOf('todate("now-1d") AS x', {}, NOW), "2014-04-06T16:58:55.000Z");
});

Deno.test("__proto__ is a field, a column and a key like any other", () => {
  const fields = JSON.parse('{"__proto__":"a","p.__proto__":"b"}');
  assert.equal(valueOf("__proto__", fields), "a");
  const map = valueOf("map(k, 1)", { k: "__proto__" });
  assert.deepEqual(Object.entries(map ?? {}), [["__proto__", "1"]]);
  assert.deepEqual(Object.entries(valueOf('match("p.") AS x', fields) ?? {}), [["__proto__", "b"]]);
  assert.deepEqual(Object.entries(valueOf("valuect(__proto__)", { ["__proto__"]: "__proto__" }) ?? {}), [[
    "__proto__",
    1,
  ]]);
  assert.equal(valueOf("a.__proto__ AS x", { a: {} }), undefined);
});

Deno.test("whatever the events hold, a contribution is of its column's kind, and the same each time", () => {
  const texts = [
    ...Object.keys(KINDS).map((kind) => `a AS x KIND ${kind}`),
    ..."count(a),sum(a),min(a),max(todate(a)),set(a, b),valuect(a),map(a, b),match('a'),mapt(a, b),maptime(a),uuid()"
      .split(
        /,(?=\w+\()/,
      ).map((text) => `${text} AS x`),
    "a + b * 2 AS x IF a != b",
    "oneof(a, b)",
    "concat(a, b, hash.md5(a)) AS x",
  ];
  const programs = texts.map((text) => compileMapping(parseMapping(`SELECT ${text}, id FROM s INTO t BY id`)));
  fc.assert(fc.property(fieldValues, fieldValues, fc.nat(4e12), (a, b, at) => {
    for (const program of programs) {
      const [first, second]: (JsonValue | undefined)[][] = [[], []];
      program.evaluate(eventOf({ a, b }, at), first ?? []);
      program.evaluate(eventOf({ a, b }, at), second ?? []);
      assert.deepEqual(first, second);
      const [value] = first ?? [];
      if (value !== undefined) {
        assert.ok(isOfKind(program.columns[0]?.kind, value), `${program.columns[0]?.kind}: ${JSON.stringify(value)}`);
      }
    }
  }));
});

function isOfKind(kind: Kind | undefined, value: JsonValue): boolean {
  const iso = (text: JsonValue) => typeof text === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);
  const values = (of: (member: JsonValue) => boolean) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) === null &&
    Object.values(value).length > 0 && Object.values(value).every(of);
  switch (kind) {
    case undefined:
      return value !== null && value !== "";
    case "STRING":
      return typeof value === "string" && value !== "";
    case "INT":
      return Number.isSafeInteger(value);
    case "NUMBER":
      return Number.isFinite(value);
    case "BOOL":
      return typeof value === "boolean";
    case "DATE":
      return iso(value);
    case "[]STRING":
      return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === "string" && text !== "");
    case "TS[]STRING":
    case "MAP[STRING]TIME":
      return values(iso);
    case "MAP[STRING]INT":
      return values(Number.isSafeInteger);
    case "MAP[STRING]NUMBER":
      return values(Number.isFinite);
    case "MAP[STRING]STRING":
      return values((member) => typeof member === "string");
  }
}
