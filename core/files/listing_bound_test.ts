import assert from "node:assert/strict";
import { ListingBound, MOST_CHARACTERS, MOST_NAMES } from "./listing_bound.ts";

Deno.test("a folder may hold a million names, or answers without any, or 100 MB of names", () => {
  const kind = "config";
  const names = Array.from({ length: 1_000 }, (_, index) => `${index}.csv`);
  const many = new ListingBound("in");
  for (let count = 0; count < MOST_NAMES; count += names.length) many.add(names);
  assert.throws(() => many.add(["one more"]), {
    kind,
    message: 'The server lists more than 1,000,000 names in folder "in"',
  });
  const empty = new ListingBound("in");
  for (let count = 0; count < MOST_NAMES; count++) empty.add([]);
  assert.throws(() => empty.add([]), { kind });
  const long = new ListingBound("");
  long.add(["x".repeat(MOST_CHARACTERS)]);
  assert.throws(() => long.add(["x"]), { kind, message: /100,000,000 characters of names in folder ""$/ });
});
