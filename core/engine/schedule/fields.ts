/**
 * The configuration that the engine adds to jobs that may run by themselves: when, and what else is expected of them.
 *
 * @module
 */
import { z } from "zod";
import type { ConfigSchema, FieldMeta } from "../../contracts/config.ts";
import type { JobDefinition, ScheduleKind } from "../../contracts/job.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { cronProblem } from "./cron.ts";
import { isTimeZone } from "./civil.ts";

/** Frequencies with a name; any other is a cron expression. */
export const FREQUENCIES = ["15min", "30min", "hourly", "6h", "daily", "weekly", "monthly", "on-arrival"] as const;

/** The frequency of jobs that run whenever a file has come into the managed account that they read, and once a day. */
export const ON_ARRIVAL = "on-arrival" satisfies typeof FREQUENCIES[number];

/** A frequency with a name. */
export type NamedFrequency = typeof FREQUENCIES[number];

/** Whether a frequency has a name. */
export function isNamed(frequency: string): frequency is NamedFrequency {
  return FREQUENCIES.some((name) => name === frequency);
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const TIME_FORM = 'must be a time of day from "00:00" to "23:59"';

/** A frequency: one of the names, which `list` shows to people, or a cron expression. */
function frequencyOf(names: readonly string[], list: string) {
  return z.string().superRefine((value, context) => {
    if (names.includes(value)) return;
    const problem = cronProblem(value);
    if (problem !== undefined) {
      context.addIssue(`must be one of ${names.join(", ")}, or a cron expression of five fields; ${problem}`);
    }
  }).default("daily").meta(
    {
      title: "Frequency",
      help: `How often to run: ${list}, or a cron expression of five fields in the job's timezone.`,
      placeholder: "0 6 * * MON-FRI",
    } satisfies FieldMeta,
  );
}

const everyJob = {
  keep_updated: z.boolean().default(false).meta(
    { title: "Keep updated", help: "Run again and again, as the frequency says." } satisfies FieldMeta,
  ),
  time_of_day: z.string().regex(TIME, TIME_FORM).default("00:00").meta(
    {
      title: "Time of day",
      help: "When to start each day (HH:mm). Where it is given, a new job waits for it instead of running at once.",
      placeholder: "06:30",
    } satisfies FieldMeta,
  ),
  timezone: z.string().refine(isTimeZone, "must be the name of a time zone, such as Europe/Berlin").default("UTC").meta(
    {
      title: "Timezone",
      help: "Time zone of the frequency and of both times of day, by its IANA name.",
      placeholder: "Europe/Berlin",
    } satisfies FieldMeta,
  ),
  expect_by: z.string().regex(TIME, TIME_FORM).optional().meta(
    {
      title: "Expect by",
      help: "Tell, once a day, when nothing new has come by this time of day (HH:mm).",
      placeholder: "06:00",
      advanced: true,
    } satisfies FieldMeta,
  ),
  max_failures: z.int().min(0).max(1000).default(3).meta(
    {
      title: "Max failures",
      help: "Failed runs in a row after which the job pauses; 0 = never.",
      advanced: true,
    } satisfies FieldMeta,
  ),
};

const { keep_updated, ...others } = everyJob;
const frequency = frequencyOf(
  FREQUENCIES,
  `${FREQUENCIES.join(", ")} (with a managed account, whenever a file has come)`,
);

const everyExport = {
  continuous: z.boolean().default(false).meta(
    { title: "Continuous export", help: "Export again and again, as the frequency says." } satisfies FieldMeta,
  ),
  time_of_day: everyJob.time_of_day,
  timezone: everyJob.timezone.meta(
    {
      title: "Timezone",
      help: "Time zone of the frequency, of the time of day and of timestamps in names of files, by its IANA name.",
      placeholder: "Europe/Berlin",
    } satisfies FieldMeta,
  ),
  max_failures: everyJob.max_failures,
};

const { continuous, ...otherExports } = everyExport;
/** Nothing comes in that an export could wait for. */
const EXPORT_FREQUENCIES = FREQUENCIES.filter((name) => name !== ON_ARRIVAL);
const exportFrequency = frequencyOf(EXPORT_FREQUENCIES, EXPORT_FREQUENCIES.join(", "));

type Fields = Readonly<Record<string, z.ZodType>>;

/** The fields of each direction and kind, in the order in which they are shown. */
const FIELDS: Readonly<Record<JobDefinition["direction"], Readonly<Record<ScheduleKind, Fields>>>> = {
  import: { none: {}, daily: everyJob, optional: { keep_updated, frequency, ...others } },
  export: { none: {}, daily: everyExport, optional: { continuous, frequency: exportFrequency, ...otherExports } },
};

/** The key that says whether a job is kept updated: an export is `continuous`. */
const KEPT = { import: "keep_updated", export: "continuous" } as const;

/** What is asked of a job type here. */
type Scheduled = Pick<JobDefinition, "schedule" | "direction">;

/** Every key that the engine may add to a job of this direction. */
export function scheduleKeys(direction: JobDefinition["direction"]): readonly string[] {
  return Object.keys(FIELDS[direction].optional);
}

const schemas = new WeakMap<JobDefinition, ConfigSchema>();

/** All that a job of this type is configured with: its plugin's fields and the engine's. */
export function jobSchema(job: JobDefinition): ConfigSchema {
  const { schedule = "none" } = job;
  if (schedule === "none") return job.config;
  const known = schemas.get(job);
  if (known !== undefined) return known;
  const schema = job.config.safeExtend(FIELDS[job.direction][schedule]).superRefine((config, context) => {
    const frequency: unknown = Reflect.get(config, "frequency");
    if (typeof frequency !== "string" || isNamed(frequency) || Reflect.get(config, "time_of_day") === "00:00") return;
    context.addIssue({
      code: "custom",
      path: ["time_of_day"],
      message: "cannot be given beside a cron expression, which says when by itself",
    });
  });
  schemas.set(job, schema);
  return schema;
}

/** A configuration of the job's without what the engine keeps to itself. */
export function pluginConfig(
  { schedule = "none", direction }: Scheduled,
  config: { readonly [key: string]: JsonValue },
): { readonly [key: string]: JsonValue } {
  if (schedule === "none") return config;
  const keys = scheduleKeys(direction);
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}

/** The time zone of a configuration, as it is stored. */
export function timeZoneOf(
  { schedule = "none" }: Pick<JobDefinition, "schedule">,
  config: { readonly [key: string]: JsonValue },
): string {
  return schedule !== "none" && typeof config["timezone"] === "string" ? config["timezone"] : "UTC";
}

/** Whether a configuration, read or parsed, is one of a continuous job. */
export function isContinuous(
  { schedule = "none", direction }: Scheduled,
  config: Readonly<Record<string, unknown>>,
): boolean {
  return schedule !== "none" && config[KEPT[direction]] === true;
}
