import assert from "node:assert/strict";
import fc from "fast-check";
import { nextDaily, nextRun, nextRuns, previousDaily, readSchedule, type Schedule } from "./schedule.ts";

const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds;

function schedule(zone: string, config: Record<string, string>, anchor = at("2020-01-31T12:00:00Z")): Schedule {
  const read = readSchedule({ keep_updated: true, timezone: zone, ...config }, anchor);
  assert.ok(read);
  return read;
}

/** The first times after an instant, as civil times of the zone. */
function civil(made: Schedule, after: string, count: number): string[] {
  return nextRuns(made, at(after), count).map((instant) => civilAt(instant, made.zone));
}

function civilAt(instant: number, zone: string): string {
  const time = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
  return `${time.toPlainDateTime().toString({ smallestUnit: "minute" })}${time.offset}`;
}

/** Ten years each; Cairo and São Paulo skip midnights, Samoa a day, Nuuk the last hour of one. */
const DECADES: readonly (readonly [zone: string, from: string])[] = [
  ["Europe/Berlin", "2026-01-01"],
  ["America/New_York", "2026-01-01"],
  ["Australia/Lord_Howe", "2026-01-01"],
  ["Asia/Kathmandu", "2026-01-01"],
  ["Africa/Cairo", "2008-01-01"],
  ["Africa/Cairo", "2023-01-01"],
  ["America/Sao_Paulo", "2010-01-01"],
  ["Pacific/Apia", "2006-01-01"],
  ["America/Nuuk", "2024-01-01"],
];

for (const [zone, from] of DECADES) {
  Deno.test(`a daily schedule fires once on every local day of ten years: ${zone} from ${from}`, () => {
    const first = Temporal.PlainDate.from(from);
    for (const time of ["00:00", "02:15", "02:30", "23:30"]) {
      const made = schedule(zone, { frequency: "daily", time_of_day: time });
      let before = first.toZonedDateTime(zone).epochMilliseconds - 1;
      let moved = 0;
      for (let date = first; date.year < first.year + 10; date = date.add({ days: 1 })) {
        // Samoa went to bed on the 29th of December 2011 and rose on the 31st.
        if (zone === "Pacific/Apia" && date.toString() === "2011-12-30") continue;
        const next = nextRun(made, before);
        assert.ok(next !== undefined && next > before);
        const local = Temporal.Instant.fromEpochMilliseconds(next).toZonedDateTimeISO(zone);
        assert.equal(local.toPlainDate().toString(), date.toString(), `${zone} ${time}`);
        if (local.toPlainTime().toString({ smallestUnit: "minute" }) !== time) moved++;
        before = next;
      }
      assert(moved <= 11, `${zone} ${time}: moved on ${moved} days`);
    }
  });
}

Deno.test("a daily schedule fires at the shifted time on the day a clock skips it", () => {
  const berlin = schedule("Europe/Berlin", { time_of_day: "02:30" });
  assert.deepEqual(civil(berlin, "2026-03-27T12:00:00Z", 3), [
    "2026-03-28T02:30+01:00",
    "2026-03-29T03:30+02:00",
    "2026-03-30T02:30+02:00",
  ]);
  const cairo = schedule("Africa/Cairo", { time_of_day: "00:00" });
  assert.deepEqual(civil(cairo, "2026-04-23T12:00:00Z", 2), ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"]);
  const lordHowe = schedule("Australia/Lord_Howe", { time_of_day: "02:15" });
  assert.deepEqual(civil(lordHowe, "2026-10-03T12:00:00Z", 1), ["2026-10-04T02:45+11:00"]);
});

Deno.test("a daily time that a clock change moves past midnight fires before it, so that its day has one", () => {
  const nuuk = schedule("America/Nuuk", { time_of_day: "23:30" });
  assert.deepEqual(civil(nuuk, "2026-03-28T12:00:00Z", 2), ["2026-03-28T22:30-02:00", "2026-03-29T23:30-01:00"]);
});

Deno.test("a daily schedule fires once on the day a clock falls back", () => {
  const newYork = schedule("America/New_York", { time_of_day: "01:30" });
  assert.deepEqual(civil(newYork, "2026-10-31T12:00:00Z", 2), ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]);
});

Deno.test("a day that a zone left out has no run", () => {
  const apia = schedule("Pacific/Apia", { time_of_day: "09:00" });
  assert.deepEqual(civil(apia, "2011-12-29T18:00:00Z", 3), [
    "2011-12-29T09:00-10:00",
    "2011-12-31T09:00+14:00",
    "2012-01-01T09:00+14:00",
  ]);
});

Deno.test("weekly runs keep the day of the week of the job's making, by the clock of its zone", () => {
  // Saturday in Auckland, still Friday in UTC.
  const made = schedule("Pacific/Auckland", { frequency: "weekly", time_of_day: "06:00" }, at("2026-01-30T12:00:00Z"));
  assert.deepEqual(civil(made, "2026-02-01T00:00:00Z", 2), ["2026-02-07T06:00+13:00", "2026-02-14T06:00+13:00"]);
  const apia = schedule("Pacific/Apia", { frequency: "weekly" }, at("2011-12-02T20:00:00Z"));
  assert.deepEqual(civil(apia, "2011-12-26T00:00:00Z", 2), ["2011-12-31T00:00+14:00", "2012-01-06T00:00+14:00"]);
});

Deno.test("monthly runs are on the day of the month of the job's making, or on the last of a shorter month", () => {
  const made = schedule("UTC", { frequency: "monthly", time_of_day: "03:00" });
  assert.deepEqual(civil(made, "2027-12-31T12:00:00Z", 4), [
    "2028-01-31T03:00+00:00",
    "2028-02-29T03:00+00:00",
    "2028-03-31T03:00+00:00",
    "2028-04-30T03:00+00:00",
  ]);
});

Deno.test("steps of minutes begin with each day, and stay even over a clock change", () => {
  const berlin = schedule("Europe/Berlin", { frequency: "30min" });
  assert.deepEqual(civil(berlin, "2026-10-25T00:10:00Z", 4), [
    "2026-10-25T02:30+02:00",
    "2026-10-25T02:00+01:00",
    "2026-10-25T02:30+01:00",
    "2026-10-25T03:00+01:00",
  ]);
  const lordHowe = schedule("Australia/Lord_Howe", { frequency: "hourly" });
  assert.deepEqual(civil(lordHowe, "2026-10-03T14:30:00Z", 3), [
    "2026-10-04T02:30+11:00",
    "2026-10-04T03:30+11:00",
    "2026-10-04T04:30+11:00",
  ]);
  assert.deepEqual(civil(lordHowe, "2026-10-04T11:40:00Z", 3), [
    "2026-10-04T23:30+11:00",
    "2026-10-05T00:00+11:00",
    "2026-10-05T01:00+11:00",
  ]);
  const quarter = schedule("Asia/Kathmandu", { frequency: "15min", time_of_day: "00:05" });
  assert.deepEqual(civil(quarter, "2026-01-01T00:00:00Z", 2), ["2026-01-01T05:50+05:45", "2026-01-01T06:05+05:45"]);
});

Deno.test("every six hours means four times of day, around the one that is given", () => {
  const berlin = schedule("Europe/Berlin", { frequency: "6h", time_of_day: "08:15" });
  assert.deepEqual(civil(berlin, "2026-03-28T21:00:00Z", 5), [
    "2026-03-29T03:15+02:00",
    "2026-03-29T08:15+02:00",
    "2026-03-29T14:15+02:00",
    "2026-03-29T20:15+02:00",
    "2026-03-30T02:15+02:00",
  ]);
});

Deno.test("a cron expression means civil times: skipped ones are shifted, repeated ones fire once", () => {
  const spring = schedule("Europe/Berlin", { frequency: "30 2 * * *" });
  assert.deepEqual(civil(spring, "2026-03-28T12:00:00Z", 2), ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]);
  assert.deepEqual(civil(spring, "2026-10-24T12:00:00Z", 2), ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]);
  const weekdays = schedule("America/New_York", { frequency: "0 6 * * MON-FRI" });
  assert.deepEqual(civil(weekdays, "2026-10-30T12:00:00Z", 2), ["2026-11-02T06:00-05:00", "2026-11-03T06:00-05:00"]);
  const leap = schedule("Europe/Berlin", { frequency: "0 0 29 2 *" });
  assert.deepEqual(civil(leap, "2096-03-01T00:00:00Z", 1), ["2104-02-29T00:00+01:00"]);
});

Deno.test("a cron expression of every hour keeps even steps: nothing is shifted, what comes twice fires twice", () => {
  const berlin = schedule("Europe/Berlin", { frequency: "*/30 * * * *" });
  assert.deepEqual(civil(berlin, "2026-10-25T00:10:00Z", 4), [
    "2026-10-25T02:30+02:00",
    "2026-10-25T02:00+01:00",
    "2026-10-25T02:30+01:00",
    "2026-10-25T03:00+01:00",
  ]);
  assert.deepEqual(civil(berlin, "2026-03-29T00:40:00Z", 2), ["2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"]);
});

Deno.test("property: the times of a schedule only ever rise, and none lies between an instant and its next", () => {
  const zones = ["UTC", "Europe/Berlin", "America/Nuuk", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"];
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom("15min", "30min", "hourly", "6h", "daily", "weekly", "monthly", "30 2 * * *", "*/20 * * * *"),
      fc.nat(24 * 60 - 1),
      fc.integer({ min: at("2000-01-01T00:00:00Z"), max: at("2060-01-01T00:00:00Z") }),
      fc.option(fc.integer({ min: -100, max: 100 })),
      fc.integer({ min: 0, max: 86_400_000 }),
      (zone, frequency, minute, instant, quarters, earlier) => {
        // Anywhere, or some quarters of an hour from a change of the zone's clock.
        const change = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone)
          .getTimeZoneTransition("next");
        const after = quarters === null || change === null ? instant : change.epochMilliseconds + quarters * 900_000;
        const time = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
        const made = schedule(zone, { frequency, ...(frequency.includes("*") ? {} : { time_of_day: time }) });
        const next = nextRun(made, after);
        assert.ok(next !== undefined && next > after);
        assert.equal(nextRun(made, next - 1), next);
        // Going on from an instant before leads to the same one.
        let from = nextRun(made, after - earlier);
        while (from !== undefined && from <= after) from = nextRun(made, from);
        assert.equal(from, next);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("the time of day before an instant is a day before the one after it", () => {
  const six = Temporal.PlainTime.from("06:00");
  const by = nextDaily(six, "Europe/Berlin", at("2026-03-29T00:30:00Z"));
  assert.equal(civilAt(by, "Europe/Berlin"), "2026-03-29T06:00+02:00");
  assert.equal(civilAt(previousDaily(six, "Europe/Berlin", by), "Europe/Berlin"), "2026-03-28T06:00+01:00");
});

Deno.test("a job that is not kept updated has no schedule", () => {
  assert.equal(readSchedule({ frequency: "daily" }, 0), undefined);
});
