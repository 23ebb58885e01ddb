import assert from "node:assert/strict";
import fc from "fast-check";
import { indexRows } from "../indexed_batch.ts";
import { TableRules } from "../table_rules.ts";
import { ChangeCheck } from "./check_changes.ts";
import { CUSTOMER_ID } from "./read_changes.ts";

const rules = new TableRules([CUSTOMER_ID]);

/** Why rows with these customer ids are none; undefined for those that are. */
function reasonsOf(ids: readonly string[]): (string | undefined)[] {
  const changes = [{ op: "assign", attr: "plan", value: "gold" }];
  const bad = new ChangeCheck(rules).badRows(indexRows(ids.map((id) => ({ fields: { customer_id: id, changes } }))));
  const reasons = new Map(bad.map(({ row, reason }) => [row, reason]));
  return ids.map((_, row) => reasons.get(row));
}

Deno.test("a row whose customer id names nobody is rejected, whatever white space is around it", () => {
  assert.deepEqual(reasonsOf(["c1 ", "unknown", "unknown ", " N/A", ""]), [
    undefined,
    'Has a "customer_id" that names nobody: "unknown"',
    'Has a "customer_id" that names nobody: "unknown "',
    'Has a "customer_id" that names nobody: " N/A"',
    'Has no "customer_id"',
  ]);
  const blank = fc.constantFrom("", " ", "\t", "\u00a0", "  ");
  const word = fc.oneof(fc.constantFrom("null", "NULL", "-", "c1", "n/a", "é", 'c"', ""), fc.string({ maxLength: 4 }));
  const id = fc.tuple(blank, word, blank).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(id, { maxLength: 8 }), (ids) => {
      const names = ids.map((id) => rules.identity.normalise(CUSTOMER_ID, id) !== undefined);
      assert.deepEqual(reasonsOf(ids).map((reason) => reason === undefined), names);
    }),
  );
});
