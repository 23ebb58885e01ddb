import assert from "node:assert/strict";
import { IdentityRules } from "../profiles/identity_rules.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { ListMembers } from "./list_members.ts";

const PLACE = { key: new Uint8Array(16), account: 1, table: 1, field: "customer_id" };

function keysOf(batches: readonly (readonly string[])[]): bigint[] {
  const members = new ListMembers(new IdentityRules(), () => false, PLACE);
  for (const ids of batches) members.take(indexRows(ids.map((customer_id) => ({ fields: { n: 1, customer_id } }))));
  return [...members.keys.sorted()].flatMap((keys) => [...keys]);
}

Deno.test("ids of a large batch are taken as those of small ones, whatever stands around them", () => {
  // Each some 64 KiB: plain ones, some with escapes and accents, one longer than all that.
  const ids = Array.from({ length: 9_000 }, (_, row) => {
    if (row === 5_000) return "x".repeat(70_000);
    return row > 3_000 && row % 500 === 0 ? `é"${row}` : `id-${row}-${"y".repeat(row % 90)}`;
  });
  const large = keysOf([ids]);
  assert.equal(large.length, ids.length);
  assert.deepEqual(large, keysOf(ids.map((id) => [id])));
});
