import assert from "node:assert/strict";
import fc from "fast-check";
import { viewOf } from "./byte_stretches.ts";
import { IdentityHasher, identityKey } from "./identity.ts";
import { BUILT_IN_RULES } from "./identity_rules.ts";
import { normaliseIdentity } from "./target_testing.ts";

const key = Uint8Array.from({ length: 16 }, (_, index) => index);
const hasher = (account = 1, table = 1, field = "id") => new IdentityHasher(key, account, table, field);

Deno.test("values are compared without the white space around them", () => {
  assert.equal(normaliseIdentity("id", " \t A b \u00a0\ufeff"), "A b");
  assert.equal(normaliseIdentity("id", 42), "42");
  assert.equal(normaliseIdentity("id", -0.5), "-0.5");
  assert.equal(normaliseIdentity("id", 0), "0");
});

Deno.test("e-mail addresses, and nothing else, are compared in lower case", () => {
  for (const field of ["email", "Email", "e-mail", "E_MAIL", "customer_email", "emailAddress"]) {
    assert(BUILT_IN_RULES.foldsCase(field), field);
    assert.equal(normaliseIdentity(field, " ÄNN@Example.COM "), "änn@example.com");
  }
  for (const field of ["id", "mail", "name", "e mail"]) {
    assert(!BUILT_IN_RULES.foldsCase(field), field);
    assert.equal(normaliseIdentity(field, "Ann@Example.COM"), "Ann@Example.COM");
  }
});

Deno.test("what names nobody is no identity", () => {
  for (const value of ["", "  ", "\ufeff", null, true, false, ["a"], { a: "a" }, undefined]) {
    assert.equal(normaliseIdentity("id", value), undefined, JSON.stringify(value));
  }
});

Deno.test("a value that is normalised twice is as it was after once, and survives the way to bytes and back", () => {
  fc.assert(fc.property(fc.constantFrom("id", "email"), fc.string({ unit: "binary" }), (field, value) => {
    const once = normaliseIdentity(field, value);
    if (once === undefined) return;
    assert.equal(normaliseIdentity(field, once), once);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    assert.equal(decoder.decode(new TextEncoder().encode(once)), once);
  }));
  assert.equal(normaliseIdentity("id", "a\ud800"), normaliseIdentity("id", "a\udfff"));
});

Deno.test("one value has different keys by account, table, field, attempt and hash key", () => {
  const keys = [
    identityKey(hasher(), "a", 0),
    identityKey(hasher(2), "a", 0),
    identityKey(hasher(1, 2), "a", 0),
    identityKey(hasher(1, 1, "email"), "a", 0),
    identityKey(hasher(), "a", 1),
    identityKey(hasher(), "a", 2),
    identityKey(hasher(), "b", 0),
    identityKey(hasher(12, 1), "a", 0),
    identityKey(hasher(1, 21), "a", 0),
    identityKey(new IdentityHasher(key.toReversed(), 1, 1, "id"), "a", 0),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

Deno.test("a key is the same whenever it is made, and is an unsigned 64-bit number", () => {
  const one = hasher();
  fc.assert(fc.property(fc.string(), fc.nat({ max: 3 }), (value, attempt) => {
    const made = identityKey(one, value, attempt);
    assert.equal(identityKey(hasher(), value, attempt), made);
    assert.equal(BigInt.asUintN(64, made), made);
    // The halves hold the last hash.
    assert.equal(BigInt(one.high >>> 0), made >> 32n);
    assert.equal(BigInt(one.low >>> 0), made & 0xffffffffn);
  }));
});

Deno.test("a range of bytes hashes like the same bytes alone", () => {
  const [alone, within] = [hasher(), hasher()];
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (before, bytes, after) => {
    const whole = Uint8Array.from([...before, ...bytes, ...after]);
    alone.hash(viewOf(bytes), 0, bytes.length, 1);
    within.hash(viewOf(whole), before.length, before.length + bytes.length, 1);
    assert.deepEqual([within.high, within.low], [alone.high, alone.low]);
  }));
});
