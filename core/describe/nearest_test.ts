import assert from "node:assert/strict";
import fc from "fast-check";
import { nearest } from "./nearest.ts";

const NOUNS = ["provider", "auth", "job", "choices", "run", "stream"];

Deno.test("a word with a slip finds the word that was meant", () => {
  const slips = { privider: "provider", aut: "auth", jbo: "job", RUN: "run", stram: "stream", ch: "choices" };
  for (const [slip, meant] of Object.entries(slips)) assert.equal(nearest(slip, NOUNS), meant, slip);
});

Deno.test("a word that is near to nothing finds nothing", () => {
  for (const word of ["", "x", "banana", "profile-import"]) assert.equal(nearest(word, NOUNS), undefined, word);
});

Deno.test("a known word always finds itself", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z-]{1,12}$/), { minLength: 1 }), (words) => {
    for (const word of words) assert.equal(nearest(word, words), word);
  }));
});
