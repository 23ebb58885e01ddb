import assert from "node:assert/strict";
import { Failure } from "../core/contracts/failure.ts";
import { readHidden } from "./secrets.ts";

/** A terminal in raw mode on which `keys` are pressed, a few bytes at a time. */
function terminal(keys: string, step: number) {
  const bytes = new TextEncoder().encode(keys);
  let at = 0;
  return {
    read: (into: Uint8Array) => {
      if (at >= bytes.length) return Promise.resolve(null);
      const part = bytes.subarray(at, at + step);
      into.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
  };
}

Deno.test("a hidden answer ends at the line's end, and can be corrected", async () => {
  const answers: readonly (readonly [string, string])[] = [
    ["hunter2\r", "hunter2"],
    ["hunter2\nrest", "hunter2"],
    ["passé\x7f\x7fs\r", "pass"],
    ["wrong\x15right\r", "right"],
    ["\x7f\x7f\x08ok\x04", "ok"],
    ["no end", "no end"],
  ];
  for (const [keys, answer] of answers) {
    for (const step of [1, 2, 100]) assert.equal(await readHidden(terminal(keys, step)), answer);
  }
});

Deno.test("Ctrl-C at a question cancels", async () => {
  const error = await readHidden(terminal("abc\x03", 100)).catch((error) => error);
  assert.ok(error instanceof Failure);
  assert.equal(error.kind, "cancelled");
});
