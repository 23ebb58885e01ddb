/**
 * What an import's commit thread and its run say to each other.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { DatabaseAddress } from "../database/open.ts";
import type { PackedProfileBatch } from "../profiles/profile_batch.ts";
import type { ImportBatch } from "./import_commit.ts";
import type { Claim } from "./queue.ts";
import type { StreamPlace } from "./streams.ts";

/** What the commit thread opens. */
export interface CommitStart {
  readonly type: "start";
  readonly database: DatabaseAddress;
  readonly archiveDir: string;
  readonly claim: Claim;
  readonly place: StreamPlace;
  readonly identityKey: Uint8Array;
}

/** To the commit thread. */
export type ToCommit =
  | CommitStart
  | {
    readonly type: "commit";
    readonly batch: Omit<ImportBatch, "profiles"> & { readonly profiles: readonly PackedProfileBatch[] };
  }
  | { readonly type: "close" };

/** From the commit thread: one answer to each `commit`, one to `close`. */
export type FromCommit =
  | { readonly type: "done"; readonly spare: readonly PackedProfileBatch[] }
  | { readonly type: "lost" }
  | { readonly type: "changed" }
  | { readonly type: "failed"; readonly failure: FailureJson; readonly stack: string | undefined };
