import assert from "node:assert/strict";
import fc from "fast-check";
import { epochOf, StoredTexts, wasThere } from "./noted_profiles.ts";

const encoder = new TextEncoder();

Deno.test("texts are found one after the other, told where they end or not", () => {
  const object = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()).map((value) => JSON.stringify(value));
  const texts = fc.array(fc.tuple(fc.option(object), fc.boolean()));
  fc.assert(fc.property(texts, fc.boolean(), (list, isText) => {
    const all = list.map(([text]) => text ?? "null").join("");
    const stored = new StoredTexts(isText ? all : encoder.encode(all), list.length);
    for (const [index, [text, isTold]] of list.entries()) {
      const start = stored.startOf(index);
      assert.equal(stored.isNull(index), text === null);
      if (isTold) stored.endsAt(index, start + encoder.encode(text ?? "null").length);
    }
    assert.deepEqual(list.map((_, index) => stored.textAt(index) ?? null), list.map(([text]) => text));
    assert.equal(stored.startOf(list.length), stored.bytes.length);
  }));
  assert.equal(new StoredTexts(null, 0).bytes.length, 0);
});

Deno.test("a moment is an epoch, and whether the profile was there", () => {
  assert.deepEqual([2, 3, 2 ** 41 + 1].map((moment) => [epochOf(moment), wasThere(moment)]), [
    [1, false],
    [1, true],
    [2 ** 40, true],
  ]);
});
