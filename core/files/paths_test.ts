import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { compareNames, formatPath, parsePath, temporaryName } from "./paths.ts";
import { pageOf } from "./paging.ts";

const anyName = fc.string({ unit: "grapheme", maxLength: 8 });

Deno.test("names sort as their UTF-8 bytes do", () => {
  fc.assert(fc.property(anyName, anyName, (a, b) => {
    assert.equal(Math.sign(compareNames(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }));
});

Deno.test("a path that was parsed and formatted stays as it is", () => {
  assert.equal(formatPath(parsePath("//a/./b//c/")), "/a/b/c");
  fc.assert(fc.property(fc.string(), (path) => {
    fc.pre(!path.includes("\0"));
    const once = formatPath(parsePath(path));
    assert.equal(formatPath(parsePath(once)), once);
  }));
});

Deno.test("a temporary name differs each time, is hidden, and fits into 255 bytes", () => {
  for (const name of ["a.csv", "n".repeat(255), "語".repeat(85)]) {
    const temporary = temporaryName(name);
    assert.notEqual(temporary, temporaryName(name));
    assert.match(temporary, /^\..+\.waybill-[0-9a-f]{8}\.part$/);
    assert.ok(Buffer.byteLength(temporary) <= 255);
    assert.ok(!temporary.includes("\uFFFD"));
  }
});

Deno.test("pages of any size together hold every name once", () => {
  fc.assert(fc.property(fc.uniqueArray(anyName), fc.integer({ min: 1, max: 5 }), (names, limit) => {
    const sorted = [...names].sort(compareNames).map((name) => ({ name }));
    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = pageOf(sorted, cursor === undefined ? { limit } : { limit, cursor });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next;
    }
    assert.deepEqual(seen, sorted.map(({ name }) => name));
  }));
});
