import assert from "node:assert/strict";
import { PlacedRows } from "./placed_rows.ts";

Deno.test("places are copies, of rows that nobody told of zeros, and are forgotten for the next commit", () => {
  const placed = new PlacedRows();
  const told = {
    lines: Float64Array.from({ length: 9_000 }, (_, row) => row + 1),
    offsets: new Float64Array(9_000).fill(7),
  };
  placed.add(told, 9_000);
  placed.add(undefined, 2);
  const { lines, offsets } = placed.places;
  told.lines.fill(0);
  placed.clear();
  placed.add(told, 9_000);
  assert.deepEqual([lines.length, lines[0], lines[8_999], lines[9_000], offsets[8_999], offsets[9_001]], [
    9_002,
    1,
    9_000,
    0,
    7,
    0,
  ]);
  placed.clear();
  placed.add(undefined, 1);
  assert.deepEqual([...placed.places.lines, ...placed.places.offsets], [0, 0]);
});
