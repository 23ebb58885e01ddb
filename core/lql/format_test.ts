import assert from "node:assert/strict";
import fc from "fast-check";
import { filters, mappings, names, scalars } from "./arbitrary_testing.ts";
import { formatFilter, formatMapping, quoteName, quoteString } from "./format.ts";
import { parseFilter } from "./parse_filter.ts";
import { parseMapping } from "./parse_mapping.ts";

Deno.test("a filter that is written out reads back the same", () => {
  fc.assert(
    fc.property(
      filters,
      (filter) => assert.deepStrictEqual(parseFilter(formatFilter(filter)), structuredClone(filter)),
    ),
    {
      numRuns: 1_000,
    },
  );
});

Deno.test("a mapping that is written out reads back the same", () => {
  fc.assert(
    fc.property(
      mappings,
      (mapping) => assert.deepStrictEqual(parseMapping(formatMapping(mapping)), structuredClone(mapping)),
    ),
    {
      numRuns: 500,
    },
  );
});

Deno.test("names and texts read back the same, whatever is in them", () => {
  fc.assert(fc.property(names, scalars.map(String), (name, text) => {
    const filter = parseFilter(`FILTER ${quoteName(name)} = ${quoteString(text)}`);
    assert.deepStrictEqual(filter.phrase, {
      type: "comparison",
      operator: "=",
      left: { type: "field", path: [name] },
      right: { type: "literal", value: text },
    });
  }));
});

Deno.test("the canonical forms", () => {
  const filters = {
    "filter and(a==1, or(b > 2\n c<3)) from `user` alias x": "FILTER AND (a = 1, OR (b > 2, c < 3)) FROM user ALIAS x",
    "FILTER not (a = 'it''s')": `FILTER NOT a = "it's"`,
    "FILTER a AND b AND (c AND d)": "FILTER AND (a, b, AND (c, d))",
    "FILTER (a + 1) * -2 > -(b)": "FILTER (a + 1) * -2 > -(b)",
    "FILTER `scores.quantity` = scores.quantity": "FILTER `scores.quantity` = scores.quantity",
    "FILTER x IN ('a', 1, TRUE,)": 'FILTER x IN ("a", 1, TRUE)',
  };
  for (const [text, canonical] of Object.entries(filters)) assert.equal(formatFilter(parseFilter(text)), canonical);
  assert.equal(
    formatMapping(
      parseMapping("select a, tolower(b) as `B 1` if a or c and d kind string from s into user by a or `B 1` where x"),
    ),
    "SELECT\n  a,\n  tolower(b) AS `B 1` IF a OR c AND d KIND STRING\nFROM s\nINTO user\nBY a OR `B 1`\nWHERE x\n",
  );
});
