/**
 * What a run's Worker and the process around it say to each other.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { RunEnd } from "./execute_run.ts";
import type { Claim } from "./claim.ts";
import type { RetryPlan } from "./retry.ts";

/** To the Worker. */
export type ToRun =
  /** Loads plugins, if they can be loaded: a start that names them finds them ready. */
  | { readonly type: "prepare"; readonly plugins: readonly string[] }
  | {
    readonly type: "start";
    readonly home: string;
    readonly plugins: readonly string[];
    readonly claim: Claim;
    /** When it was claimed, in milliseconds since the Unix epoch, as `performance` counts them. */
    readonly claimedAt: number;
    /** Milliseconds that the attempts before have worked. */
    readonly workedBefore: number;
    readonly retries: RetryPlan;
    /** Leads to the Worker beside it. */
    readonly helper: MessagePort;
  }
  /** Ends the run: with the failure, or back into the queue. */
  | { readonly type: "abort"; readonly failure: FailureJson | "drain" };

/** From the Worker. */
export type FromRun =
  /** It has loaded what `prepare` named, as far as that can be loaded. */
  | { readonly type: "prepared" }
  | { readonly type: "progress"; readonly progress: Progress }
  | {
    readonly type: "log";
    readonly level: "debug" | "info" | "warn" | "error";
    readonly message: string;
    readonly fields: Readonly<Record<string, JsonValue>> | undefined;
  }
  | { readonly type: "end"; readonly end: RunEnd }
  /** The run could not even be executed or finished. */
  | { readonly type: "broken"; readonly failure: FailureJson };
