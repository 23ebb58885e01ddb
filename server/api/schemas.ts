/**
 * What the API answers with, as schemas. Each is checked against the type that it describes.
 *
 * @module
 */
import { z } from "zod";
import type { CheckResult } from "../../core/contracts/auth.ts";
import type { Choice, Plan, Progress } from "../../core/contracts/job.ts";
import type { FailureJson } from "../../core/contracts/failure.ts";
import type { JsonValue } from "../../core/contracts/records.ts";
import type { JobFileView } from "../../core/engine/job_files.ts";
import type {
  JobView,
  ProfileView,
  RejectView,
  RunView,
  StreamFieldView,
  StreamView,
} from "../../core/engine/views.ts";

const time = z.iso.datetime();
const count = z.int().min(0);

/** Any JSON value. Describes answers only: it checks nothing. */
export const jsonValue: z.ZodType<JsonValue> = z.any();

const config = z.record(z.string(), jsonValue).describe("By field name; secrets are left out");

/** One thing that was looked at. */
export const checkResult: z.ZodType<CheckResult> = z.object({
  name: z.string().describe("What was looked at"),
  ok: z.boolean(),
  detail: z.string().describe("What was seen"),
  hint: z.string().exactOptional().describe("What to do about it"),
}).meta({ id: "CheckResult" });

/** A value that a field may take. */
export const choice: z.ZodType<Choice> = z.object({
  value: z.string().describe("As it stands in the config"),
  title: z.string().exactOptional().describe("What it is, where the value does not say it"),
}).meta({ id: "Choice" });

/** What a run would do. */
export const plan: z.ZodType<Plan> = z.object({
  summary: z.string(),
  facts: z.record(z.string(), jsonValue).describe("What was found, by name"),
  sample: z.object({
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string().nullable())),
  }).exactOptional().describe("The first rows as they would be read"),
  notes: z.array(z.string()).describe("What to know before running it"),
}).meta({ id: "Plan" });

/** A configured job. */
export const job: z.ZodType<JobView> = z.object({
  id: z.string(),
  type: z.string(),
  label: z.string(),
  description: z.string(),
  auth_id: z.string().nullable(),
  config,
  status: z.enum(["active", "paused"]),
  paused_reason: z.string().nullable().describe("Why Waybill paused it; null where somebody did"),
  failures: count.describe("Scheduled runs of it that failed in a row"),
  next_runs: z.array(time).readonly().describe("When it runs by itself: the next five times"),
  last_run_id: z.string().nullable(),
  personal: z.boolean().describe("Whether its exports may hold fields that the account calls personal"),
  revision: count.describe("1, and one more with every change of it"),
  created_at: time,
  updated_at: time,
}).meta({ id: "Job" });

/** A file that a job has imported. */
export const jobFile: z.ZodType<JobFileView> = z.object({
  path: z.string().describe("As the job's auth names it"),
  size: count.describe("Bytes"),
  modified: time,
  timestamp: time.nullable().describe("The one in its name"),
  hash: z.string().describe("SHA-256 of its bytes, hex"),
  rows: count.describe("Rows read, the rejected ones included"),
  rejected: count,
  run_id: z.string().describe("The run that imported it last, or found it unchanged"),
  imported_at: time,
}).meta({ id: "JobFile" });

const progress: z.ZodType<Progress> = z.object({
  done: z.number(),
  total: z.number().exactOptional(),
  unit: z.enum(["bytes", "rows"]),
  bytes: z.number().exactOptional().describe("Bytes written so far, where `done` counts rows"),
  share: z.number().exactOptional().describe("How much of the work is done, from 0 to 1, where no `total` tells it"),
  note: z.string().exactOptional().describe("What is being done"),
});

const failure: z.ZodType<FailureJson> = z.object({
  kind: z.enum(["config", "auth", "data", "transient", "cancelled", "bug"]),
  message: z.string(),
  hint: z.string().nullable(),
  code: z.enum(["not_found", "conflict", "unauthenticated", "forbidden", "too_large"]).nullable(),
});

/** How a run stands. */
export const runStatus: z.ZodType<RunView["status"]> = z.enum([
  "queued",
  "running",
  "held",
  "succeeded",
  "failed",
  "cancelled",
]);

/** One execution of a job. */
export const run: z.ZodType<RunView> = z.object({
  id: z.string(),
  status: runStatus,
  type: z.string().describe("Id of the job type"),
  job_id: z.string().nullable(),
  auth_id: z.string().nullable(),
  config,
  read: count.describe("Rows read: accepted + rejected + unchanged + refused"),
  accepted: count.describe("Rows that became events"),
  rejected: count.describe("Rows that could not be read"),
  rejected_erased: count.describe("Those of them whose text was erased, or never kept"),
  misfits: count.describe("Those of them that are changes of profiles, and did not suit what the profiles held"),
  unchanged: count.describe("Rows that a diff found unchanged"),
  refused: count.describe("Rows of erased identities"),
  added: count.describe("Rows that diffs found added, in files that are wholly imported"),
  changed: count.describe("Rows that diffs found changed"),
  removed: count.describe("Rows of the files before that diffs found gone"),
  bytes: count.describe("Bytes read from the source; of an export, those that it delivered"),
  rows: count.describe("Members that an export delivered"),
  path: z.string().nullable().describe("Where an export delivered them"),
  profiles_created: count,
  profiles_updated: count,
  duration_ms: count,
  attempts: count,
  progress: progress.nullable(),
  notes: z.array(z.string()),
  failure: failure.nullable(),
  next_step: z.string().nullable().describe("What to do next: a request, its JSON body after it"),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  not_before: time.nullable().describe("When a waiting run may start again"),
  due_at: time.nullable().describe("The time of its job's schedule that it is for; null where somebody started it"),
}).meta({ id: "Run" });

/** A row that could not be read. */
export const reject: z.ZodType<RejectView> = z.object({
  line: z.int().describe("Line it starts at, from 1"),
  offset: z.int().describe("Byte it starts at in the decoded file"),
  reason: z.string(),
  raw: z.string().describe("Its text; bytes that are no UTF-8 stand as U+FFFD"),
}).meta({ id: "Reject" });

/** A stream. */
export const stream: z.ZodType<StreamView> = z.object({
  name: z.string(),
  events: count,
  identify_by: z.array(z.string()).nullable().describe("Fields that identify a profile; null = no mapping"),
  created_at: time,
}).meta({ id: "Stream" });

/** A field of a stream. */
export const streamField: z.ZodType<StreamFieldView> = z.object({
  name: z.string(),
  filled: count.describe("Events with a non-empty value"),
  fill_rate: z.number().min(0).max(1),
  examples: z.array(jsonValue),
}).meta({ id: "StreamField" });

/** A profile. */
export const profile: z.ZodType<ProfileView> = z.object({
  id: z.int(),
  table: z.string(),
  attributes: z.record(z.string(), jsonValue),
  identities: z.record(z.string(), z.array(z.string())).describe("Every field and value that names it"),
  updated_at: time,
}).meta({ id: "Profile" });
