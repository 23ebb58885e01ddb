import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../../contracts/records.ts";
import { ChangedMembers, isSame } from "./changed_members.ts";
import { target } from "./feed_testing.ts";
import { ShownProfiles } from "./shown_profile.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

const name = fc.constantFrom(
  "a",
  "aa",
  "b",
  "b!",
  "customer_id",
  "é",
  "😀",
  "ﬀ",
  "__proto__",
  "_ll.profile_id",
  'q"',
  "",
);
const value = fc.oneof(
  fc.constantFrom<JsonValue>("", "x", "xy", "x,", '"', "\\", "}", "é’", 0, 1, 12, 1.5, -1, true, false, null),
  fc.constantFrom<JsonValue>([], ["x", "}"], [[1, {}], ","], {}, { a: { b: "]" } }, { a: { b: "[" } }),
);
const object = fc.uniqueArray(fc.tuple(name, value), { selector: ([name]) => name, maxLength: 6 })
  .map((members) => Object.fromEntries(members) as Record<string, JsonValue>);

/** As profiles are stored, or with names in any order. */
function textOf(attributes: Readonly<Record<string, JsonValue>>, ascends: boolean): string {
  const names = Object.keys(attributes);
  if (ascends) names.sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(attributes[name])}`).join(",")}}`;
}

/** Texts one directly after the other, with bytes around the one that is meant. */
function placed(text: string, around: string): { readonly bytes: Uint8Array; readonly start: number } {
  return { bytes: encoder.encode(around + text + around), start: encoder.encode(around).length };
}

Deno.test("what differs in the bytes is what differs in the objects, wherever it need not be parsed", () => {
  const property = fc.property(
    ...[object, object, fc.boolean(), fc.constantFrom("", "{}", '{"a":1}'), fc.constantFrom("", '{"b":"x"}')] as const,
    fc.option(fc.constantFrom("a", "customer_id", "é")),
    (before, other, ascends, aroundBefore, aroundLast, hidden) => {
      // Two that have members in common, as states of one profile do.
      const last = Object.keys(other).length % 2 === 0 ? { ...before, ...other } : other;
      const shown = new ShownProfiles(hidden === null ? { target } : { target, hidden: (field) => field === hidden });
      const one = placed(textOf(before, ascends), aroundBefore), two = placed(textOf(last, ascends), aroundLast);
      const members = new ChangedMembers(one.bytes, two.bytes, shown);
      if (!members.compare(one.start, two.start)) return;
      const until = ({ bytes }: typeof one, around: string) => bytes.length - encoder.encode(around).length;
      assert.deepEqual(
        [members.earlierEnd, members.laterEnd],
        [until(one, aroundBefore), until(two, aroundLast)],
      );
      const then = shown.attributes(textOf(before, ascends)), now = shown.attributes(textOf(last, ascends));
      const isIn = (attributes: object, name: string) => Object.hasOwn(attributes, name);
      const updates = Object.entries(now).filter(([name, value]) => !isIn(then, name) || !isSame(then[name], value));
      const gone = Object.keys(then).filter((name) => !isIn(now, name));
      const texts = (bytes: Uint8Array, stretches: readonly number[]) =>
        stretches.flatMap((from, at) => at % 2 === 0 ? [decoder.decode(bytes.subarray(from, stretches[at + 1]))] : []);
      const sorted = (list: readonly string[]) => list.toSorted();
      assert.deepEqual(
        sorted(texts(two.bytes, members.updates)),
        sorted(updates.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)),
      );
      assert.deepEqual(
        sorted(texts(one.bytes, members.gone)),
        sorted(gone.map((name) => JSON.stringify(name))),
      );
      const customer = isIn(now, "customer_id") ? JSON.stringify(now.customer_id) : "";
      assert.equal(decoder.decode(two.bytes.subarray(members.customerFrom, members.customerTo)), customer);
    },
  );
  fc.assert(property, { numRuns: 3_000 });
});

Deno.test("members that change, come or go are found without parsing", () => {
  const shown = new ShownProfiles({ target });
  const compare = (before: string, last: string) => {
    const members = new ChangedMembers(encoder.encode(before), encoder.encode(last), shown);
    assert(members.compare(0, 0), `${before} ${last}`);
    const { updates, gone, customerFrom, customerTo } = members;
    return {
      updates: updates.flatMap((from, at) => at % 2 === 0 ? [last.slice(from, updates[at + 1])] : []),
      gone: gone.flatMap((from, at) => at % 2 === 0 ? [before.slice(from, gone[at + 1])] : []),
      customer: last.slice(customerFrom, customerTo),
    };
  };
  assert.deepEqual(compare('{"a":1,"customer_id":"c","n":"x"}', '{"a":12,"customer_id":"c","n":"x"}'), {
    updates: ['"a":12'],
    gone: [],
    customer: '"c"',
  });
  assert.deepEqual(compare('{"n":1}', '{"a":[{}],"n":1.0,"z":{"y":","}}'), {
    updates: ['"a":[{}]', '"z":{"y":","}'],
    gone: [],
    customer: "",
  });
  assert.deepEqual(compare('{"a":1,"b":"}","c":3}', '{"b":"}"}'), { updates: [], gone: ['"a"', '"c"'], customer: "" });
});
