import assert from "node:assert/strict";
import fc from "fast-check";
import { viewOf } from "./byte_stretches.ts";
import { IdentityHasher, identityKey } from "./identity.ts";
import { IdentitySlots } from "./identity_slots.ts";

const key = Uint8Array.from({ length: 16 }, (_, index) => index);
const fields = ["id", "email"];
const hashers = () => fields.map((field) => new IdentityHasher(key, 1, 1, field));
const encoder = new TextEncoder();

/** Keeps a few bits: different values collide, in the table and in their keys. */
class CollidingHasher extends IdentityHasher {
  override hash(bytes: DataView, start: number, end: number, attempt: number): void {
    super.hash(bytes, start, end, attempt);
    this.high = -(this.high & 1);
    this.low &= 3;
  }
}

function add(slots: IdentitySlots, field: number, value: string): number {
  const bytes = encoder.encode(`<${value}>`);
  return slots.add(field, viewOf(bytes), 1, bytes.length - 1);
}

function all(slots: IdentitySlots): Int32Array {
  return Int32Array.from({ length: slots.count }, (_, slot) => slot);
}

const identity = fc.tuple(fc.nat({ max: 1 }), fc.string({ unit: "grapheme", maxLength: 3 }));

Deno.test("one value of one field has one slot, in the order in which they came", () => {
  const colliding = fields.map((field) => new CollidingHasher(key, 1, 1, field));
  fc.assert(fc.property(fc.array(identity), fc.boolean(), (identities, collide) => {
    const slots = new IdentitySlots(collide ? colliding : hashers());
    const known = new Map<string, number>();
    for (const [field, value] of identities) {
      const name = `${field}=${value}`;
      const slot = known.get(name) ?? known.size;
      known.set(name, slot);
      assert.equal(add(slots, field, value), slot);
    }
    assert.equal(slots.count, known.size);
    for (const [name, slot] of known) assert.equal(`${slots.field(slot)}=${slots.value(slot)}`, name);
  }));
});

Deno.test("a hundred thousand slots outgrow every table and keep their values", () => {
  const slots = new IdentitySlots(hashers());
  const count = 50_000;
  for (let index = 0; index < count; index++) {
    assert.equal(add(slots, 0, `value ${index}`), 2 * index);
    assert.equal(add(slots, 1, `value ${index}`), 2 * index + 1);
  }
  for (let index = 0; index < count; index += 7) {
    assert.equal(add(slots, 1, `value ${index}`), 2 * index + 1);
    assert.equal(slots.value(2 * index), `value ${index}`);
    assert.equal(slots.field(2 * index + 1), 1);
  }
  assert.equal(slots.count, 2 * count);
  assertSorted(slots, all(slots), 0);
});

Deno.test("a value longer than the first memory is kept whole", () => {
  const slots = new IdentitySlots(hashers());
  const long = "é".repeat(40_000);
  add(slots, 0, "short");
  assert.equal(slots.value(add(slots, 0, long)), long);
  assert.equal(slots.value(add(slots, 0, "after")), "after");
});

/** Compares with the slow and obvious way: every key by its value, then sorted as big numbers. */
function assertSorted(slots: IdentitySlots, some: Int32Array, attempt: number, own = hashers()): void {
  const sorted = slots.sortedKeys(some, attempt);
  const want = Array.from(some, (slot) => identityKey(own[slots.field(slot)]!, slots.value(slot), attempt));
  assert.deepEqual([...sorted.keys], want.sort((a, b) => a < b ? -1 : a > b ? 1 : 0));
  assert.deepEqual(sorted.slots.toSorted(), some.toSorted());
  sorted.slots.forEach((slot, index) => {
    assert.equal(sorted.keys[index], identityKey(own[slots.field(slot)]!, slots.value(slot), attempt));
  });
}

Deno.test("keys come in ascending order with their slots, at every attempt and of any slots", () => {
  fc.assert(
    fc.property(fc.array(identity, { maxLength: 60 }), fc.nat({ max: 2 }), fc.boolean(), (list, attempt, collide) => {
      const own = collide ? fields.map((field) => new CollidingHasher(key, 1, 1, field)) : hashers();
      const slots = new IdentitySlots(own);
      for (const [field, value] of list) add(slots, field, value);
      assertSorted(slots, all(slots), attempt, own);
      assertSorted(slots, all(slots).filter((slot) => slot % 3 !== 1).toReversed(), attempt, own);
    }),
  );
});

Deno.test("keys of many slots are sorted too, also where their upper halves are equal", () => {
  for (const own of [hashers(), fields.map((field) => new CollidingHasher(key, 1, 1, field))]) {
    const slots = new IdentitySlots(own);
    for (let index = 0; index < 3_000; index++) add(slots, index % 2, String(index));
    for (const attempt of [0, 1]) assertSorted(slots, all(slots), attempt, own);
  }
});

Deno.test("packed slots are the same on the other side", () => {
  fc.assert(fc.property(fc.array(identity), (identities) => {
    const slots = new IdentitySlots(hashers());
    for (const [field, value] of identities) add(slots, field, value);
    const other = IdentitySlots.unpack(structuredClone(slots.pack()), hashers());
    assert.equal(other.count, slots.count);
    for (let slot = 0; slot < slots.count; slot++) {
      assert.deepEqual([other.field(slot), other.value(slot)], [slots.field(slot), slots.value(slot)]);
    }
    for (const attempt of [0, 1]) {
      assert.deepEqual(other.sortedKeys(all(slots), attempt), slots.sortedKeys(all(slots), attempt));
    }
  }));
});

Deno.test("recycled slots know nothing of those whose memory they use", () => {
  const many = Array.from({ length: 2_000 }, (_, index) => [index % 2, `old ${index}`] as const);
  fc.assert(
    fc.property(fc.array(identity), fc.boolean(), (identities, grown) => {
      const old = new IdentitySlots(hashers());
      for (const [field, value] of [...identities, ...(grown ? many : [])]) add(old, field, value);
      const slots = IdentitySlots.recycle(old.pack(), hashers());
      const fresh = new IdentitySlots(hashers());
      for (const [field, value] of identities.toReversed()) {
        assert.equal(add(slots, field, value), add(fresh, field, value));
      }
      assert.equal(slots.count, fresh.count);
      for (let slot = 0; slot < fresh.count; slot++) {
        assert.equal(slots.value(slot), fresh.value(slot));
      }
      for (const [field, value] of many) assert.equal(add(slots, field, value), add(fresh, field, value));
    }),
    { numRuns: 30 },
  );
});
