import assert from "node:assert/strict";
import fc from "fast-check";
import { type NamedChange, ProfileState, type StoredProfile } from "../profile_state.ts";
import { TableRules } from "../table_rules.ts";
import { change, type ChangeEvent, plainFold } from "./changes_testing.ts";

const rules = new TableRules(["customer_id"]);

const named: fc.Arbitrary<NamedChange[]> = fc.uniqueArray(
  fc.tuple(fc.constantFrom("a", "__proto__", "é"), change),
  { minLength: 1, maxLength: 3, selector: ([name]) => name },
);

/** Events with positions of their own, few different times. */
const events: fc.Arbitrary<ChangeEvent[]> = fc.array(fc.tuple(fc.nat({ max: 3 }), named), {
  minLength: 1,
  maxLength: 12,
}).map((list) => list.map(([at, changes], index) => ({ stamp: [at, index + 1] as const, changes })));

function fold([first, ...rest]: readonly ChangeEvent[]): ProfileState {
  const state = ProfileState.ofChanges(rules, first!.changes, first!.stamp);
  for (const { changes, stamp } of rest) state.change(changes, stamp);
  return state;
}

const stored = (state: ProfileState) => ProfileState.ofStored(rules, state.store());

/** Attributes as pairs: `__proto__` is one like any other. */
const shown = ({ attributes }: StoredProfile) => new Map(Object.entries(JSON.parse(attributes)));

Deno.test("attributes are what a plain fold in the order of the stamps makes of them", () => {
  fc.assert(
    fc.property(events, (list) => {
      const expected = new Map([...plainFold(list)].map(([name, value]) => [name, JSON.parse(JSON.stringify(value))]));
      assert.deepEqual(new Map([...shown(fold(list).store())].sort()), new Map([...expected].sort()));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("the same changes give the same rows in any order, and through the database at any point", () => {
  const given = events.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.nat({ max: list.length }))
  );
  fc.assert(
    fc.property(given, ([list, shuffled, cut]) => {
      const expected = fold(list).store();
      assert.deepEqual(fold(shuffled).store(), expected);
      assert.deepEqual(stored(fold(list)).store(), expected);
      if (cut === 0) return;
      const state = stored(fold(shuffled.slice(0, cut)));
      for (const { changes, stamp } of shuffled.slice(cut)) state.change(changes, stamp);
      assert.deepEqual(state.store(), expected);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("profiles that take each other in hold what one profile of all their changes holds", () => {
  const given = events.chain((list) =>
    fc.tuple(fc.constant(list), fc.array(fc.nat({ max: 2 }), { minLength: list.length, maxLength: list.length }))
  );
  fc.assert(
    fc.property(given, fc.boolean(), ([list, owners], keep) => {
      const parts = [0, 1, 2].map((owner) => list.filter((_, index) => owners[index] === owner))
        .filter((part) => part.length > 0).map((part) => keep ? fold(part) : stored(fold(part)));
      const [state, ...others] = parts;
      for (const other of others) state!.absorb(other);
      assert.deepEqual(state!.store(), fold(list).store());
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a mapping's event and a change are ordered by their stamps", () => {
  const state = ProfileState.ofEvent(rules, '{"n":"5"}', [10, 1]);
  state.change([["n", { kind: "increment", by: 2 }]], [20, 2]);
  assert.equal(state.store().attributes, '{"n":7}');
  state.apply('{"n":"100"}', [15, 3]);
  assert.equal(state.store().attributes, '{"n":102}');
  state.change([["n", { kind: "assign", value: undefined }]], [16, 4]);
  assert.equal(state.store().attributes, '{"n":2}');
  state.apply('{"n":"gold"}', [30, 5]);
  assert.equal(state.store().attributes, '{"n":"gold"}');
});

Deno.test("a thousand increments and a member added again a thousand times take no more room than they must", () => {
  const state = ProfileState.ofChanges(rules, [["tags", { kind: "set", members: [{ value: "x", added: true }] }]], [
    1,
    1,
  ]);
  for (let position = 2; position <= 1_000; position++) {
    state.change([["tags", { kind: "set", members: [{ value: "x", added: true }] }]], [1, position]);
  }
  assert.equal(state.store().stamp?.fields, '{"tags":{"log":[[1,1000,["x"],[]]]}}');
  for (let position = 1_001; position <= 2_000; position++) {
    state.change([["n", { kind: "increment", by: 0.1 }]], [1, position]);
  }
  assert.equal(state.store().attributes, '{"n":100,"tags":["x"]}');
  state.change([["n", { kind: "assign", value: 3 }]], [1, 2_001]);
  assert.equal(state.store().stamp?.fields, '{"tags":{"log":[[1,1000,["x"],[]]]}}');
});
