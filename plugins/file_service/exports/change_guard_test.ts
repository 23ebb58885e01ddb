import assert from "node:assert/strict";
import { changeToHold } from "./change_guard.ts";

const reasonOf = (rows: number, before: number | undefined, percent: number | undefined) =>
  changeToHold(rows, before === undefined ? undefined : { rows: before }, percent, undefined)?.reason;

Deno.test("an export is held where it differs from the one before by more than the percentage", () => {
  for (const rows of [900, 1_000, 1_100]) assert.equal(reasonOf(rows, 1_000, 10), undefined);
  assert.equal(
    reasonOf(899, 1_000, 10),
    "The export has 899 rows, and the one before 1000: 10.1% fewer; hold_change is 10%",
  );
  assert.equal(
    reasonOf(3_000, 1_000, 150),
    "The export has 3000 rows, and the one before 1000: 200% more; hold_change is 150%",
  );
  assert.equal(
    reasonOf(0, 1_000, 99.5),
    "The export has 0 rows, and the one before 1000: 100% fewer; hold_change is 99.5%",
  );
  assert.equal(reasonOf(1, 0, 50), "The export has 1 row, and the one before had none; hold_change is 50%");
  assert.equal(reasonOf(0, 0, 50), undefined);
});

Deno.test("nothing is held without a percentage, or without an export before", () => {
  assert.equal(reasonOf(1, 1_000, undefined), undefined);
  assert.equal(reasonOf(1, undefined, 10), undefined);
});

Deno.test("what was approved stays approved while about as many members are there, and no longer", () => {
  const before = { rows: 1_000 };
  const held = changeToHold(500, before, 10, undefined);
  assert.ok(held);
  assert.equal(changeToHold(520, before, 10, held), held);
  assert.match(changeToHold(300, before, 10, held)?.reason ?? "", /has 300 rows/);
  assert.equal(changeToHold(1_000, before, 10, held), undefined);
});
