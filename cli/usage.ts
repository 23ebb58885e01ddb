/**
 * A command line that cannot be understood.
 *
 * @module
 */

/** Exit code of a command line that cannot be understood (SPEC §5). */
export const USAGE_EXIT_CODE = 2;

/** What is wrong with the command line and what to type instead. Never holds the value of a flag that may be a secret. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What to do: one imperative sentence or question. */
  readonly hint: string | undefined;

  /** Builds one; `message` is a sentence without a final period. */
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
