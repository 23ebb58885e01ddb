import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue, Row } from "../contracts/records.ts";
import { BesideProfiles } from "./beside_profiles.ts";
import { indexRows } from "./indexed_batch.ts";
import { KnownProfiles } from "./known_profiles.ts";
import { ProfileBatch } from "./profile_batch.ts";
import { testTarget } from "./target_testing.ts";

const identifyBy = ["id", 'e"mail'];

const value: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>(
  "a",
  "b",
  'with "quotes", \\ and {[',
  "é’",
  7,
  true,
  ["a", "b"],
  [[], "]"],
  { id: "a", "x}": ['"'] },
  {},
);
const fields = fc.dictionary(fc.constantFrom("id", 'e"mail', "x", "a", "é", "__proto__", "x,y"), value, {
  noNullPrototype: false,
});

/** Both texts as they are written: sorted keys, no blanks. */
function textOf(members: Row["fields"]): string {
  const sorted = Object.entries(members).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

/** The events beside profiles 1, 2, … that say what is given. */
function beside(events: readonly Row["fields"][], said: readonly Row["fields"][]): BesideProfiles {
  const batch = new ProfileBatch(testTarget(identifyBy));
  batch.add(indexRows(events.map((fields) => ({ fields }))), 1);
  const texts = said.map((members) => new TextEncoder().encode(textOf(members)));
  const nothing = said.map(() => null), profiles = new KnownProfiles();
  profiles.add({
    ids: said.map((_, index) => index + 1),
    ats: said.map(() => 1),
    sizes: texts.map(({ length }) => length),
    attributes: Uint8Array.from(texts.flatMap((text) => [...text])),
    stampedAts: nothing,
    positions: nothing,
    fields: nothing,
    identities: nothing,
  });
  return new BesideProfiles(batch, profiles);
}

function has(members: Row["fields"], name: string): boolean {
  return Object.hasOwn(members, name);
}

Deno.test("events stand beside profiles as their parsed fields do", () => {
  fc.assert(
    fc.property(
      fc.array(fields, { minLength: 1, maxLength: 4 }),
      fc.array(fields, { minLength: 1 }),
      (events, said) => {
        const told = beside(events, said);
        events.forEach((event, row) => {
          said.forEach((profile, index) => {
            const same = (name: string) => JSON.stringify(event[name]) === JSON.stringify(profile[name]);
            const repeats = textOf(event) === textOf(profile);
            assert.equal(told.repeats(row, index + 1), repeats);
            const covers = Object.keys(profile).every((name) => has(event, name)) &&
              identifyBy.every((name) => has(event, name) === has(profile, name) && same(name));
            // What it repeats, nobody asks it to cover.
            if (!repeats) assert.equal(told.covers(row, index + 1), covers);
            identifyBy.forEach((name, field) => {
              const agrees = has(event, name) && has(profile, name) && same(name);
              if (told.agrees(row, index + 1, field)) assert.ok(agrees || repeats);
              else assert.ok(!agrees || !covers);
            });
          });
        });
      },
    ),
    { numRuns: 500 },
  );
});
