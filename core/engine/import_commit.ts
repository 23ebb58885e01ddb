/**
 * One commit of an import: events into the archive, profiles, counts, checkpoint and fence in one transaction.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Compared, RunCounts } from "../contracts/job.ts";
import { giveBack } from "../contracts/give_back.ts";
import type { JsonValue, RowPlaces } from "../contracts/records.ts";
import type { Spool } from "../contracts/spool.ts";
import type { Database } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import { applyBatch } from "../profiles/apply.ts";
import { type Archive, MemberPacking, type PackedPieces, placeMember } from "../profiles/archive.ts";
import { findMisfits } from "../profiles/changes/misfits.ts";
import { noteCrowded } from "../profiles/crowded.ts";
import { type FieldStat, firstExamples } from "../profiles/field_stats.ts";
import { IdentityHeads } from "../profiles/identity_heads.ts";
import type { ProfileBatch } from "../profiles/profile_batch.ts";
import type { ProfileStatements } from "../profiles/statements.ts";
import type { Commits } from "./commits.ts";
import { type MarkedFile, markFiles } from "./ledger.ts";
import { type MisfitRows, misfitRows } from "./misfit_rows.ts";
import { adoptSnapshot, type KeptSnapshot } from "./adopt_snapshot.ts";
import { type Claim, holdUnlessStopped, LEASE } from "./claim.ts";
import type { StreamPlace } from "./streams.ts";
import { RetiredRows } from "./sweep.ts";

/** What is to be committed. */
export interface ImportBatch {
  /** Events, and their lines in the archive; none where there are only rejects. */
  readonly events: number;
  readonly lines: Uint8Array<ArrayBuffer> | undefined;
  /** What of their member is compressed already. */
  readonly packed?: PackedPieces | undefined;
  /** Where the events stand in their file, if some of them may not suit what profiles hold. */
  readonly places: RowPlaces | undefined;
  /** Gzip member of the rejected rows. */
  readonly rejects: Uint8Array | undefined;
  /** Rejected rows that are counted, and not in the member: they are about people who are erased. */
  readonly withheld: number;
  readonly fields: ReadonlyMap<string, FieldStat>;
  /** What the events write to profiles, for each of the place's targets. */
  readonly profiles: readonly ProfileBatch[];
  /** Position reached after these rows; undefined leaves the old one. */
  readonly checkpoint: JsonValue | undefined;
  /** What diffs found in those of its files that it has wholly passed. */
  readonly compared: Compared;
  /** Files that it has wholly passed: they are noted in their ledger. */
  readonly files: readonly MarkedFile[];
  /** What becomes the snapshot that the next file is compared with. */
  readonly snapshot: KeptSnapshot | undefined;
  /** What these rows add to the run's counts. */
  readonly counted: RunCounts;
  /** Bytes of the source read so far. */
  readonly bytes: number;
  /** Milliseconds the run has worked so far. */
  readonly duration: number;
}

/** Thrown by a commit that was prepared under rules that hold no more. Nothing of it was committed. */
export class PlaceChanged extends Error {
  override readonly name = "PlaceChanged";

  constructor(claim: Claim) {
    super(`What is done with the events of run "${claim.run}" has changed; it goes on from its last commit`);
  }
}

/** Folder of the segments of a stream, or of rejected rows, that were begun on the day of `time`. */
export function segmentFolder(account: number, stream: number | "rejects", time: number): string {
  const day = new Date(time).toISOString().slice(0, 10);
  return `${account}/${stream === "rejects" ? stream : `stream-${stream}`}/${day}`;
}

/** One archive file that this claim appends to. */
interface Segment {
  readonly id: number;
  readonly hour: number;
  readonly path: string;
  readonly length: number;
  readonly events: number;
}

const HOUR = 3_600_000;

/** Appends of a commit, under way beside it: nothing is appended to any more when it is disposed of. */
class Appends implements AsyncDisposable {
  readonly #begun: Promise<number>[] = [];

  constructor(private readonly archive: Archive) {}

  /** Begins one, as `Archive.append` has it; gives the new length. */
  begin(path: string, length: number, member: Uint8Array): number {
    const append = this.archive.append(path, length, member);
    // What became of it is asked once everything else is done.
    append.catch(() => {});
    this.#begun.push(append);
    return length + member.length;
  }

  /** Resolves when all of them are durable; throws what made one fail. */
  async end(): Promise<void> {
    await Promise.all(this.#begun);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#begun);
  }
}

/** The gzip member of archive lines. */
function memberOf({ lines, packed }: Pick<ImportBatch, "lines" | "packed">): Uint8Array | undefined {
  return lines === undefined ? undefined : new MemberPacking(lines, packed).finish();
}

/** Commits an import's batches on this thread; puts aside in `spool` what it knows of the index. */
export class ImportCommits implements Commits<ImportBatch> {
  #events: Segment | undefined;
  #rejects: Segment | undefined;
  readonly #heads: readonly IdentityHeads[];
  readonly #retired: RetiredRows;

  constructor(
    private readonly database: Database,
    private readonly statements: ProfileStatements,
    private readonly archive: Archive,
    private readonly claim: Claim,
    private readonly place: StreamPlace,
    spool: Spool,
  ) {
    this.#heads = place.targets.map(() => new IdentityHeads(spool));
    this.#retired = new RetiredRows(claim.account);
  }

  /** Resolves when the batch is committed. */
  async commit(given: ImportBatch): Promise<void> {
    const now = await this.database.now();
    // Before there is anything that others wait for.
    const whole = memberOf(given), members = [whole];
    for (const { slots } of given.profiles) slots.sortAhead();
    const done = await this.database.write(async (transaction) => {
      await using appends = new Appends(this.archive);
      // Locks the account's row: what follows is the account's only writer, in the order of the positions. Not before
      // it the run's, which heartbeats move: other commits may be waited for.
      const position = await this.#takePositions(transaction, given.events);
      await holdUnlessStopped(transaction, this.claim);
      const { batch, misfits } = await this.#withoutMisfits(transaction, given, position);
      const member = batch === given ? whole : memberOf(batch);
      members.push(member);
      if (member !== undefined) placeMember(member, position);
      const events = await this.#append(transaction, appends, "stream", this.#events, member, batch.events, now);
      let rejects = await this.#append(transaction, appends, "rejects", this.#rejects, batch.rejects, 0, now);
      rejects = await this.#append(transaction, appends, "rejects", rejects, misfits?.rejects, 0, now);
      await this.#countFields(transaction, batch);
      await this.#retired.makeRoom(transaction, batch.events);
      let created = 0, updated = 0;
      for (const [index, { scope }] of this.place.targets.entries()) {
        const applied = await applyBatch(
          transaction,
          this.statements,
          scope,
          batch.profiles[index]!,
          (event) => position + event,
          this.#heads[index],
        );
        await noteCrowded(transaction, scope, this.claim.run, applied.crowded);
        created += applied.created;
        updated += applied.updated;
      }
      await markFiles(transaction, this.claim, batch.files, now);
      const { snapshot } = batch;
      if (snapshot !== undefined) {
        await adoptSnapshot(transaction, this.claim, { ...snapshot, stream: this.place.stream }, now);
      }
      await this.#moveRun(transaction, batch, { now, created, updated, misfits: misfits?.count ?? 0 });
      await appends.end();
      return { events, rejects };
    }, { beside: true });
    giveBack(...members.filter((member) => member !== undefined));
    this.#events = done.events;
    this.#rejects = done.rejects;
  }

  /** Every commit was waited for. */
  drain(): Promise<void> {
    return Promise.resolve();
  }

  /** Small batches are not worth it. */
  spare(): undefined {}

  /** Removes what it has put aside. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const heads of this.#heads) await heads[Symbol.asyncDispose]();
  }

  async #takePositions(transaction: Transaction<Tables>, count: number): Promise<number> {
    const { next_position, import_epoch } = await transaction.updateTable("accounts")
      .set((set) => ({ next_position: set("next_position", "+", count) }))
      .where("id", "=", this.claim.account).returning(["next_position", "import_epoch"]).executeTakeFirstOrThrow();
    if (import_epoch !== this.place.epoch) throw new PlaceChanged(this.claim);
    return next_position - count;
  }

  /** Leaves the rows out that profiles do not suit. Their positions are those of the rows after them. */
  async #withoutMisfits(
    transaction: Transaction<Tables>,
    batch: ImportBatch,
    position: number,
  ): Promise<{ readonly batch: ImportBatch; readonly misfits?: MisfitRows }> {
    const { places, profiles: [profiles] } = batch;
    const [target] = this.place.targets;
    if (places === undefined || profiles === undefined || target === undefined) return { batch };
    const { scope } = target, positionOf = (event: number) => position + event;
    const found = await findMisfits(transaction, this.statements, scope, profiles, positionOf, this.#heads[0]);
    if (found.length === 0) return { batch };
    const misfits = misfitRows(batch, profiles, found);
    await transaction.updateTable("accounts").set((set) => ({ next_position: set("next_position", "-", found.length) }))
      .where("id", "=", this.claim.account).execute();
    return { batch: { ...batch, ...misfits.rest, packed: undefined }, misfits };
  }

  /**
   * Begins to append a member to the present hour's segment, and gives what that will be. The file is ours alone: its
   * name holds run and fence.
   */
  async #append(
    transaction: Transaction<Tables>,
    appends: Appends,
    kind: "stream" | "rejects",
    open: Segment | undefined,
    member: Uint8Array | undefined,
    events: number,
    now: number,
  ): Promise<Segment | undefined> {
    if (member === undefined) return open;
    const { account, run, fence } = this.claim;
    const hour = Math.floor(now / HOUR) * HOUR;
    const reuse = open?.hour === hour ? open : undefined;
    const segment = reuse ?? await this.#newSegment(transaction, kind, hour);
    const length = appends.begin(segment.path, segment.length, member);
    const grown = { ...segment, length, events: segment.events + events };
    if (reuse !== undefined) {
      await transaction.updateTable("segments").set({ length, events: grown.events })
        .where("account_id", "=", account).where("id", "=", segment.id).execute();
    } else {
      await transaction.insertInto("segments").values({
        account_id: account,
        id: segment.id,
        kind,
        owner: kind === "stream" ? String(this.place.stream) : run,
        hour,
        writer: `${run}-${fence}`,
        path: segment.path,
        length,
        events: grown.events,
      }).execute();
    }
    return grown;
  }

  async #newSegment(transaction: Transaction<Tables>, kind: "stream" | "rejects", hour: number): Promise<Segment> {
    const { account, run, fence } = this.claim;
    const { last } = await transaction.selectFrom("segments")
      .select((select) => select.fn.max("id").as("last")).where("account_id", "=", account).executeTakeFirstOrThrow();
    const folder = segmentFolder(account, kind === "stream" ? this.place.stream : "rejects", hour);
    const path = `${folder}/${new Date(hour).toISOString().slice(11, 13)}-${run}-${fence}.jsonl.gz`;
    return { id: (last ?? 0) + 1, hour, path, length: 0, events: 0 };
  }

  async #countFields(transaction: Transaction<Tables>, { events, fields }: ImportBatch): Promise<void> {
    if (events === 0) return;
    const { account } = this.claim;
    const stream = this.place.stream;
    await transaction.updateTable("streams").set((set) => ({ events: set("events", "+", events) }))
      .where("account_id", "=", account).where("id", "=", stream).execute();
    const known = new Map(
      (await transaction.selectFrom("stream_fields").select(["name", "examples"])
        .where("account_id", "=", account).where("stream_id", "=", stream).execute())
        .map(({ name, examples }) => [name, JSON.parse(examples) as JsonValue[]]),
    );
    for (const [name, { filled, examples }] of fields) {
      const all = firstExamples([...known.get(name) ?? [], ...examples]);
      await transaction.insertInto("stream_fields")
        .values({ account_id: account, stream_id: stream, name, filled, examples: JSON.stringify(all) })
        .onConflict((conflict) =>
          conflict.columns(["account_id", "stream_id", "name"]).doUpdateSet((set) => ({
            filled: set("stream_fields.filled", "+", filled),
            examples: set.ref("excluded.examples"),
          }))
        ).execute();
    }
  }

  async #moveRun(
    transaction: Transaction<Tables>,
    { checkpoint, counted, withheld, compared, bytes, duration }: ImportBatch,
    { now, created, updated, misfits }: {
      readonly now: number;
      readonly created: number;
      readonly updated: number;
      readonly misfits: number;
    },
  ): Promise<void> {
    await transaction.updateTable("runs").set((set) => ({
      ...(checkpoint === undefined ? {} : { checkpoint: JSON.stringify(checkpoint) }),
      // Heartbeats pass over a run whose row is locked.
      lease_until: now + LEASE,
      rows_read: set("rows_read", "+", counted.read),
      accepted: set("accepted", "+", counted.accepted - misfits),
      rejected: set("rejected", "+", counted.rejected + misfits),
      misfits: set("misfits", "+", misfits),
      rejected_erased: set("rejected_erased", "+", withheld),
      unchanged: set("unchanged", "+", counted.unchanged),
      refused: set("refused", "+", counted.refused),
      added: set("added", "+", compared.added),
      changed: set("changed", "+", compared.changed),
      removed: set("removed", "+", compared.removed),
      bytes,
      // It was measured when the batch was full; the run may have been seen at work since.
      duration_ms: set.case().when("duration_ms", "<", duration).then(duration).else(set.ref("duration_ms")).end(),
      profiles_created: set("profiles_created", "+", created),
      profiles_updated: set("profiles_updated", "+", updated),
    })).where("account_id", "=", this.claim.account).where("id", "=", this.claim.run).execute();
  }
}
