/**
 * What a check of an auth found, as CLI and HTTP tell it.
 *
 * @module
 */
import { z } from "zod";
import type { CheckResult } from "../../core/contracts/auth.ts";
import { Failure } from "../../core/contracts/failure.ts";
import type { Auths } from "../../core/engine/runtime.ts";
import { checkResult } from "./schemas.ts";

/** Whether an auth works, and everything that was looked at. */
export interface CheckReport {
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
}

/** The schema of {@linkcode CheckReport}. */
export const checkReport: z.ZodType<CheckReport> = z.object({
  ok: z.boolean().describe("Whether everything works"),
  checks: z.array(checkResult),
}).meta({ id: "CheckReport" });

/** Checks an auth. What keeps the check from going on is its last result, not an error. */
export async function checkAuth(auths: Auths, auth: string, signal: AbortSignal): Promise<CheckReport> {
  const checks: CheckResult[] = [];
  try {
    for await (const result of auths.check(auth, { signal })) checks.push(result);
  } catch (error) {
    if (!(error instanceof Failure) || checks.at(-1)?.ok !== false) throw error;
  }
  return { ok: checks.every(({ ok }) => ok), checks };
}
