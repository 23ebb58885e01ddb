import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { compileFilter } from "./compile_filter.ts";
import { compileMapping } from "./compile_mapping.ts";
import { fits } from "./lql_testing.ts";
import { parseFilter } from "./parse_filter.ts";
import { parseMapping } from "./parse_mapping.ts";

Deno.test("an expression that is nested 1,000 deep is refused, whatever nests it", () => {
  const nestings: readonly (readonly [string, string])[] = [
    ["(", ")"],
    ["AND (", ")"],
    ["NOT ", ""],
    ["tolower(", ")"],
    ["cast(", " AS INT)"],
    ["1 + (", ")"],
    ["- ", ""],
    ["NOT (", ")"],
  ];
  for (const [open, close] of nestings) {
    const nested = `${open.repeat(1_000)}x${close.repeat(1_000)}`;
    for (
      const read of [
        () => parseFilter(`FILTER ${nested}`),
        () => parseMapping(`SELECT a IF ${nested} FROM s INTO t BY a`),
      ]
    ) {
      assert.throws(read, (error) => error instanceof Failure && /nested more than 200 deep/.test(error.message), open);
    }
  }
});

Deno.test("what is nested as deep as may be is evaluated", () => {
  assert.equal(fits(`${"NOT (".repeat(98)}x = 1${")".repeat(98)}`, { x: 1 }), true);
  assert.equal(fits(`${"(".repeat(198)}x = 1${")".repeat(198)}`, { x: 1 }), true);
});

Deno.test("a text of 10 MB is refused with a way out", () => {
  for (const [read, hint] of [[parseFilter, /list audience/], [parseMapping, /several/]] as const) {
    assert.throws(() => read("x".repeat(10_000_000)), (error) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual([error.kind, error.code], ["config", "too_large"]);
      assert.match(error.message, /10000000 characters, the most is 1000000/);
      assert.match(error.hint ?? "", hint);
      return true;
    });
  }
});

Deno.test("long texts that are not deep are read: lists, sums, phrases, comments", () => {
  const emails = Array.from({ length: 30_000 }, (_, i) => `"user${i}@example.com"`).join(", ");
  assert.equal(fits(`email IN (${emails})`, { email: "user29999@example.com" }), true);
  assert.equal(fits(`x = ${"1 + ".repeat(100_000)}1`, { x: 100_001 }), true);
  assert.equal(fits(`AND (${"x = 1\n".repeat(100_000)})`, { x: 1 }), true);
  assert.equal(fits(`${"x = 2 OR ".repeat(100_000)} x = 1`, { x: 1 }), true);
  assert.equal(fits(`${"\n-- note\n".repeat(100_000)} x = 1`, { x: 1 }), true);
  const columns = Array.from({ length: 20_000 }, (_, i) => `f${i}`).join(",");
  assert.equal(compileMapping(parseMapping(`SELECT ${columns} FROM s INTO t BY f0`)).columns.length, 20_000);
});

Deno.test("names of the language's own innards are ordinary names", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assert.equal(fits(`EXISTS ${name}`, {}), false, name);
    assert.equal(fits(`${name} = "a"`, JSON.parse(`{"${name}":"a"}`)), true, name);
    assert.equal(fits(`x.${name} = "a"`, { x: {} }), false, name);
    assert.equal(fits(`x.${name} = "a"`, JSON.parse(`{"x":{"${name}":"a"}}`)), true, name);
    assert.equal(fits(`x = "${name}"`, { x: {} }), false, name);
    assert.throws(() => compileFilter(parseFilter(`FILTER ${name}(x) = 1`), () => undefined), /is not known/, name);
  }
});

Deno.test("control characters are refused, which some databases would cut a text off at", () => {
  for (
    const [parse, text] of [[parseFilter, 'FILTER a = "x\0"'], [
      parseMapping,
      "SELECT `a\u001b` FROM s INTO t BY a",
    ]] as const
  ) {
    assert.throws(() => parse(text), /holds the control character U\+00(00|1B)/);
  }
  assert.doesNotThrow(() => parseFilter('FILTER\tAND (\r\n a = "é\u00a0"\n)'));
});
