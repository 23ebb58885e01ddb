/**
 * Errors as the user sees them, and the exit code each stands for.
 *
 * @module
 */
import { BUG_EXIT_CODE, Failure, FAILURE_HANDLING, type FailureJson } from "../core/contracts/failure.ts";
import type { App } from "./app.ts";
import { visibleLines } from "./format.ts";
import type { Output } from "./output.ts";
import { USAGE_EXIT_CODE, UsageError } from "./usage.ts";

/** Prints an error on standard error and gives its exit code. `app` is there once the command line was understood. */
export function reportError(out: Output, error: unknown, app?: App): number {
  const told = toldOf(error);
  const hint = told.hint === null ? null : app?.phrase(told.hint) ?? told.hint;
  print(out, { ...told, hint });
  if (told.kind === "bug" && !out.json && error instanceof Error) out.tell(out.talk("dim", error.stack ?? ""));
  return exitCodeOf(told.kind);
}

/** Prints how a run failed and gives its exit code. */
export function reportRunFailure(out: Output, failure: FailureJson, app: App): number {
  print(out, { ...failure, hint: failure.hint === null ? null : app.phrase(failure.hint) });
  return exitCodeOf(failure.kind);
}

interface Told {
  readonly kind: FailureJson["kind"] | "usage";
  readonly message: string;
  readonly hint: string | null;
}

function toldOf(error: unknown): Told {
  if (error instanceof UsageError) return { kind: "usage", message: error.message, hint: error.hint ?? null };
  if (error instanceof Failure) return { kind: error.kind, message: error.message, hint: error.hint ?? null };
  if (error instanceof Deno.errors.NotCapable) {
    return { kind: "config", message: error.message, hint: "Grant the permission that it names to the task" };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "bug", message: `Waybill has a bug: ${message}`, hint: "Report it with what is printed here" };
}

function print(out: Output, { kind, message, hint }: Told): void {
  if (out.json) {
    out.tell(JSON.stringify({ error: { kind, message, hint } }));
    return;
  }
  // A server's own words may be in it, or a file's name.
  out.tell(`${out.talk("red", "error:")} ${visibleLines(message)}`);
  if (hint !== null) out.tell(`${out.talk("yellow", "hint:")} ${visibleLines(hint)}`);
}

/** The exit code of what went wrong. */
export function exitCodeOf(kind: Told["kind"]): number {
  if (kind === "usage") return USAGE_EXIT_CODE;
  return kind === "bug" ? BUG_EXIT_CODE : FAILURE_HANDLING[kind].exitCode;
}
