import assert from "node:assert/strict";
import { csvImport } from "./mod.ts";

const base = { stream: "people", file: "a.csv" };

/** The first problem of a configuration: its key and what is said of it. */
function problem(input: object): [PropertyKey | undefined, string] | undefined {
  const issue = csvImport.config.safeParse({ ...base, ...input }).error?.issues[0];
  return issue && [issue.path[0], issue.message];
}

Deno.test("a stream and a file are all that is needed", () => {
  assert.deepEqual(csvImport.config.parse(base), {
    stream: "people",
    file: "a.csv",
    identify_by: [],
    folder: "",
    month_first: false,
    settle_seconds: 60,
    after_import: "keep",
    diff: false,
    diff_keys: [],
    timestamps: [],
    timestamp_format: "auto",
    timestamp_zone: "UTC",
    fields: [],
    multi_value: [],
    join: "&",
    encoding: "auto",
  });
  assert.equal(csvImport.config.safeParse({ stream: "people" }).success, false);
  assert.equal(problem({ file: "" })?.[0], "file");
});

Deno.test("what cannot be read later is refused when the job is saved", () => {
  assert.deepEqual(problem({ delimiter: ";;" }), [
    "delimiter",
    'Delimiter ";;" cannot separate cells: give one character such as , ; | or t for a tab',
  ]);
  assert.equal(problem({ delimiter: "\\t" }), undefined);
  assert.match(problem({ encoding: "klingon" })?.[1] ?? "", /^Encoding "klingon" is not known: use utf-8/);
  assert.equal(problem({ encoding: "ut8" })?.[1], 'Encoding "ut8" is not known: did you mean "utf8"?');
  assert.equal(
    problem({ timestamp_zone: "Europe/Berln" })?.[1],
    'Time zone "Europe/Berln" is not known: did you mean "Europe/Berlin"?',
  );
  assert.match(problem({ timestamp_zone: "Mars/Olympus" })?.[1] ?? "", /^Time zone "Mars\/Olympus" is not known: /);
  assert.equal(problem({ timestamp_format: "ymd" })?.[0], "timestamp_format");
});

Deno.test("a field that identifies profiles has to be imported", () => {
  const [key, message] = problem({ fields: ["name"], identify_by: ["email"] }) ?? [];
  assert.equal(key, "identify_by");
  assert.match(message ?? "", /^must be among `fields`, or `fields` be left empty/);
  assert.equal(problem({ fields: ["name", "email"], identify_by: ["email"] }), undefined);
  assert.equal(problem({ identify_by: ["email"] }), undefined);
});

Deno.test("a name that a list holds twice counts once, where it stood first", () => {
  const twice = ["id", "email", "id"];
  const parsed = csvImport.config.parse({ ...base, identify_by: twice, fields: twice, timestamps: ["at", "at"] });
  assert.deepEqual(parsed.identify_by, ["id", "email"]);
  assert.deepEqual(parsed.fields, ["id", "email"]);
  assert.deepEqual(parsed.timestamps, ["at"]);
});
