import assert from "node:assert/strict";
import { z } from "zod";
import type { JobDefinition, ScheduleKind } from "../../contracts/job.ts";
import { fieldsOf, jsonSchemaOf, parseConfig } from "../../describe/mod.ts";
import { echoPlugin, failure } from "../engine_testing.ts";
import { isContinuous, jobSchema, pluginConfig, scheduleKeys } from "./fields.ts";

const [base] = echoPlugin({} as Parameters<typeof echoPlugin>[0]).jobs ?? [];
assert.ok(base);

function typeWith(schedule: ScheduleKind): JobDefinition {
  const config = z.object({ stream: z.string(), file: z.string() }).refine(
    ({ file }) => file !== "never",
    { error: "must not be never", path: ["file"] },
  );
  return { ...base!, config, schedule, choices: {} };
}

const keysOf = (schedule: ScheduleKind) => fieldsOf(jobSchema(typeWith(schedule))).map(({ key }) => key);

Deno.test("the engine adds a schedule's fields after the plugin's own, as many as the job type says", () => {
  assert.deepEqual(keysOf("none"), ["stream", "file"]);
  assert.deepEqual(keysOf("optional"), [
    "stream",
    "file",
    "keep_updated",
    "frequency",
    "time_of_day",
    "timezone",
    "expect_by",
    "max_failures",
  ]);
  assert.deepEqual(keysOf("daily"), keysOf("optional").filter((key) => key !== "frequency"));
  const { properties } = jsonSchemaOf(jobSchema(typeWith("optional")));
  assert.match(JSON.stringify(properties), /"frequency":\{"title":"Frequency".*"default":"daily"/);
});

Deno.test("a plugin's own checks stay, and its run sees none of the schedule's fields", () => {
  const type = typeWith("optional");
  const input = { stream: "s", file: "never", keep_updated: "true" };
  assert.throws(() => parseConfig(jobSchema(type), input, "a job"), failure("config", /"file" must not be never/));
  const given = { stream: "s", file: "a", keep_updated: true, timezone: "Europe/Berlin" };
  assert.deepEqual(pluginConfig(type, given), { stream: "s", file: "a" });
  assert.equal(isContinuous(type, given), true);
  assert.equal(isContinuous(type, { ...given, keep_updated: false }), false);
});

Deno.test("a job type without a schedule may have fields of those names for itself", () => {
  const config = z.object({ stream: z.string(), file: z.string(), keep_updated: z.boolean() });
  const type: JobDefinition = { ...base!, config, schedule: "none", choices: {} };
  assert.deepEqual(pluginConfig(type, { keep_updated: true }), { keep_updated: true });
  assert.equal(isContinuous(type, { keep_updated: true }), false);
  assert.ok(scheduleKeys("import").includes("keep_updated"));
});

Deno.test("an export is continuous, waits for nothing to come, and names files by its time zone", () => {
  const type = { ...typeWith("optional"), direction: "export" } as JobDefinition;
  const keys = (type: JobDefinition) => fieldsOf(jobSchema(type)).map(({ key }) => key).slice(2);
  assert.deepEqual(keys(type), ["continuous", "frequency", "time_of_day", "timezone", "max_failures"]);
  const daily = { ...type, schedule: "daily" } as JobDefinition;
  assert.deepEqual(keys(daily), ["continuous", "time_of_day", "timezone", "max_failures"]);
  const given = { stream: "s", file: "a", continuous: true, timezone: "Europe/Berlin" };
  assert.deepEqual(pluginConfig(type, given), { stream: "s", file: "a" });
  assert.equal(isContinuous(type, given), true);
  assert.equal(isContinuous(type, { ...given, continuous: false, keep_updated: true }), false);
  const parse = (frequency: string) => parseConfig(jobSchema(type), { ...given, frequency }, "a job");
  assert.equal(parse("0 6 * * MON-FRI")["frequency"], "0 6 * * MON-FRI");
  assert.throws(
    () => parse("on-arrival"),
    failure("config", /must be one of 15min, .*, monthly, or a cron expression/),
  );
});
