import assert from "node:assert/strict";
import { config } from "./config.ts";

const LEAST = { audience: "locals", email: ["ann@example.com"] };

/** What is wrong with a configuration, by key. */
function problems(change: object): string[] {
  return config.safeParse({ ...LEAST, ...change }).error?.issues.map(({ path }) => String(path[0])) ?? [];
}

Deno.test("a mailed export needs an audience and an address; spreadsheets are safe from its cells unless told", () => {
  assert.deepEqual(config.parse(LEAST), {
    ...LEAST,
    compress: "none",
    include_headers: true,
    audience_name: false,
    additional_audiences: false,
    fields: [],
    delimiter: ",",
    join: "&",
    line_ending: "crlf",
    spreadsheet_safe: true,
  });
  assert.deepEqual(config.safeParse({}).error?.issues.map(({ path }) => path[0]), ["audience", "email"]);
});

Deno.test("what a mailed export cannot be configured with is refused", () => {
  const wrong = {
    email: [
      [],
      ["nobody"],
      ["ann@example.com", "x"],
      ["ann@example.com\r\nBcc: eve@example.com"],
      ["Ann <ann@example.com>"],
      ['"ann"@example.com'],
      Array.from({ length: 51 }, (_, index) => `a${index}@example.com`),
    ],
    user_limit: [0, -1, 1.5],
    delimiter: ["", ",,", '"', "\n"],
    join: ["&&", "\\", ","],
    compress: ["rar"],
  };
  for (const [key, values] of Object.entries(wrong)) {
    for (const value of values) assert.deepEqual([...new Set(problems({ [key]: value }))], [key], String(value));
  }
  assert.deepEqual(problems({ delimiter: "|", join: "|" }), ["join"]);
});

Deno.test("an address that is given twice gets one mail", () => {
  const { email } = config.parse({ ...LEAST, email: ["ann@example.com", "bo@example.com", "ann@example.com"] });
  assert.deepEqual(email, ["ann@example.com", "bo@example.com"]);
});

Deno.test("a mailed export has no slug column, no frequency and no timestamp format", () => {
  for (const key of ["audience_slug", "frequency", "timestamp_format"]) assert.ok(!(key in config.shape), key);
});
