/**
 * What the run of an export and the thread that reads its members say to each other.
 *
 * @module
 */
import type { FailureJson } from "../../contracts/failure.ts";
import type { MemberBatch } from "../../contracts/members.ts";
import type { DatabaseAddress } from "../../database/open.ts";
import type { GivenMembers, ReadingInput } from "./open_reading.ts";

/** Opens the members. */
export interface ReadingStart {
  readonly type: "members";
  readonly database: DatabaseAddress;
  readonly input: ReadingInput;
}

/** To the thread that reads, once it is told its start: what is wanted. */
export type ToReading =
  /** The next batch of a pass over the members, which begins with the first that is asked for. */
  | { readonly type: "next"; readonly pass: number; readonly after: number | undefined }
  /** No more of a pass is wanted. */
  | { readonly type: "end"; readonly pass: number }
  | { readonly type: "close" };

/** What was found. */
export type FoundMembers = Pick<GivenMembers, "audience" | "columns">;

/** From it: an answer to the start and to each message but `end`, in their order. */
export type FromReading =
  | { readonly type: "opened"; readonly found: FoundMembers }
  /** Without a batch there is none left. */
  | { readonly type: "batch"; readonly batch: MemberBatch | undefined }
  | { readonly type: "closed" }
  | { readonly type: "failed"; readonly failure: FailureJson; readonly stack: string | undefined };
