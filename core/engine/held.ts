/**
 * Runs that wait for somebody's approval.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Claim } from "./claim.ts";
import type { Outcome } from "./queue.ts";

/** Thrown by `hold` of the contract, for what nobody has approved. Nothing is lost: the run goes on once it is. */
export class Held extends Error {
  override readonly name = "Held";

  /** `look` is what somebody should look at: "the file". */
  constructor(reason: string, readonly look: string) {
    super(reason);
  }
}

/** What stands in a run for a reason that it was held for: a reason may name people. */
export function approvalOf(reason: string): string {
  return createHash("sha256").update(reason).digest("hex");
}

/** How a run ends that is held. */
export function heldRun({ run }: Pick<Claim, "run">, { message, look }: Held): Outcome {
  return {
    status: "held",
    failure: {
      kind: "data",
      message,
      hint: `Look at ${look}; then \`waybill run approve ${run}\` if it is right, \`waybill run stop ${run}\` if not`,
      code: null,
    },
  };
}
