/**
 * Functions of times, all in UTC.
 *
 * @module
 */
import type { Compute } from "../scope.ts";
import { decimalOf, momentOf, newMap, toText, toTime, type Value } from "../values.ts";
import { argument, type BoundCall, type FunctionDeclaration, parameter } from "./declaration.ts";
import { timeFormatter } from "./time_format.ts";

const X = parameter("x", "time", { count: "optional" });
const withoutArguments = ({ args }: BoundCall) => args.length === 0;

/** Builds a function of a time; without an argument, of now. */
function ofTime(compute: (date: Date) => Value): (call: BoundCall) => Compute {
  return (call) => {
    const { args: [x] } = call;
    return (scope) => {
      const ms = x === undefined ? scope.at : toTime(x(scope));
      return ms === undefined ? undefined : compute(new Date(ms));
    };
  };
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

const CLOCK = /^M?(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?$/;

/** `M10:30`, `10:30`, `1:10:30`, a number, or a time. */
function secondsOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  const text = toText(value)?.trim();
  if (text === undefined) return undefined;
  const clock = CLOCK.exec(text);
  if (clock !== null) {
    const [first, second, third] = clock.slice(1).map((part) => part === undefined ? undefined : Number(part));
    const whole = 60 * (first ?? 0) + (second ?? 0);
    return third === undefined ? whole : 60 * whole + third;
  }
  const number = decimalOf(text.replace(/^M/, ""));
  if (number !== undefined && Math.abs(number) < 1e8) return number;
  const ms = toTime(value);
  return ms === undefined ? number : Math.floor(ms / 1_000);
}

function mapOfTime(key: Compute, time: Compute | undefined): Compute {
  return (scope) => {
    const text = toText(key(scope));
    const ms = time === undefined ? scope.at : toTime(time(scope));
    const moment = text === undefined || ms === undefined ? undefined : momentOf(ms);
    if (text === undefined || moment === undefined) return undefined;
    const map = newMap<Value>();
    map[text] = moment;
    return map;
  };
}

/** The declarations. */
export const TIME_FUNCTIONS: readonly FunctionDeclaration[] = [
  {
    name: "now",
    parameters: [],
    result: "time",
    help: "In a mapping the event's time, so that a replay gives the same; in a filter the time of asking.",
    examples: [["now()", "2014-04-07T16:58:55.000Z"]],
    readsNow: () => true,
    build: () => (scope) => momentOf(scope.at),
  },
  {
    name: "epochms",
    parameters: [X],
    result: "int",
    help: "Milliseconds since 1970 of a time, or of now.",
    examples: [["epochms()", 1396889935000], ['epochms("1970-01-02")', 86_400_000]],
    readsNow: withoutArguments,
    build: ofTime((date) => date.getTime()),
  },
  {
    name: "year",
    parameters: [X],
    result: "int",
    help: "The year of a time, or of now.",
    examples: [['year("2015-07-04")', 2015], ["year()", 2014]],
    readsNow: withoutArguments,
    build: ofTime((date) => date.getUTCFullYear()),
  },
  {
    name: "month",
    parameters: [X],
    result: "int",
    help: "The month, 1 to 12.",
    examples: [['month("2015-07-04")', 7]],
    readsNow: withoutArguments,
    build: ofTime((date) => date.getUTCMonth() + 1),
  },
  {
    name: "dayofmonth",
    parameters: [X],
    result: "int",
    help: "The day of the month, 1 to 31.",
    examples: [['dayofmonth("2015-07-04")', 4]],
    readsNow: withoutArguments,
    build: ofTime((date) => date.getUTCDate()),
  },
  {
    name: "dayofweek",
    parameters: [X],
    result: "int",
    help: "The day of the week, 0 (Sunday) to 6.",
    examples: [['dayofweek("2026-03-01")', 0], ["dayofweek()", 1]],
    readsNow: withoutArguments,
    build: ofTime((date) => date.getUTCDay()),
  },
  {
    name: "hourofday",
    parameters: [X],
    result: "int",
    help: "The hour, 0 to 23.",
    examples: [["hourofday()", 16], ['hourofday("2026-03-01T23:59+01:00")', 22]],
    readsNow: withoutArguments,
    build: ofTime((date) => date.getUTCHours()),
  },
  {
    name: "yymm",
    parameters: [X],
    result: "text",
    help: "Year and month in four digits.",
    examples: [['yymm("2014-10-13")', "1410"], ["yymm()", "1404"]],
    readsNow: withoutArguments,
    build: ofTime((date) => two(date.getUTCFullYear() % 100) + two(date.getUTCMonth() + 1)),
  },
  {
    name: "extract",
    parameters: [parameter("x", "time"), parameter("format", "text", { constant: true })],
    result: "text",
    help: "A time in a format of %Y %y %m %d %e %j %H %I %M %S %L %p %A %a %B %b %u %w %s %F %T %%.",
    examples: [
      ['extract("2014-10-13", "%B")', "October"],
      ['extract("1257894000", "%B - %d")', "November - 10"],
      ['extract("2026-03-01T09:05:07Z", "%Y-%m %I:%M %p %j")', "2026-03 09:05 AM 060"],
    ],
    build: (call) => {
      const x = argument(call, 0);
      const written = timeFormatter(String(call.constant(1)), (what, hint) => call.fault(1, what, hint));
      return (scope) => {
        const ms = toTime(x(scope));
        return ms === undefined ? undefined : written(new Date(ms));
      };
    },
  },
  {
    name: "seconds",
    parameters: [parameter("x", "any")],
    result: "number",
    help: "Seconds of a duration written `M10:30`, `10:30` or `1:10:30`, of a number, or of a time since 1970.",
    examples: [
      ['seconds("M10:30")', 630],
      ['seconds("1:00:01")', 3601],
      ['seconds("30")', 30],
      ['seconds("2015-07-04")', 1435968000],
      ['seconds("soon")', undefined],
    ],
    build: (call) => {
      const x = argument(call, 0);
      return (scope) => secondsOf(x(scope));
    },
  },
  {
    name: "maptime",
    parameters: [parameter("key", "text"), parameter("time", "time", { count: "optional" })],
    result: "map",
    kind: "MAP[STRING]TIME",
    help: "A map of one key to a time, or to now.",
    examples: [["maptime(event)", { hello: "2014-04-07T16:58:55.000Z" }], ["maptime(missing)", undefined]],
    readsNow: ({ args }) => args.length === 1,
    build: (call) => mapOfTime(argument(call, 0), call.args[1]),
  },
  {
    name: "mapt",
    parameters: [parameter("key", "text"), parameter("time", "time")],
    result: "map",
    kind: "MAP[STRING]TIME",
    help: "A map of one key to a time.",
    examples: [['mapt(event, "2026-03-01")', { hello: "2026-03-01T00:00:00.000Z" }], [
      "mapt(event, missing)",
      undefined,
    ]],
    build: (call) => mapOfTime(argument(call, 0), argument(call, 1)),
  },
];
