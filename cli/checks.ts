/**
 * Results of a check, a line each, as they come.
 *
 * @module
 */
import type { CheckResult } from "../core/contracts/auth.ts";
import type { App } from "./app.ts";
import { visible } from "./format.ts";

/** Prints the results and tells whether all of them are well. */
export async function printChecks(app: App, results: AsyncIterable<CheckResult>): Promise<boolean> {
  const { out } = app;
  const all: CheckResult[] = [];
  for await (const result of results) {
    const { hint } = result;
    const told: CheckResult = { ...result, ...(hint === undefined ? {} : { hint: app.phrase(hint) }) };
    all.push(told);
    if (out.json) continue;
    const mark = told.ok ? out.data("green", "ok  ") : out.data("red", "FAIL");
    const said = visible(`${told.detail}${told.hint === undefined ? "" : `. ${told.hint}`}`);
    out.line(`${mark}  ${told.name.padEnd(12)}  ${said}`);
  }
  const ok = all.every((result) => result.ok);
  if (out.json) out.value({ ok, checks: all });
  return ok;
}
