import assert from "node:assert/strict";
import fc from "fast-check";
import { partOf } from "./ranges.ts";
import { attachment } from "./files.ts";

const file = { size: 10, etag: '"abc"' };

Deno.test("one range of bytes is answered with it, whatever its form", () => {
  const part = (range: string) => partOf(file, { range });
  assert.deepEqual(part("bytes=0-3"), { status: 206, first: 0, length: 4 });
  assert.deepEqual(part("bytes=4-"), { status: 206, first: 4, length: 6 });
  assert.deepEqual(part("bytes=-3"), { status: 206, first: 7, length: 3 });
  assert.deepEqual(part("bytes=-30"), { status: 206, first: 0, length: 10 });
  assert.deepEqual(part("BYTES= 8-99 "), { status: 206, first: 8, length: 2 });
});

Deno.test("a range that the file does not have is answered 416", () => {
  for (const range of ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"]) {
    assert.deepEqual(partOf(file, { range }), { status: 416 }, range);
  }
  for (const range of ["bytes=0-", "bytes=-5"]) {
    assert.deepEqual(partOf({ ...file, size: 0 }, { range }), { status: 416 }, range);
  }
});

Deno.test("several ranges, other units and what cannot be read give the whole file", () => {
  for (const range of ["bytes=0-1,4-5", "lines=0-3", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "0-3", ""]) {
    assert.deepEqual(partOf(file, { range }), { status: 200, first: 0, length: 10 }, range);
  }
});

Deno.test("a range of another version gives the whole file", () => {
  const range = "bytes=4-";
  assert.equal(partOf(file, { range, ifRange: '"abc"' }).status, 206);
  for (const ifRange of ['"abd"', 'W/"abc"', "Sat, 21 Nov 2026 16:00:00 GMT"]) {
    assert.equal(partOf(file, { range, ifRange }).status, 200, ifRange);
  }
});

Deno.test("entity tags that must and must not match decide first", () => {
  assert.equal(partOf(file, { ifMatch: '"x", "abc"' }).status, 200);
  assert.equal(partOf(file, { ifMatch: "*" }).status, 200);
  assert.equal(partOf(file, { ifMatch: '"x"', ifNoneMatch: '"abc"' }).status, 412);
  assert.equal(partOf(file, { ifMatch: 'W/"abc"' }).status, 412);
  assert.equal(partOf(file, { ifNoneMatch: 'W/"abc"', range: "bytes=99-" }).status, 304);
  assert.equal(partOf(file, { ifNoneMatch: '"x"', range: "bytes=0-0" }).status, 206);
});

Deno.test("a part lies within its file, whatever is asked for", () => {
  const number = fc.oneof(fc.nat({ max: 30 }), fc.maxSafeNat()).map(String);
  const range = fc.tuple(fc.option(number, { nil: "" }), fc.option(number, { nil: "" }))
    .map(([from, to]) => `bytes=${from}-${to}`);
  fc.assert(fc.property(range, fc.nat({ max: 20 }), (range, size) => {
    const part = partOf({ size, etag: '"e"' }, { range });
    if (!("first" in part)) return part.status === 416;
    return part.first >= 0 && part.length >= 0 && part.first + part.length <= size &&
      (part.status === 200 || part.length > 0);
  }));
});

Deno.test("a file is saved under its own name, and under one in ASCII where a program knows no other", () => {
  assert.equal(attachment("rejects-1.csv"), 'attachment; filename="rejects-1.csv"');
  assert.equal(attachment('a "b".csv'), "attachment; filename=\"a _b_.csv\"; filename*=UTF-8''a%20%22b%22.csv");
  assert.equal(
    attachment("Zürich's.csv"),
    "attachment; filename=\"Z_rich_s.csv\"; filename*=UTF-8''Z%C3%BCrich%27s.csv",
  );
  assert.equal(attachment("a\\%41.csv"), "attachment; filename=\"a__41.csv\"; filename*=UTF-8''a%5C%2541.csv");
});
