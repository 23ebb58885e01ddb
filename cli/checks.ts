/**
 * Results of a check, a line each, as they come.
 *
 * @module
 */
import type { CheckResult } from "../core/contracts/auth.ts";
import { Failure } from "../core/contracts/failure.ts";
import type { App } from "./app.ts";
import { visible } from "./format.ts";

/** What a check came to. */
export interface Checked {
  /** Whether everything works. */
  readonly ok: boolean;
  /** What kept the check from going on; its last result tells of it. */
  readonly failure: Failure | undefined;
}

/** Prints the results: with `--json` as one value, `{"ok","checks"}`, whether they are good or not. */
export async function printChecks(app: App, results: AsyncIterable<CheckResult>): Promise<Checked> {
  app.out.goOnUnread();
  const checks: CheckResult[] = [];
  let failure: Failure | undefined;
  try {
    for await (const result of results) {
      const { hint } = result;
      checks.push({ ...result, ...(hint === undefined ? {} : { hint: app.phrase(hint) }) });
      if (!app.out.json) printResult(app, checks.at(-1) ?? result);
    }
  } catch (error) {
    if (!(error instanceof Failure) || checks.at(-1)?.ok !== false) throw error;
    failure = error;
  }
  const ok = checks.every((result) => result.ok);
  if (app.out.json) app.out.value({ ok, checks });
  return { ok, failure };
}

function printResult({ out }: App, { name, ok, detail, hint }: CheckResult): void {
  const mark = ok ? out.data("green", "ok  ") : out.data("red", "FAIL");
  out.line(`${mark}  ${name.padEnd(12)}  ${visible(`${detail}${hint === undefined ? "" : `. ${hint}`}`)}`);
}
