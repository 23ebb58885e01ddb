import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDatedName } from "./name.ts";
import { compilePrefix } from "./prefix.ts";
import { escapePrefix, suggestPrefix } from "./suggest.ts";

const timeOf = (name: string, monthFirst = false): string => {
  const read = parseDatedName(name, { monthFirst });
  return read.dated ? `${new Date(read.time).toISOString().slice(0, 19)} ${read.form}` : read.reason;
};

Deno.test("every form of a timestamp in a name is read as what it says", () => {
  for (
    const [text, time] of [
      ["20160218", "2016-02-18T00:00:00 YYYYMMDD"],
      ["2016-02-18", "2016-02-18T00:00:00 YYYY-MM-DD"],
      ["2016_02_18", "2016-02-18T00:00:00 YYYY_MM_DD"],
      ["201602181305", "2016-02-18T13:05:00 YYYYMMDDHHmm"],
      ["20160218130559", "2016-02-18T13:05:59 YYYYMMDDHHmmss"],
      ["2016-02-181305", "2016-02-18T13:05:00 YYYY-MM-DDHHmm"],
      ["2016_02_18130559", "2016-02-18T13:05:59 YYYY_MM_DDHHmmss"],
      ["20160218T1305Z", "2016-02-18T13:05:00 YYYYMMDDTHHmmZ"],
      ["2016-02-18T130559Z", "2016-02-18T13:05:59 YYYY-MM-DDTHHmmssZ"],
      ["2016_02_18T1305Z", "2016-02-18T13:05:00 YYYY_MM_DDTHHmmZ"],
      ["2016-02-18T13-05-59Z", "2016-02-18T13:05:59 YYYY-MM-DDTHH-mm-ssZ"],
      ["2016021813-05", "2016-02-18T13:05:00 YYYYMMDDHH-mm"],
      ["2016-02-18_13-05", "2016-02-18T13:05:00 YYYY-MM-DD_HH-mm"],
      ["2016-02-18-13-05-59", "2016-02-18T13:05:59 YYYY-MM-DD_HH-mm-ss"],
      ["2016_02_18_13-05-59", "2016-02-18T13:05:59 YYYY_MM_DD_HH-mm-ss"],
      ["1455800759", "2016-02-18T13:05:59 Unix seconds"],
    ] as const
  ) {
    for (const name of [`file_${text}.csv`, `${text}.csv`, `v2-file.${text}`, `file${text}_part.csv.gz`]) {
      assert.equal(timeOf(name), time, name);
    }
  }
});

Deno.test("eight digits with the month first are a timestamp only by choice", () => {
  assert.equal(timeOf("file_02182016.csv"), "holds eight digits that are a timestamp only with the month first");
  assert.equal(timeOf("file_02182016.csv", true), "2016-02-18T00:00:00 MMDDYYYY");
  assert.equal(timeOf("file_20160218.csv", true), "2016-02-18T00:00:00 YYYYMMDD");
});

Deno.test("what has no form of a timestamp, or is none that there is, is not dated and says why", () => {
  for (
    const [name, reason] of [
      ["customers.csv", "holds no timestamp"],
      ["", "holds no timestamp"],
      ["file_2016.02.18.csv", "holds no timestamp"],
      ["file_16-02-18.csv", "holds no timestamp"],
      ["file_201602.csv", "holds no timestamp"],
      ["file_201602181.csv", "holds no timestamp"],
      ["file_145580075.csv", "holds no timestamp"],
      ["file_0455800759.csv", "holds no timestamp"],
      ["file_14558007590.csv", "holds no timestamp"],
      ["file_20160230.csv", 'holds "20160230", which is no YYYYMMDD that there is'],
      ["file_2015-02-29.csv", 'holds "2015-02-29", which is no YYYY-MM-DD that there is'],
      ["file_2016_13_01.csv", 'holds "2016_13_01", which is no YYYY_MM_DD that there is'],
      ["file_201602182400.csv", 'holds "201602182400", which is no YYYYMMDDHHmm that there is'],
      ["file_20160218T1260Z.csv", 'holds "20160218T1260Z", which is no YYYYMMDDTHHmmZ that there is'],
      ["file_18022016.csv", 'holds "18022016", which is no YYYYMMDD that there is'],
      ["file_19691231.csv", 'holds "19691231", which is no YYYYMMDD that there is'],
      ["x".repeat(1_025), "is longer than 1024 characters"],
    ] as const
  ) assert.equal(timeOf(name), reason, name);
});

Deno.test("a name that can be read two ways says so, and the first timestamp counts", async () => {
  const ambiguity = (name: string, options = {}) => {
    const read = parseDatedName(name, options);
    return read.dated ? read.ambiguity : read.reason;
  };
  assert.equal(ambiguity("file_20160218.csv"), undefined);
  assert.equal(
    ambiguity("file_20160218_20160301.csv"),
    '"20160218" counts as its timestamp, not "20160301"',
  );
  assert.equal(
    ambiguity("file_02032016.csv", { monthFirst: true }),
    '"02032016" is read as MMDDYYYY; it could be day first',
  );
  assert.equal(ambiguity("file_02182016.csv", { monthFirst: true }), undefined);
  assert.equal(ambiguity("file_02022016.csv", { monthFirst: true }), undefined);
  assert.equal(
    ambiguity("file_2016021813.csv"),
    '"2016021813" is read as Unix seconds; it could be a date and an hour',
  );
  const last = await compilePrefix("file_\\d{8}_");
  const read = parseDatedName("file_20160218_20160301.csv", { prefix: last });
  assert.ok(read.dated);
  assert.deepEqual([read.text, read.ambiguity], ["20160301", undefined]);
});

Deno.test("the prefix has to match all of the name up to its timestamp", async () => {
  const dated = async (prefix: string, name: string) => {
    const read = parseDatedName(name, { prefix: await compilePrefix(prefix) });
    return read.dated ? read.text : read.reason;
  };
  assert.equal(await dated("file_", "file_20160218.csv"), "20160218");
  assert.equal(await dated("(eu|us)_", "us_20160218.csv"), "20160218");
  assert.equal(await dated("^[a-z]+_$", "file_20160218.csv"), "20160218");
  assert.equal(await dated("v2", "v220160218.csv"), "20160218");
  assert.equal(await dated("ile_", "file_20160218.csv"), 'does not match the prefix up to its timestamp "20160218"');
  assert.equal(await dated("file", "file_20160218.csv"), 'does not match the prefix up to its timestamp "20160218"');
  assert.equal(await dated("File_", "file_20160218.csv"), 'does not match the prefix up to its timestamp "20160218"');
  assert.equal(await dated("(?i)File_", "file_20160218.csv"), "20160218");
  assert.equal(await dated("file_", "file_.csv"), "holds no timestamp behind the prefix");
  assert.equal(await dated("file_", "file_20160231.csv"), 'holds "20160231", which is no YYYYMMDD that there is');
});

Deno.test("an expression that backtracks for ever elsewhere ends at once", async () => {
  const prefix = await compilePrefix("(a+)+b|(a|a)*c|(.*)*d");
  const name = `${"a".repeat(240)}20160218.csv`;
  // A backtracking engine needs 2^240 steps: this test would not end.
  for (let turn = 0; turn < 100; turn++) assert.equal(parseDatedName(name, { prefix }).dated, false);
});

Deno.test("an expression that is wrong is refused, with where", async () => {
  for (
    const [source, at] of [
      ["file(_", 5],
      ["f(i)le_[", 8],
      ["file_(?=x)", 6],
      ["(a)\\1", 4],
      ["a**", 2],
      ["file_[z-a]", 7],
      ["a{1001}", 2],
      ["((a{100}){100}){100}", 16],
    ] as const
  ) {
    await assert.rejects(compilePrefix(source), (error: Error & { kind?: string; hint?: string }) => {
      assert.match(error.message, new RegExp(`is wrong at character ${at}:`), error.message);
      assert.equal(error.kind, "config");
      assert.ok(error.hint);
      return true;
    });
  }
  await assert.rejects(compilePrefix("a".repeat(501)), /501 characters, and more than 500/);
});

Deno.test("a suggested prefix matches the name that it comes from, and the timestamp behind it", async () => {
  assert.equal(suggestPrefix("file_20160218.csv"), "file_");
  assert.equal(suggestPrefix("a.b+(c)20160218.csv"), "a\\.b\\+\\(c\\)");
  assert.equal(suggestPrefix("20160218.csv"), undefined);
  assert.equal(suggestPrefix("customers.csv"), undefined);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 40 }), async (text) => {
      const before = text.replace(/\d$/, "");
      const prefix = await compilePrefix(escapePrefix(before));
      const read = parseDatedName(`${before}20160218.csv`, { prefix });
      assert.ok(read.dated);
      assert.equal(read.start, before.length);
    }),
    { numRuns: 200 },
  );
});

Deno.test("names of later times are read as later, in every form", () => {
  const two = (value: number) => String(value).padStart(2, "0");
  const written = [
    (d: Date) => `${d.getUTCFullYear()}${two(d.getUTCMonth() + 1)}${two(d.getUTCDate())}`,
    (d: Date) => d.toISOString().slice(0, 10),
    (d: Date) => d.toISOString().slice(0, 19).replace(/[-:T]/g, ""),
    (d: Date) => `${d.toISOString().slice(0, 19).replaceAll(":", "-")}Z`,
    (d: Date) => `${d.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`,
  ];
  const noDates = { noInvalidDate: true, min: new Date("2002-01-01"), max: new Date("2199-12-31") };
  fc.assert(
    fc.property(fc.date(noDates), fc.date(noDates), fc.constantFrom(...written), (a, b, write) => {
      const [x, y] = [parseDatedName(`f-${write(a)}.csv`), parseDatedName(`f-${write(b)}.csv`)];
      assert.ok(x.dated && y.dated);
      if (a.getTime() <= b.getTime()) assert.ok(x.time <= y.time);
      assert.ok(a.getTime() - x.time < 86_400_000 && a.getTime() >= x.time);
    }),
  );
});
