/**
 * What a run's commit thread and the run say to each other.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { DatabaseAddress } from "../database/open.ts";
import type { Target } from "../profiles/mapping.ts";
import type { PackedProfileBatch } from "../profiles/packed_batch.ts";
import type { Spare } from "./commits.ts";
import type { ImportBatch } from "./import_commit.ts";
import type { Claim } from "./claim.ts";
import type { ReplayPart, ReplayProfiles } from "./replay_commit.ts";
import type { StreamPlace } from "./streams.ts";

/** What the commit thread opens, whatever it commits. */
interface Opening {
  readonly database: DatabaseAddress;
  readonly archiveDir: string;
  /** Where it puts aside what it need not hold in memory. */
  readonly workDir: string;
  readonly claim: Claim;
  readonly identityKey: Uint8Array;
}

/** For an import. */
export interface ImportStart extends Opening {
  readonly type: "import";
  readonly place: StreamPlace;
}

/** For a replay: the generation that is filled. */
export interface ReplayStart extends Opening {
  readonly type: "replay";
  readonly target: Target;
}

/** What the commit thread opens. */
export type CommitStart = ImportStart | ReplayStart;

/** A batch of an import as it crosses over. */
export type PackedImportBatch = Omit<ImportBatch, "profiles"> & { readonly profiles: readonly PackedProfileBatch[] };

/** A part of a replay as it crosses over. */
export type PackedReplayPart = Omit<ReplayPart, "batches"> & {
  readonly batches: readonly (Omit<ReplayProfiles, "profiles"> & { readonly profiles: PackedProfileBatch })[];
};

/** To the commit thread, once it is told its start: batches of its kind. */
export type ToCommit =
  | { readonly type: "batch"; readonly batch: PackedImportBatch }
  | { readonly type: "part"; readonly part: PackedReplayPart }
  | { readonly type: "close" };

/** From the commit thread: one answer to each `batch` or `part`, one to `close`. */
export type FromCommit =
  | { readonly type: "done"; readonly spare: Spare }
  | { readonly type: "lost" }
  | { readonly type: "changed" }
  | { readonly type: "failed"; readonly failure: FailureJson; readonly stack: string | undefined };
