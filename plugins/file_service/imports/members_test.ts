import assert from "node:assert/strict";
import { holdTooLarge } from "./members.ts";

Deno.test("a zip archive over 100 MB is held where fields or timestamps are chosen", async () => {
  const large = { tooLargeForFields: true, path: "in/a.zip" }, small = { ...large, tooLargeForFields: false };
  const heldFor = async (source: typeof large, chosen: readonly string[]) => {
    const held: string[] = [];
    await holdTooLarge({ hold: (reason) => Promise.resolve(void held.push(reason)) }, source, chosen);
    return held;
  };
  const reason = 'Zip archive "in/a.zip" has over 100 MB, for which neither fields nor timestamps are to be chosen';
  assert.deepEqual(await heldFor(large, ["at"]), [reason]);
  assert.deepEqual(await heldFor(large, []), []);
  assert.deepEqual(await heldFor(small, ["at"]), []);
});
