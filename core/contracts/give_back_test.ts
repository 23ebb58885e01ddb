import assert from "node:assert/strict";
import { giveBack, giveBackPiece, handOver } from "./give_back.ts";

Deno.test("what is given back is empty, whatever view of it was given, and may be given back again", () => {
  const numbers = new Float64Array(10_000), keys = new BigUint64Array(10_000);
  giveBack(numbers.subarray(5, 10), keys);
  giveBack(numbers, keys);
  assert.deepEqual([numbers.length, keys.length], [0, 0]);
});

Deno.test("small arrays stay: others may lie in the same memory", () => {
  const small = new Uint8Array(32_767).fill(1);
  giveBack(small.subarray(7));
  assert.equal(small.at(-1), 1);
});

Deno.test("memory that threads share stays", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(65_536));
  giveBack(shared);
  assert.equal(shared.length, 65_536);
});

Deno.test("a piece that was handed over is given back once it was read", () => {
  const piece = handOver(new Uint8Array(65_536));
  giveBackPiece(piece);
  giveBackPiece(piece);
  assert.equal(piece.length, 0);
});

Deno.test("a part of a piece stays, and so does a piece that somebody may have kept", () => {
  const whole = handOver(new Uint8Array(65_536)), kept = new Uint8Array(65_536);
  giveBackPiece(whole.subarray(1));
  giveBackPiece(kept);
  assert.deepEqual([whole.length, kept.length], [65_536, 65_536]);
});
