import assert from "node:assert/strict";
import fc from "fast-check";
import { isLater, type Stamp } from "./field_fold.ts";
import { latestStamp, ProfileState, type StoredProfile } from "./profile_state.ts";
import { TableRules } from "./table_rules.ts";

const rules = new TableRules(["id", "email"]);

interface Event {
  readonly attributes: string;
  readonly stamp: Stamp;
}

const fields = fc.dictionary(
  fc.constantFrom("a", "b", "1", "__proto__", 'q"', "é"),
  fc.constantFrom("x", "y", 1, true, ["x"]),
);
const names = fc.record({
  id: fc.constantFrom("1", "2", " 2 "),
  email: fc.constantFrom("a@x", "A@X", "b@x"),
}, { requiredKeys: [] });

/** Events with positions of their own, in the order of the positions. */
const events: fc.Arbitrary<Event[]> = fc.array(fc.tuple(fields, names, fc.nat({ max: 3 })), {
  minLength: 1,
  maxLength: 8,
})
  .map((list) =>
    list.map(([fields, names, at], index) => ({
      attributes: JSON.stringify(Object.assign(fields, names)),
      stamp: [at, index + 1] as const,
    }))
  );

function fold([first, ...rest]: readonly Event[]): ProfileState {
  const state = ProfileState.ofEvent(rules, first!.attributes, first!.stamp);
  for (const { attributes, stamp } of rest) state.apply(attributes, stamp);
  return state;
}

/** Through the database and back. */
const stored = (state: ProfileState) => ProfileState.ofStored(rules, state.store());

Deno.test("the same events give the same rows, whatever order they are folded in", () => {
  fc.assert(fc.property(
    events.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
    ([list, shuffled]) => {
      assert.deepEqual(fold(shuffled).store(), fold(list).store());
      assert.deepEqual(fold(shuffled).identities(), fold(list).identities());
    },
  ));
});

Deno.test("profiles that take each other in hold what one profile of all their events holds", () => {
  const cut = events.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray(list, { minLength: list.length }),
      fc.nat({ max: list.length - 1 }),
      fc.boolean(),
    )
  );
  fc.assert(fc.property(cut, ([list, shuffled, first, keep]) => {
    const parts = [shuffled.slice(0, first + 1), shuffled.slice(first + 1)].filter((part) => part.length > 0);
    const [state, ...others] = parts.map((part) => keep ? fold(part) : stored(fold(part)));
    for (const other of others) state!.absorb(other);
    assert.deepEqual(state!.store(), fold(list).store());
    assert.deepEqual(state!.identities(), fold(list).identities());
  }));
});

Deno.test("a profile that was stored goes on as if it never had been", () => {
  fc.assert(fc.property(events, fc.nat({ max: 8 }), (list, cut) => {
    const first = list.slice(0, Math.max(1, cut)), rest = list.slice(Math.max(1, cut));
    const state = stored(fold(first));
    assert.deepEqual(state.store(), fold(first).store());
    for (const { attributes, stamp } of rest) state.apply(attributes, stamp);
    assert.deepEqual(state.store(), fold(list).store());
    assert.deepEqual(state.identities(), fold(list).identities());
    for (const [field, values] of Object.entries(fold(list).identities())) {
      for (const value of values) assert(state.has(field, value), `${field}=${value}`);
    }
  }));
});

Deno.test("a profile of one event needs no second row", () => {
  const { id, at, attributes, stamp } = fold([{ attributes: '{"b":1,"a":"x","id":"1"}', stamp: [5, 9] }]).store();
  assert.deepEqual({ id, at, attributes, stamp }, {
    id: 9,
    at: 5,
    attributes: '{"a":"x","b":1,"id":"1"}',
    stamp: null,
  });
});

Deno.test("the second row holds the latest stamp, the older ones by field, and identities of the past", () => {
  const state = fold([
    { attributes: '{"a":"x","id":"1","email":"A@x"}', stamp: [5, 1] },
    { attributes: '{"id":"2","email":"a@X "}', stamp: [7, 2] },
    { attributes: '{"b":"late"}', stamp: [6, 3] },
  ]);
  assert.deepEqual(state.store(), {
    id: 1,
    at: 5,
    attributes: '{"a":"x","b":"late","email":"a@X ","id":"2"}',
    stamp: { at: 7, position: 2, fields: '{"a":[5,1],"b":[6,3]}', identities: '{"id":["1"]}' },
  });
  assert.deepEqual(state.identities(), { email: ["a@x"], id: ["1", "2"] });
});

Deno.test("identities of the past still name the profile, and other fields name nobody", () => {
  const state = fold([
    { attributes: '{"id":"1","a":"x"}', stamp: [1, 1] },
    { attributes: '{"id":"2"}', stamp: [2, 2] },
  ]);
  for (const profile of [state, stored(state)]) {
    assert(profile.has("id", "1") && profile.has("id", "2"));
    assert(!profile.has("id", "3") && !profile.has("email", "1"));
  }
});

Deno.test("with the same event time, the higher archive position is later", () => {
  assert(isLater([2, 1], [1, 9]));
  assert(isLater([1, 2], [1, 1]));
  assert(!isLater([1, 1], [1, 1]));
  assert(!isLater([1, 9], [2, 1]));
});

Deno.test("the latest stamp of a profile that met one event is that event's", () => {
  const profile: StoredProfile = { id: 4, at: 3, attributes: "{}", stamp: null };
  assert.deepEqual(latestStamp(profile), [3, 4]);
  const stamp = { at: 8, position: 6, fields: null, identities: null };
  assert.deepEqual(latestStamp({ ...profile, stamp }), [8, 6]);
});
