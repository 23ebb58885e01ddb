/**
 * When a job runs by itself: the times of its schedule, one after another.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";
import { dateAt, instantOf, isLived, spanOf } from "./civil.ts";
import { nextCron } from "./cron.ts";
import { isNamed, type NamedFrequency } from "./fields.ts";

/** When a continuous job runs, and what is expected of it. */
export interface Schedule {
  /** A frequency with a name, or a cron expression. */
  readonly frequency: string;
  readonly time: Temporal.PlainTime;
  /** IANA name. */
  readonly zone: string;
  /** Whether somebody chose when it runs: a new job then waits for it. */
  readonly timed: boolean;
  /** When something new should have come each day. */
  readonly expectBy: Temporal.PlainTime | undefined;
  /** Failed runs in a row that pause the job; 0 = never. */
  readonly maxFailures: number;
  /** When the job was made: its day of the week, and of the month, are those of weekly and monthly runs. */
  readonly anchor: number;
}

/** The schedule of a stored configuration, which was checked when it was saved; undefined where it is not to be kept. */
export function readSchedule(config: { readonly [key: string]: JsonValue }, anchor: number): Schedule | undefined {
  if (config.keep_updated !== true && config.continuous !== true) return undefined;
  const text = (key: string, standing: string) => {
    const value = config[key];
    return typeof value === "string" ? value : standing;
  };
  const frequency = text("frequency", "daily");
  return {
    frequency,
    time: Temporal.PlainTime.from(text("time_of_day", "00:00")),
    zone: text("timezone", "UTC"),
    timed: typeof config.time_of_day === "string" || !isNamed(frequency),
    expectBy: typeof config.expect_by === "string" ? Temporal.PlainTime.from(config.expect_by) : undefined,
    maxFailures: typeof config.max_failures === "number" ? config.max_failures : 3,
    anchor,
  };
}

/** The first time of a schedule after an instant; undefined where none comes any more. */
export function nextRun(schedule: Schedule, after: number): number | undefined {
  const { frequency, zone } = schedule;
  return isNamed(frequency) ? nextNamed(schedule, frequency, after) : nextCron(frequency, zone, after);
}

/** The first times of a schedule after an instant, `count` at most. */
export function nextRuns(schedule: Schedule, after: number, count: number): number[] {
  const found: number[] = [];
  for (let next = nextRun(schedule, after); next !== undefined && found.length < count;) {
    found.push(next);
    next = nextRun(schedule, next);
  }
  return found;
}

/** The first instant after another at which it is this time of day; once on each day that is lived. */
export function nextDaily(time: Temporal.PlainTime, zone: string, after: number): number {
  return firstAfter(after, zone, (date) => isLived(date, zone) ? [instantOf(date, time, zone)] : []);
}

/** The last instant before another at which it was this time of day. */
export function previousDaily(time: Temporal.PlainTime, zone: string, before: number): number {
  for (let date = dateAt(before, zone);; date = date.subtract({ days: 1 })) {
    const instant = instantOf(date, time, zone);
    if (instant < before && isLived(date, zone)) return instant;
  }
}

/** Minutes between two runs, of the frequencies that are finer than a day's parts. */
const STEPS = { "15min": 15, "30min": 30, hourly: 60 } as const;

function nextNamed(schedule: Schedule, frequency: NamedFrequency, after: number): number {
  const { time, zone, anchor } = schedule;
  const at = (date: Temporal.PlainDate) => [instantOf(date, time, zone)];
  switch (frequency) {
    case "15min":
    case "30min":
    case "hourly":
      return firstAfter(after, zone, (date) => steps(date, time, STEPS[frequency], zone));
    case "6h":
      return firstAfter(
        after,
        zone,
        (date) => isLived(date, zone) ? quarters(time).map((time) => instantOf(date, time, zone)) : [],
      );
    // What comes makes it due before that.
    case "on-arrival":
    case "daily":
      return nextDaily(time, zone, after);
    case "weekly": {
      const { dayOfWeek } = dateAt(anchor, zone);
      return firstAfter(after, zone, (date) => date.dayOfWeek === dayOfWeek ? at(date) : []);
    }
    case "monthly": {
      const { day } = dateAt(anchor, zone);
      return firstAfter(after, zone, (date) => date.day === Math.min(day, date.daysInMonth) ? at(date) : []);
    }
  }
}

/** Times of a date that are so many minutes apart by any clock: they begin with the day, and again with the next. */
function steps(date: Temporal.PlainDate, time: Temporal.PlainTime, minutes: number, zone: string): number[] {
  const { from, until } = spanOf(date, zone);
  const found: number[] = [];
  const first = (time.hour * 60 + time.minute) % minutes;
  for (let at = from + first * 60_000; at < until; at += minutes * 60_000) found.push(at);
  return found;
}

/** A time of day and the three that are six hours apart, in the order of the day. */
function quarters(time: Temporal.PlainTime): Temporal.PlainTime[] {
  return [0, 6, 12, 18].map((hours) => time.with({ hour: (time.hour + hours) % 24 }))
    .sort(Temporal.PlainTime.compare);
}

/** The first instant after another that a date of the zone has, looking at one date after the other. */
function firstAfter(after: number, zone: string, of: (date: Temporal.PlainDate) => readonly number[]): number {
  // A day before: a time that a clock change moved is on the list of the date that it was meant for.
  for (let date = dateAt(after, zone).subtract({ days: 1 });; date = date.add({ days: 1 })) {
    const found = of(date).find((instant) => instant > after);
    if (found !== undefined) return found;
  }
}
