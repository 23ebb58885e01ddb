/**
 * What went wrong, grouped by what the caller does next.
 *
 * Everything Waybill expects to go wrong is a {@linkcode Failure}; anything else that is thrown is a bug.
 *
 * @module
 */

/**
 * What the caller does next: `config` fix the job or the request, `auth` fix the credential, `data` fix the file,
 * `transient` try again later, `cancelled` nothing (somebody asked for it).
 */
export type FailureKind = "config" | "auth" | "data" | "transient" | "cancelled";

/** A finer reason within a kind, where HTTP has a status of its own for it. */
export type FailureCode = "not_found" | "conflict" | "unauthenticated" | "forbidden" | "too_large" | "too_many";

/** What each kind means to the shells around the core. */
export interface FailureHandling {
  /** Exit code of the CLI (SPEC §5). */
  readonly exitCode: number;
  /** HTTP status, unless the failure's `code` has one of its own. */
  readonly httpStatus: number;
  /** Whether the same run may succeed when it is simply tried again. */
  readonly retry: boolean;
}

/** The one table that maps a kind to exit code, HTTP status and retry. */
export const FAILURE_HANDLING: Readonly<Record<FailureKind, FailureHandling>> = {
  config: { exitCode: 3, httpStatus: 400, retry: false },
  auth: { exitCode: 4, httpStatus: 422, retry: false },
  data: { exitCode: 5, httpStatus: 422, retry: false },
  transient: { exitCode: 6, httpStatus: 503, retry: true },
  cancelled: { exitCode: 7, httpStatus: 409, retry: false },
};

/** HTTP statuses of the finer reasons. */
export const FAILURE_CODE_STATUS: Readonly<Record<FailureCode, number>> = {
  not_found: 404,
  conflict: 409,
  unauthenticated: 401,
  forbidden: 403,
  too_large: 413,
  too_many: 429,
};

/** Exit code of an error that nobody expected: a bug. */
export const BUG_EXIT_CODE = 1;

/** What {@linkcode Failure} takes beside its kind and message. */
export interface FailureOptions {
  /** What to do about it: one imperative sentence without a final period. */
  readonly hint?: string;
  /** A finer reason, where one applies. */
  readonly code?: FailureCode;
  /** The original error, kept for the log. */
  readonly cause?: unknown;
}

/**
 * An expected error: what happened, to which thing (in quotes), and what to do.
 *
 * @example A missing file
 * ```ts
 * import assert from "node:assert/strict";
 * import { Failure } from "@waybill/waybill";
 *
 * const failure = new Failure("config", 'File "in/a.csv" does not exist', {
 *   hint: "Check the folder and the file name",
 * });
 * assert.equal(failure.kind, "config");
 * assert.equal(failure.hint, "Check the folder and the file name");
 * ```
 */
export class Failure extends Error {
  /** The name of the class, as stacks and logs show it. */
  override readonly name = "Failure";
  /** What the caller does next. */
  readonly kind: FailureKind;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** A finer reason within the kind. */
  readonly code: FailureCode | undefined;

  /** Builds a failure; `message` is a sentence without a final period and never holds a secret. */
  constructor(kind: FailureKind, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.hint = options.hint;
    this.code = options.code;
  }

  /**
   * Whether `value instanceof Failure`. A plugin that came as a package may carry a copy of this class: what it throws is
   * a failure all the same, and not a bug.
   */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (this !== Failure) return Function.prototype[Symbol.hasInstance].call(this, value);
    return value instanceof Error && value.name === "Failure" && "kind" in value &&
      typeof value.kind === "string" && Object.hasOwn(FAILURE_HANDLING, value.kind) && "toJSON" in value;
  }

  /** The failure as plain JSON: what crosses a thread or is stored with a run. */
  toJSON(): FailureJson {
    return { kind: this.kind, message: this.message, hint: this.hint ?? null, code: this.code ?? null };
  }
}

/** The serialised form of a {@linkcode Failure}; `kind` is `bug` for an error nobody expected. */
export interface FailureJson {
  /** The failure's kind, or `bug`. */
  readonly kind: FailureKind | "bug";
  /** What happened, to which thing. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | null;
  /** A finer reason within the kind. */
  readonly code: FailureCode | null;
}

/**
 * Throws when `signal` is aborted: its own {@linkcode Failure} where the aborter gave one, else one of kind
 * `cancelled`.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortFailure(signal);
}

/** The failure an aborted signal stands for. */
export function abortFailure(signal: AbortSignal): Failure {
  return signal.reason instanceof Failure ? signal.reason : new Failure("cancelled", "The work was stopped");
}
