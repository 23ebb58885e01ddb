/**
 * What a thread that counts audiences and whoever asks it say to each other, over one port a count.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { DatabaseAddress } from "../database/open.ts";
import type { CountQuestion, OpenedCount } from "./count_session.ts";
import type { SharedSpans } from "./shared_spans.ts";

/** To the thread itself: what to open, the same for all counts, and the port of a count. */
export interface ToCountThread {
  readonly database: DatabaseAddress;
  /** Absent where it is to open the database for the counts to come. */
  readonly port?: MessagePort;
}

/** To a count; `id` tells its answers apart. */
export type ToCount =
  & { readonly id: number }
  & (
    | { readonly type: "open"; readonly question: CountQuestion; readonly now: number | undefined }
    | { readonly type: "count"; readonly spans: SharedSpans }
    | { readonly type: "stamp" }
    | { readonly type: "close" }
  );

/** What each of them is answered with. */
export interface CountAnswers {
  readonly open: OpenedCount;
  readonly count: number;
  readonly stamp: string;
  readonly close: undefined;
}

/** From a count: one answer to each, but for `close`, which nobody waits for. */
export type FromCount =
  & { readonly id: number }
  & (
    | { readonly answer: CountAnswers[keyof CountAnswers] }
    | { readonly failure: FailureJson; readonly stack: string | undefined }
  );
