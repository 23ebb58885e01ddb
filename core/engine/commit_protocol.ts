/**
 * What an import's commit thread and its run say to each other.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { DatabaseAddress } from "../database/open.ts";
import type { PackedProfileBatch } from "../profiles/profile_batch.ts";
import type { ImportBatch, ImportPlace } from "./import_commit.ts";
import type { Claim } from "./queue.ts";

/** What the commit thread opens. */
export interface CommitStart {
  readonly type: "start";
  readonly database: DatabaseAddress;
  readonly archiveDir: string;
  readonly claim: Claim;
  readonly place: ImportPlace;
  readonly identityKey: Uint8Array;
  /** Fields that identify a profile. */
  readonly identifyBy: readonly string[];
}

/** To the commit thread. */
export type ToCommit =
  | CommitStart
  | {
    readonly type: "commit";
    readonly batch: Omit<ImportBatch, "profiles"> & { readonly profiles: PackedProfileBatch | undefined };
  }
  | { readonly type: "close" };

/** From the commit thread: one answer to each `commit`, one to `close`. */
export type FromCommit =
  | { readonly type: "done"; readonly spare: PackedProfileBatch | undefined }
  | { readonly type: "lost" }
  | { readonly type: "failed"; readonly failure: FailureJson; readonly stack: string | undefined };
