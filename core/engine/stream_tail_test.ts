import assert from "node:assert/strict";
import { dataOf } from "./stream_tail.ts";

Deno.test("what an event calls its fields is told as it stands, whatever another object had", () => {
  // From here on `JSON.parse` takes the one name for the other.
  JSON.parse('{"!":"y","\\\\":"x"}');
  const lines = new TextEncoder().encode('{"at":1,"data":{"!":"y","\\"":"x"}}\n{"at":2,"data":{"!":"y","\\n":"x"}}\n');
  const names = Array.from(dataOf([{ position: 1, count: 2, lines }]), (data) => Object.keys(data));
  assert.deepEqual(names, [["!", '"'], ["!", "\n"]]);
});
