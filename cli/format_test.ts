import assert from "node:assert/strict";
import {
  bytes,
  columns,
  count,
  counted,
  duration,
  percent,
  shellQuote,
  shortened,
  visible,
  visibleLines,
} from "./format.ts";

Deno.test("numbers get separators, sizes and times get units that fit", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"]);
  assert.deepEqual([counted(1, "row"), counted(0, "row"), counted(2, "row")], ["1 row", "0 rows", "2 rows"]);
  const sizes = [0, 999, 1000, 15_000, 999_600, 123_456_789, 5e12].map(bytes);
  assert.deepEqual(sizes, ["0 B", "999 B", "1.0 kB", "15.0 kB", "1.0 MB", "123 MB", "5.0 TB"]);
  const times = [0, 999, 1000, 59_960, 125_000, 3_720_000].map(duration);
  assert.deepEqual(times, ["0 ms", "999 ms", "1.0 s", "1 min 00 s", "2 min 05 s", "1 h 02 min"]);
});

Deno.test("only everything is 100 %, and only nothing is 0 %", () => {
  assert.deepEqual([0, 0.0001, 0.5, 0.99999, 1].map(percent), ["0 %", "0.1 %", "50.0 %", "99.9 %", "100 %"]);
});

Deno.test("text from outside cannot move the cursor, colour the screen or turn the line around", () => {
  assert.equal(visible("a\x1b[2Jb\r\n\tc\u202ed\u0085"), "a\\u001b[2Jb\\r\\n\\tc\\u202ed\\u0085");
  assert.equal(visibleLines("at \x1b[1m\n  ^"), "at \\u001b[1m\n  ^");
});

Deno.test("width counts columns, not code units", () => {
  assert.deepEqual(["abc", "Zürich", "e\u0301", "みどり", "🐕", "👩‍👩‍👧"].map(columns), [3, 6, 1, 6, 2, 2]);
  assert.deepEqual([shortened("みどり株", 5), shortened("abc", 3), shortened("abcd", 3)], ["みど…", "abc", "ab…"]);
});

Deno.test("a shell takes a quoted word with control characters as it was, and a terminal is safe from it", () => {
  assert.equal(shellQuote("it's\n\x1b[31m\u202e\\"), "$'it\\'s\\x0a\\x1b[31m\\u202e\\\\'");
});

Deno.test("shell words are quoted where they have to be", () => {
  assert.deepEqual(["a-b_c.csv", "two words", "it's", ""].map(shellQuote), [
    "a-b_c.csv",
    "'two words'",
    "'it'\\''s'",
    "''",
  ]);
});
