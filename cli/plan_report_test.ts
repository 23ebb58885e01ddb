import assert from "node:assert/strict";
import type { Plan } from "../core/contracts/job.ts";
import { App } from "./app.ts";
import { caught } from "./cli_testing.ts";
import { Output } from "./output.ts";
import { printPlan } from "./plan_report.ts";

async function printed(plan: Plan, json = false): Promise<string> {
  const stdout = caught();
  const out = new Output(stdout, caught(), { json, quiet: false, color: false });
  await using app = new App({
    out,
    home: "home",
    homeGiven: false,
    builtIn: "",
    plugins: [],
    pluginsGiven: false,
    runner: "none",
  });
  printPlan(app, plan);
  return stdout.text();
}

const PLAN: Plan = {
  summary: 'Would import "a.csv"',
  facts: {
    file: "a.csv",
    first_times: [{ line: 2, text: "1/2/2024", time: "2024-01-02T00:00:00Z" }, { line: 13, text: null, time: null }],
    bytes: 12,
    header: ["id", "email"],
    zone: null,
    limits: { rows: 5, of: ["a", "b"] },
    nothing: [],
  },
  notes: [],
};

Deno.test("a plan has lines for what is single and a table for each list of objects, never JSON", async () => {
  assert.equal(
    await printed(PLAN),
    [
      'Would import "a.csv"',
      "",
      "file    a.csv",
      "bytes   12",
      "header  id, email",
      "limits  rows: 5; of: a, b",
      "",
      "first times",
      "  line  text      time",
      "     2  1/2/2024  2024-01-02T00:00:00Z",
      "    13",
      "",
    ].join("\n"),
  );
});

Deno.test("with --json a plan is printed as it is", async () => {
  assert.deepEqual(JSON.parse(await printed(PLAN, true)), PLAN);
});
