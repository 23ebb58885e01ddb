import assert from "node:assert/strict";
import fc from "fast-check";
import { readList, readValue, writeList } from "./values.ts";

Deno.test("a list written with escapes reads as the same list", () => {
  const entry = fc.string({ unit: "grapheme" }).filter((text) => text !== "" && text === text.trim());
  fc.assert(fc.property(fc.array(entry, { minLength: 1 }), (entries) => {
    assert.deepEqual(readList(writeList(entries)), entries);
  }));
});

Deno.test("a backslash before anything but a comma or a backslash is itself", () => {
  assert.deepEqual(readList("a\\b,\\t,c\\,d,e\\\\,f"), ["a\\b", "\\t", "c,d", "e\\", "f"]);
});

Deno.test("numbers are decimal, whole where they must be, and finite", () => {
  assert.equal(readValue("number", " 1e3 "), 1000);
  assert.equal(readValue("integer", "1e3"), 1000);
  for (const text of ["", "0x10", "1.5.2", "Infinity", "1e999", "12 "]) {
    assert.equal(readValue("number", text), text === "12 " ? 12 : undefined, text);
  }
  for (const text of ["1.5", "9007199254740993"]) assert.equal(readValue("integer", text), undefined, text);
});
