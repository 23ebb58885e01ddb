/**
 * Functions that make a value of another kind.
 *
 * @module
 */
import {
  TIMESTAMP_FORMATS,
  type TimestampFormat,
  type TimestampParser,
  timestampParser,
} from "../../codecs/timestamps.ts";
import { dateMath } from "../date_math.ts";
import type { Compute } from "../scope.ts";
import { momentOf, toBoolean, toInteger, toNumber, toText, toTime, type Value } from "../values.ts";
import { argument, type BoundCall, type FunctionDeclaration, parameter } from "./declaration.ts";

const X = parameter("x", "any");

/** Layouts that mappings written for other systems give as `todate`'s first argument, and the form each means. */
const LAYOUTS: Readonly<Record<string, TimestampFormat>> = {
  "01/02/2006": "mdy",
  "01/02/2006 15:04:05": "mdy",
  "02/01/2006": "dmy",
  "02/01/2006 15:04:05": "dmy",
  "2006-01-02": "date",
  "2006-01-02 15:04:05": "date",
  "2006-01-02T15:04:05Z07:00": "iso8601",
};

function ofValue(compute: (value: Value) => Value): (call: BoundCall) => Compute {
  return (call) => {
    const x = argument(call, 0);
    return (scope) => compute(x(scope));
  };
}

function timeOf(value: Value): Value {
  const ms = toTime(value);
  return ms === undefined ? undefined : momentOf(ms);
}

function parsed(x: Compute, { parse }: TimestampParser): Compute {
  return (scope) => {
    const text = toText(x(scope));
    const ms = text === undefined ? undefined : parse(text);
    return ms === undefined ? undefined : momentOf(ms);
  };
}

function formatNamed(call: BoundCall, index: number): TimestampFormat {
  const name = String(call.constant(index));
  const known = Object.hasOwn(LAYOUTS, name) ? LAYOUTS[name] : undefined;
  if (known !== undefined) return known;
  if (isFormat(name)) return name;
  throw call.fault(index, `"${name}" is no form of times`, `Use ${Object.keys(TIMESTAMP_FORMATS).join(", ")}`);
}

function isFormat(name: string): name is TimestampFormat {
  return Object.hasOwn(TIMESTAMP_FORMATS, name);
}

/** The declarations. */
export const CAST_FUNCTIONS: readonly FunctionDeclaration[] = [
  {
    name: "toint",
    parameters: [X],
    result: "int",
    help: "A whole number, the fraction cut off; of a time, its milliseconds since 1970.",
    examples: [
      ['toint("5.75")', 5],
      ['toint("$5,555.00")', 5555],
      ['toint("€ 5,555.00")', 5555],
      ['toint("hello")', undefined],
      ['toint("9007199254740993")', undefined],
    ],
    form: "integer",
    build: ofValue(toInteger),
  },
  {
    name: "tonumber",
    parameters: [X],
    result: "number",
    help: "A number; a currency sign before it and commas between groups of three digits do not count.",
    examples: [['tonumber("$ 5.22")', 5.22], ['tonumber("5,555")', 5555], ['tonumber("5,55")', undefined]],
    form: "number",
    build: ofValue(toNumber),
  },
  {
    name: "tobool",
    parameters: [X],
    result: "bool",
    help: "`true` for true t yes y on 1, `false` for false f no n off 0, in any case.",
    examples: [['tobool("Yes")', true], ["tobool(0)", false], ['tobool("maybe")', undefined]],
    build: ofValue(toBoolean),
  },
  {
    name: "todate",
    parameters: [parameter("form", "text", { count: "optional", constant: true }), parameter("x", "time")],
    result: "time",
    help: 'A time, as imports read it; `form` is the name of a timestamp format, `"dmy"` for instance. Date math, too.',
    examples: [
      ['todate("2026-03-01 10:15")', "2026-03-01T10:15:00.000Z"],
      ['todate("1772360107")', "2026-03-01T10:15:07.000Z"],
      ['todate("dmy", "07/04/2014")', "2014-04-07T00:00:00.000Z"],
      ['todate("02/01/2006", "07/04/2014")', "2014-04-07T00:00:00.000Z"],
      ['todate("now-1d")', "2014-04-06T16:58:55.000Z"],
      ['todate("soon")', undefined],
    ],
    form: "time",
    readsNow: (call) => call.args.length === 1 && dateMath(String(call.constant(0))) !== undefined,
    build: (call) => {
      if (call.args.length > 1) return parsed(argument(call, 1), timestampParser({ format: formatNamed(call, 0) }));
      const math = dateMath(String(call.constant(0)));
      if (math !== undefined) return (scope) => momentOf(math(scope.at));
      return ofValue(timeOf)(call);
    },
  },
  {
    name: "todatein",
    parameters: [parameter("x", "time"), parameter("zone", "text", { constant: true })],
    result: "time",
    help: "A time that is in the IANA zone where it names none.",
    examples: [
      ['todatein("2026-07-01 10:15", "Europe/Zurich")', "2026-07-01T08:15:00.000Z"],
      ['todatein("2026-07-01T10:15Z", "Europe/Zurich")', "2026-07-01T10:15:00.000Z"],
    ],
    build: (call) => {
      const zone = String(call.constant(1));
      try {
        return parsed(argument(call, 0), timestampParser({ zone }));
      } catch {
        throw call.fault(1, `"${zone}" is no time zone`, 'Use an IANA name, "Europe/Zurich" for instance');
      }
    },
  },
  {
    name: "string",
    parameters: [X],
    result: "text",
    help: "A text: numbers as short as they are exact, times in ISO 8601.",
    examples: [["string(1.50)", "1.5"], ["string(true)", "true"], [
      'string(todate("2026-03-01"))',
      "2026-03-01T00:00:00.000Z",
    ]],
    build: ofValue(toText),
  },
];
