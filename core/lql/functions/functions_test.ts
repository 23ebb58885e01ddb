import assert from "node:assert/strict";
import { SipHash } from "../../profiles/siphash.ts";
import { valueOf } from "../lql_testing.ts";
import { sipHash } from "./siphash.ts";
import { FUNCTIONS, signatureOf } from "./table.ts";

const EVENT = { event: "hello", score: "22", price: "$55", tag_name: "bob", tag_color: "red", tag_: "none" };

/** A value as JSON holds it, so that maps compare whatever their prototype. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

for (const declaration of FUNCTIONS.values()) {
  Deno.test(`the examples of ${signatureOf(declaration)} hold`, () => {
    for (const [expression, expected] of declaration.examples) {
      assert.deepEqual(plain(valueOf(`${expression} AS result`, EVENT)), expected, expression);
    }
  });
}

Deno.test("every function that the specification names is there", () => {
  const names = "tolower toupper trim replace split join substr len concat strip hasprefix hassuffix contains title " +
    "toint tonumber tobool todate todatein string now epochms year month dayofmonth dayofweek hourofday yymm extract " +
    "seconds maptime eq ne gt ge lt le any all oneof if email emailname emaildomain domain domains host path qs " +
    "urlmain urldecode urlminusqs hash.md5 hash.sha1 hash.sha256 hash.sip uuid json.path " +
    "count sum min max set valuect map match mapt";
  for (const name of names.split(" ")) assert.ok(FUNCTIONS.has(name), name);
  // These are part of the grammar.
  assert.equal(valueOf("not(eq(5, 6)) AS result", {}), true);
  assert.equal(valueOf("exists(event) AS result", EVENT), true);
  assert.equal(valueOf("cast(score AS INT) AS result", EVENT), 22);
});

Deno.test("SipHash gives the numbers of its authors, and those of identities", () => {
  // From the paper's appendix: key 00 … 0f, message 00 … 0e.
  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  const [k0, k1] = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n];
  assert.equal(sipHash(k0, k1, Uint8Array.from({ length: 15 }, (_, i) => i)), 0xa129ca6149be45e5n);
  const fast = new SipHash(key);
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => 7 * i & 0xff);
    fast.hash(new DataView(bytes.buffer), 0, length);
    assert.equal(sipHash(k0, k1, bytes), BigInt(fast.high >>> 0) << 32n | BigInt(fast.low >>> 0), String(length));
  }
});

Deno.test("uuid() is the same for the same event and differs for another, in the form of RFC 9562", () => {
  const made = valueOf("uuid() AS result", EVENT);
  assert.match(String(made), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(valueOf("uuid() AS result", EVENT), made);
  assert.notEqual(valueOf("uuid() AS result", { ...EVENT, score: "23" }), made);
  assert.notEqual(valueOf("uuid() AS result", EVENT, 0), made);
});

Deno.test("functions of a web or e-mail address take the first of a list", () => {
  assert.equal(valueOf("email(x) AS result", { x: ["A@example.com", "b@example.com"] }), "a@example.com");
  assert.equal(valueOf("host(x) AS result", { x: ["", "www.example.org/a"] }), "www.example.org");
});
