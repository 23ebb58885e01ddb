import assert from "node:assert/strict";
import fc from "fast-check";
import { readAll, utf8 } from "./csv_testing.ts";
import { CsvReader } from "./csv.ts";
import { ambiguousDates, fillTimes, type TimestampFormat, timestampParser } from "./timestamps.ts";

const AT = Date.UTC(2026, 2, 1, 10, 15, 7);
const DAY = Date.UTC(2026, 2, 1);
const DAY_LONG = 86_400_000;

const READ: readonly [TimestampFormat, string, number][] = [
  ["iso8601", "2026-03-01T10:15:07Z", AT],
  ["iso8601", "2026-03-01t10:15:07z", AT],
  ["iso8601", "2026-03-01 10:15:07", AT],
  ["iso8601", "2026-03-01T10:15:07.25Z", AT + 250],
  ["iso8601", "2026-03-01T10:15:07,1239999Z", AT + 123],
  ["iso8601", "2026-03-01T12:15:07+02:00", AT],
  ["iso8601", "2026-03-01T04:45:07-0530", AT],
  ["iso8601", "2026-03-01 10:15:07+00", AT],
  ["iso8601", "2026-03-01 10:15:07 UTC", AT],
  ["iso8601", "2026-03-01T10:15", AT - 7_000],
  ["iso8601", "2026-03-01", DAY],
  ["iso8601", "20260301", DAY],
  ["iso8601", "20260301T101507Z", AT],
  ["iso8601", "20260301T1015", AT - 7_000],
  ["iso8601", "2016-12-31T23:59:60Z", Date.UTC(2016, 11, 31, 23, 59, 59)],
  ["iso8601", "0001-01-01", -62_135_596_800_000],
  ["rfc2822", "Sun, 1 Mar 2026 10:15:07 +0000", AT],
  ["rfc2822", "01 Mar 2026 05:15:07 EST", AT],
  ["rfc2822", "Sun, 01 Mar 26 10:15 GMT (UTC)", AT - 7_000],
  ["rfc2822", "1 mar 1999 00:00 -0130", Date.UTC(1999, 2, 1, 1, 30)],
  ["date", "2026-03-01", DAY],
  ["date", "2026-03-01 10:15", AT - 7_000],
  ["date", "2026-03-01 10:15:07", AT],
  ["mdy", "03/01/2026", DAY],
  ["mdy", "3/1/2026 10:15:07", AT],
  ["mdy", "03/01/2026, 10:15:07 AM", AT],
  ["mdy", "03/01/2026 12:00 am", DAY],
  ["mdy", "03/01/2026 12:00 PM", DAY + 43_200_000],
  ["dmy", "01/03/2026", DAY],
  ["dmy", "01/03/2026 10:15", AT - 7_000],
  ["unix", "1772360107", AT],
  ["unix", "1772360107.25", AT + 250],
  ["unix", "-1.5", -1_500],
  ["unix", "0", 0],
  ["unix", "-86400", -DAY_LONG],
  ["unix", "-2208988800", Date.UTC(1900, 0, 1)],
  ["unix-ms", "1772360107000", AT],
  ["unix-ms", "1772360107000.9", AT],
  ["unix-ms", "0", 0],
  ["unix-ms", "-86400000", -DAY_LONG],
  ["auto", "2026-03-01T10:15:07Z", AT],
  ["auto", "-2208988800", Date.UTC(1900, 0, 1)],
  ["auto", "-2208988800000", Date.UTC(1900, 0, 1)],
  ["auto", "-123456789", -123_456_789_000],
  ["auto", "20260301", DAY],
  ["auto", "Sun, 1 Mar 2026 10:15:07 +0000", AT],
  ["auto", "1772360107", AT],
  ["auto", "1772360107.25", AT + 250],
  ["auto", "1772360107000", AT],
  ["auto", "  2026-03-01\t", DAY],
];

for (const [format, text, expected] of READ) {
  Deno.test(`${format} reads ${JSON.stringify(text)}`, () => {
    assert.equal(timestampParser({ format }).parse(text), expected);
  });
}

const UNREAD: readonly [TimestampFormat, string][] = [
  ["iso8601", "2026-02-29"],
  ["iso8601", "2026-13-01"],
  ["iso8601", "2026-00-10"],
  ["iso8601", "0000-00-00 00:00:00"],
  ["iso8601", "2026-03-01T24:00:00Z"],
  ["iso8601", "2026-03-01T10:60:00Z"],
  ["iso8601", "2026-03-01T10:15:61Z"],
  ["iso8601", "2026-03-01T10"],
  ["iso8601", "2026-03-01T10:1"],
  ["iso8601", "2026-03-01T10:15:"],
  ["iso8601", "2026-03-01T10:15:07."],
  ["iso8601", "2026-03-01T10:15:07+24:00"],
  ["iso8601", "2026-03-01T10:15:07X"],
  ["iso8601", "2026-03-01T1015"],
  ["iso8601", "20260301T10:15"],
  ["iso8601", "2026-03-01x"],
  ["iso8601", "2026-3-1"],
  ["iso8601", "2026/03/01"],
  ["rfc2822", "Mon, 1 Mar 2026 10:15:07 +0000"],
  ["rfc2822", "30 Feb 2026 10:15:07 +0000"],
  ["rfc2822", "1 Foo 2026 10:15:07 +0000"],
  ["rfc2822", "1 Mar 2026 10:15:07 A"],
  ["rfc2822", "1 Mar 2026 10:15:07"],
  ["date", "2026-03-01T10:15"],
  ["date", "2026-03-01 10:15Z"],
  ["date", "20260301"],
  ["mdy", "31/12/2026"],
  ["dmy", "12/31/2026"],
  ["dmy", "01/03/26"],
  ["mdy", "03/01/2026 13:00 PM"],
  ["unix", "12e3"],
  ["unix", "99999999999999999"],
  ["unix", "1."],
  ["unix", ""],
  ["auto", "03/01/2026"],
  ["auto", "12345678"],
  ["auto", "0"],
  ["auto", "-1"],
  ["auto", "-86400"],
  ["auto", "2026"],
  ["auto", "yesterday"],
  ["auto", "2026\u201103\u201101"],
];

for (const [format, text] of UNREAD) {
  Deno.test(`${format} does not read ${JSON.stringify(text)}`, () => {
    assert.equal(timestampParser({ format }).parse(text), undefined);
  });
}

Deno.test("ISO 8601 is read as Temporal reads it", () => {
  const { parse } = timestampParser({ format: "iso8601" });
  const time = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(time, fc.integer({ min: -1_439, max: 1_439 }), (milliseconds, offset) => {
      const sign = offset < 0 ? "-" : "+";
      const zone = sign + Temporal.PlainTime.from("00:00").add({ minutes: Math.abs(offset) }).toString().slice(0, 5);
      const wall = Temporal.Instant.fromEpochMilliseconds(milliseconds).toZonedDateTimeISO("UTC").toPlainDateTime();
      const text = `${wall}${zone}`;
      assert.equal(parse(text), milliseconds - offset * 60_000, text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("times as ECMAScript writes them, and what looks alike, are the same as texts and as bytes", () => {
  const written = fc.date({
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  })
    .map((date) => date.toISOString());
  const altered = fc.tuple(written, fc.nat(23), fc.constantFrom(..."0123456789-:.TZ /x"))
    .map(([text, at, character]) => text.slice(0, at) + character + text.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(written, altered), fc.constantFrom("auto" as const, "iso8601" as const), (text, format) => {
      const { parse, parseBytes } = timestampParser({ format, zone: "Europe/Zurich" });
      const bytes = new TextEncoder().encode(text);
      assert.equal(parse(text) ?? NaN, parseBytes(bytes, 0, bytes.length), text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("wall times mean in every zone what Temporal's compatible says, gaps and folds included", () => {
  for (const zone of ["America/New_York", "Europe/Zurich", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]) {
    const { parse } = timestampParser({ format: "date", zone });
    const minute = fc.integer({ min: -10_000_000, max: 35_000_000 });
    const changes = [
      "2025-03-09 02:30",
      "2025-11-02 01:30",
      "2025-03-30 02:15",
      "2025-10-26 02:30",
      "2025-10-05 02:10",
    ];
    const check = (text: string) => {
      const expected = Temporal.PlainDateTime.from(text).toZonedDateTime(zone, { disambiguation: "compatible" });
      assert.equal(parse(text), expected.epochMilliseconds, `${text} in ${zone}`);
    };
    changes.forEach(check);
    const near = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -30, max: 30 }))
      .map(([change, steps]) => Date.parse(`${change}Z`) / 60_000 + 5 * steps);
    const text = fc.oneof(minute, near).map((at) => new Date(at * 60_000).toISOString().slice(0, 16).replace("T", " "));
    fc.assert(fc.property(text, check));
  }
});

Deno.test("wall times that a zone's clock skips or repeats are told, and nothing else is", () => {
  const clock = (text: string, zone = "Europe/Berlin") => timestampParser({ zone }).clockChange(text);
  assert.equal(clock("2026-03-29 01:59:59"), undefined);
  assert.equal(clock("2026-03-29 02:00:00"), "skipped");
  assert.equal(clock("2026-03-29 02:59:59.999"), "skipped");
  assert.equal(clock("2026-03-29 03:00:00"), undefined);
  assert.equal(clock("2026-10-25 01:59:59"), undefined);
  assert.equal(clock("2026-10-25 02:00:00"), "repeated");
  assert.equal(clock("2026-10-25 02:59:59"), "repeated");
  assert.equal(clock("2026-10-25 03:00:00"), undefined);
  // A day that a zone skipped when it changed sides of the date line, and a clock that moves by half an hour.
  assert.equal(clock("2011-12-30 12:00", "Pacific/Apia"), "skipped");
  assert.equal(clock("2025-10-05 02:10", "Australia/Lord_Howe"), "skipped");
  for (const text of ["2026-03-29T02:30:00Z", "2026-03-29T02:30:00+01:00", "1774751400", "never", ""]) {
    assert.equal(clock(text), undefined, text);
  }
  assert.equal(clock("2026-03-29 02:30", "UTC"), undefined);
});

Deno.test("a skipped time is moved on by the gap, a repeated one means the earlier", () => {
  const { parse } = timestampParser({ zone: "Europe/Berlin" });
  assert.equal(parse("2026-03-29 02:30"), Date.parse("2026-03-29T03:30:00+02:00"));
  assert.equal(parse("2026-10-25 02:30"), Date.parse("2026-10-25T02:30:00+02:00"));
});

Deno.test("the very moment at which a clock changes says nothing of the time before it", () => {
  for (const moment of ["2025-03-30 02:00", "2025-03-30 03:00", "2025-10-26 02:00", "2025-10-26 03:00"]) {
    const { parse } = timestampParser({ zone: "Europe/Berlin" });
    parse(moment);
    assert.equal(parse("2025-01-15 12:00"), Date.parse("2025-01-15T12:00:00+01:00"), moment);
    assert.equal(parse("2025-07-15 12:00"), Date.parse("2025-07-15T12:00:00+02:00"), moment);
    assert.equal(parse("2025-12-15 12:00"), Date.parse("2025-12-15T12:00:00+01:00"), moment);
  }
});

Deno.test("an unknown zone is a failure of kind config", () => {
  assert.throws(() => timestampParser({ zone: "Europe/Zürich" }), {
    kind: "config",
    message: 'Time zone "Europe/Zürich" is not known',
  });
});

Deno.test("fillTimes takes the first column that parses", () => {
  const reader = new CsvReader();
  reader.push(utf8('seen,born\n,2026-03-01\n2026-03-02,2026-03-01\nnever,x\n"\t2026-03-01 "\n'));
  const [chunk] = reader.finish();
  assert.ok(chunk);
  fillTimes(chunk.batch, ["seen", "born"], timestampParser());
  assert.deepEqual([...chunk.batch.times], [DAY, DAY + 86_400_000, NaN, DAY]);
  assert.throws(() => fillTimes(chunk.batch, ["seen", "gone"], timestampParser()), { kind: "config" });
});

Deno.test("fillTimes reads every row of a batch as parse does", () => {
  const texts = [...READ.map(([, text]) => text), ...UNREAD.map(([, text]) => text)].filter((text) => text !== "");
  const bytes = utf8("at\n" + texts.map((text) => `"${text}"\n`).join(""));
  assert.equal(readAll(bytes).lines.length, texts.length);
  for (const format of ["auto", "iso8601", "rfc2822", "date", "mdy", "dmy", "unix", "unix-ms"] as const) {
    const parser = timestampParser({ format, zone: "Europe/Zurich" });
    const reader = new CsvReader();
    reader.push(bytes);
    for (const { batch } of reader.finish()) {
      fillTimes(batch, ["at"], parser);
      assert.deepEqual([...batch.times], texts.map((text) => parser.parse(text) ?? NaN));
    }
  }
});

Deno.test("slash dates are told apart where that is possible", () => {
  assert.equal(ambiguousDates(["2026-03-01", "x", ""]), "none");
  assert.equal(ambiguousDates(["01/02/2026", " 3/4/2026 10:00"]), "ambiguous");
  assert.equal(ambiguousDates(["01/02/2026", "13/02/2026"]), "dmy");
  assert.equal(ambiguousDates(["01/02/2026", "02/13/2026"]), "mdy");
  assert.equal(ambiguousDates(["13/02/2026", "02/13/2026"]), "mixed");
});
