/**
 * What an exported file is called.
 *
 * @module
 */
import type { FieldMeta } from "@waybill/waybill";
import { z } from "zod";
import type { Compression } from "./fields.ts";

/** Forms of the timestamp in a name. */
export const STAMPS = [
  "none",
  "YYYYMMDD",
  "YYYYMMDDHHmm",
  "YYYYMMDDHHmmss",
  "YYYY-MM-DD",
  "YYYY-MM-DDTHH-mm-ssZ",
  "MMDDYYYY",
  "unix",
] as const;

/** A form of the timestamp in a name. */
export type Stamp = typeof STAMPS[number];

/** The field `timestamp_format`. */
export const timestampFormat: z.ZodDefault<z.ZodEnum<{ [Key in Stamp]: Key }>> = z.enum(STAMPS).default("none").meta(
  {
    title: "Timestamp format",
    help:
      "Timestamp at the end of the file's name, in the job's timezone; `unix` is seconds since 1970, and the form " +
      "with a Z is in UTC. With `none` every run replaces the file of the one before.",
  } satisfies FieldMeta,
);

/** What a name is made of. */
export interface NameParts {
  /** The audience's slug. */
  readonly slug: string;
  readonly stamp: Stamp;
  /** When the run started, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly compress: Compression;
  readonly encrypted: boolean;
}

const SUFFIX: Readonly<Record<Compression, string>> = { none: "", gzip: ".gz", zip: ".zip" };

/** A name, which grows with `count` where the first ones are taken: `-2`, `-3`, … */
export function fileName(parts: NameParts, count = 1): string {
  return csvName(parts, count) + SUFFIX[parts.compress] + (parts.encrypted ? ".pgp" : "");
}

/** The name of the CSV file itself, before it is compressed and encrypted. */
export function csvName({ slug, stamp, startedAt, timeZone }: NameParts, count = 1): string {
  const time = stampOf(stamp, startedAt, timeZone);
  return `${slug}${time === "" ? "" : `_${time}`}${count > 1 ? `-${count}` : ""}.csv`;
}

function stampOf(stamp: Stamp, startedAt: number, timeZone: string): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(startedAt);
  const { year, month, day, hour, minute, second } = instant.toZonedDateTimeISO(timeZone);
  const two = (number: number) => String(number).padStart(2, "0");
  const [YYYY, MM, DD] = [String(year).padStart(4, "0"), two(month), two(day)];
  switch (stamp) {
    case "none":
      return "";
    case "YYYYMMDD":
      return YYYY + MM + DD;
    case "YYYYMMDDHHmm":
      return YYYY + MM + DD + two(hour) + two(minute);
    case "YYYYMMDDHHmmss":
      return YYYY + MM + DD + two(hour) + two(minute) + two(second);
    case "YYYY-MM-DD":
      return `${YYYY}-${MM}-${DD}`;
    case "YYYY-MM-DDTHH-mm-ssZ":
      return instant.toString({ fractionalSecondDigits: 0 }).replaceAll(":", "-");
    case "MMDDYYYY":
      return MM + DD + YYYY;
    case "unix":
      return String(Math.floor(startedAt / 1000));
  }
}
