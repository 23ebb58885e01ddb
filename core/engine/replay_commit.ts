/**
 * One commit of a replay: profiles of the generation being filled, position, counts and fence in one transaction.
 *
 * @module
 */
import type { Transaction } from "kysely";
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Spool } from "../contracts/spool.ts";
import type { Tables } from "../database/tables.ts";
import { applyBatch } from "../profiles/apply.ts";
import { noteCrowded } from "../profiles/crowded.ts";
import { IdentityHeads } from "../profiles/identity_heads.ts";
import type { ProfileBatch } from "../profiles/profile_batch.ts";
import type { ProfileScope, ProfileStatements } from "../profiles/statements.ts";
import type { Commits } from "./commits.ts";
import type { Claim } from "./claim.ts";
import { RetiredRows } from "./sweep.ts";
import type { TaskContext, TaskStep } from "./task.ts";

/** Events of one stream that stand side by side in the archive's order. */
export interface ReplayProfiles {
  readonly stream: number;
  /** What they write to profiles. */
  readonly profiles: ProfileBatch;
  /** Archive positions, in order: those of `count` events from `first` on, then the next. */
  readonly positions: readonly { readonly first: number; readonly count: number }[];
}

/** What is to be committed. */
export interface ReplayPart {
  /** Events of all batches. */
  readonly events: number;
  /** Bytes of their archive lines. */
  readonly lines: number;
  readonly batches: readonly ReplayProfiles[];
  /** Position reached after it. */
  readonly checkpoint: JsonValue;
}

/** Writes the parts of a replay into its generation; keeps what it knows of the generation's identities. */
export class ReplayWriter implements AsyncDisposable {
  readonly #heads: IdentityHeads;
  readonly #retired: RetiredRows;

  /** `scope` is the generation that is filled for the claim's run; `spool` takes what it knows of the index. */
  constructor(
    private readonly statements: ProfileStatements,
    private readonly scope: ProfileScope,
    private readonly claim: Claim,
    spool: Spool,
  ) {
    this.#heads = new IdentityHeads(spool);
    this.#retired = new RetiredRows(scope.account);
  }

  /** Throws a Failure `cancelled` where what is being filled is no longer wanted, and keeps it wanted until the end. */
  async hold(transaction: Transaction<Tables>): Promise<void> {
    const row = await transaction.updateTable("generations").set({ state: "building" })
      .where("account_id", "=", this.scope.account).where("id", "=", this.scope.table)
      .where("state", "=", "building").returning("id").executeTakeFirst();
    if (row === undefined) throw replaced();
  }

  /** Applies a part, in the place of as much that earlier generations held. */
  async apply(transaction: Transaction<Tables>, { batches, events, checkpoint }: ReplayPart): Promise<TaskStep> {
    await this.#retired.makeRoom(transaction, events);
    let profilesCreated = 0, profilesUpdated = 0;
    for (const { profiles, positions } of batches) {
      const numbers = numbersOf(positions, profiles.count);
      profiles.name();
      const { scope, statements } = this;
      const applied = await applyBatch(
        transaction,
        statements,
        scope,
        profiles,
        (event) => numbers[event]!,
        this.#heads,
      );
      await noteCrowded(transaction, scope, this.claim.run, applied.crowded);
      profilesCreated += applied.created;
      profilesUpdated += applied.updated;
    }
    return { checkpoint, read: events, profilesCreated, profilesUpdated };
  }

  /** Removes what it has put aside. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#heads[Symbol.asyncDispose]();
  }
}

/** Commits a replay's parts on this thread. */
export class InlineReplayCommits implements Commits<ReplayPart> {
  /** `inTransaction` commits what is done in one transaction with the position reached. */
  constructor(private readonly inTransaction: TaskContext["commit"], private readonly writer: ReplayWriter) {}

  /** Resolves when the part is committed. */
  async commit(part: ReplayPart): Promise<void> {
    // Before there is anything that others wait for.
    for (const { profiles } of part.batches) {
      profiles.name();
      profiles.slots.sortAhead();
    }
    await this.inTransaction(async (transaction) => {
      await this.writer.hold(transaction);
      return await this.writer.apply(transaction, part);
    });
  }

  /** Every commit was waited for. */
  drain(): Promise<void> {
    return Promise.resolve();
  }

  /** Small parts are not worth it. */
  spare(): undefined {}

  /** Disposes of the writer. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.writer[Symbol.asyncDispose]();
  }
}

/** How a replay ends whose generation is no longer wanted. */
export function replaced(): Failure {
  return new Failure(
    "cancelled",
    "The mappings of the profile table were changed again, or an erasure makes it anew: another run replays the events",
  );
}

/** The archive position of each event. */
function numbersOf(positions: ReplayProfiles["positions"], events: number): Float64Array {
  const numbers = new Float64Array(events);
  let event = 0;
  for (const { first, count } of positions) {
    for (let index = 0; index < count; index++) numbers[event++] = first + index;
  }
  return numbers;
}
