/**
 * The task that fills a new generation of a profile table from the archive, and puts it in the place of the old one.
 *
 * Segments are read in passes. Each pass begins by moving the account's import epoch: running imports begin anew and
 * write other files, so that what was there at that moment grows no more. When what came in since a pass is little, it
 * is read under the account's lock, and the generations change places in the same transaction.
 *
 * @module
 */
import type { Transaction } from "kysely";
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { SegmentsTable, Tables } from "../database/tables.ts";
import { applyBatch } from "../profiles/apply.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import { MembersInOrder, type OrderPosition } from "../profiles/archive_order.ts";
import { noteCrowded } from "../profiles/crowded.ts";
import { IdentityHeads } from "../profiles/identity_heads.ts";
import { type GenerationDefinition, type OpenTarget, openTarget } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { crowdedNotes } from "./crowded_note.ts";
import { moveEpoch, REPLAY, type ReplayConfig } from "./generations.ts";
import { sweepRetired } from "./sweep.ts";
import type { Task, TaskContext, TaskStep } from "./task.ts";

/** Events that one commit applies. */
const COMMIT_EVENTS = 100_000;
/** Bytes of lines that one commit applies. */
const COMMIT_BYTES = 8 << 20;
/** Events that may be read while imports wait. */
const LAST_EVENTS = 20_000;

/** How far a replay is. */
interface Position extends OrderPosition {
  /** Last segment of the present pass. */
  readonly until: number;
  /** Events read. */
  readonly events: number;
}

type StreamSegment = Pick<SegmentsTable, "id" | "owner" | "path" | "length">;

/** Fills a generation and puts it in its place. */
export const replayTask: Task = {
  id: REPLAY,
  work: async (context) => await new Replay(context).work(),
};

class Replay {
  readonly #config: ReplayConfig;
  #position: Position;
  #targets = new Map<number, OpenTarget>();
  #total = 0;
  readonly #heads = new IdentityHeads();

  constructor(private readonly context: TaskContext) {
    this.#config = context.config as unknown as ReplayConfig;
    this.#position = context.checkpoint as unknown as Position ?? { until: 0, next: 0, offsets: {}, events: 0 };
  }

  async work(): Promise<void> {
    const { core, claim: { account }, signal } = this.context;
    while (!await this.#inPlace()) {
      await this.#pass();
      await this.#finish();
    }
    for (const note of await this.#crowdedNotes()) this.context.note(note);
    await sweepRetired(core.database, account, signal);
    throwIfAborted(signal);
  }

  async #crowdedNotes(): Promise<string[]> {
    const { core: { database }, claim: { account, run } } = this.context;
    const { table, generation } = this.#config;
    return await crowdedNotes(database.kysely, run, [{ scope: { account, table: generation }, table }]);
  }

  /** Whether the generation is in its place already; opens its targets first. */
  async #inPlace(): Promise<boolean> {
    const row = await this.#row();
    if (row.state === "building" && this.#targets.size === 0) await this.#openTargets(row.definition);
    return row.state === "current";
  }

  async #row(): Promise<{ readonly state: string; readonly definition: string }> {
    const row = await this.context.core.database.kysely.selectFrom("generations").select(["state", "definition"])
      .where("account_id", "=", this.context.claim.account).where("id", "=", this.#config.generation)
      .executeTakeFirst();
    if (row === undefined || row.state === "retired") throw replaced();
    return row;
  }

  async #openTargets(stored: string): Promise<void> {
    const { core, claim: { account } } = this.context;
    const { table, generation } = this.#config;
    const definition: GenerationDefinition = JSON.parse(stored);
    const target = { scope: { account, table: generation }, table, generation: definition };
    for (const { stream } of definition.mappings) {
      this.#targets.set(stream, openTarget(target, core.identityKey, stream));
    }
    this.#total = await this.#eventsIn(core.database.kysely);
  }

  /** Events in the mapped streams. */
  async #eventsIn(executor: Executor): Promise<number> {
    const streams = [...this.#targets.keys()];
    if (streams.length === 0) return 0;
    const rows = await executor.selectFrom("streams").select("events")
      .where("account_id", "=", this.context.claim.account).where("id", "in", streams).execute();
    return rows.reduce((sum, { events }) => sum + events, 0);
  }

  /** The segments of the mapped streams up to one. */
  async #segments(until: number, executor: Executor): Promise<StreamSegment[]> {
    const owners = [...this.#targets.keys()].map(String);
    if (owners.length === 0) return [];
    return await executor.selectFrom("segments").select(["id", "owner", "path", "length"])
      .where("account_id", "=", this.context.claim.account).where("kind", "=", "stream").where("owner", "in", owners)
      .where("id", "<=", until).execute();
  }

  /** Reads what the present pass has left. */
  async #pass(): Promise<void> {
    const { core: { database }, signal, commit, progress } = this.context;
    const segments = await this.#segments(this.#position.until, database.kysely);
    for (const part of this.#parts(segments)) {
      throwIfAborted(signal);
      await commit(async (transaction) => {
        await this.#holdGeneration(transaction);
        return { checkpoint: { ...part.position }, ...await this.#apply(transaction, part) };
      });
      this.#position = part.position;
      const { events } = part.position;
      progress({ done: events, total: Math.max(this.#total, events), unit: "rows" });
    }
  }

  /** The events left in the segments, as many together as make a commit. */
  *#parts(segments: readonly StreamSegment[]): Generator<Part> {
    const members = new MembersInOrder(this.context.core.archive, segments, this.#position);
    let { events } = this.#position;
    let batches: ReplayBatch[] = [];
    let count = 0, bytes = 0;
    const part = (): Part => {
      events += count;
      const { until } = this.#position;
      return { count, batches, position: { until, events, ...members.position } };
    };
    for (const { segment, member } of members) {
      const target = this.#targets.get(Number(segment.owner))!;
      let last = batches.at(-1);
      if (last?.target !== target) batches.push(last = { target, events: new ProfileBatch(target), positions: [] });
      const indexed = indexArchiveLines(member.lines);
      last.events.add(indexed, 0);
      for (let event = 0; event < indexed.times.length; event++) last.positions.push(member.position + event);
      count += indexed.times.length;
      bytes += member.lines.length;
      if (count < COMMIT_EVENTS && bytes < COMMIT_BYTES) continue;
      yield part();
      [batches, count, bytes] = [[], 0, 0];
    }
    if (count > 0) yield part();
  }

  async #apply(transaction: Transaction<Tables>, { batches, count }: Part): Promise<Omit<TaskStep, "checkpoint">> {
    let profilesCreated = 0, profilesUpdated = 0;
    for (const { target: { scope }, events, positions } of batches) {
      const { statements } = this.context.core;
      const applied = await applyBatch(
        transaction,
        statements,
        scope,
        events,
        (event) => positions[event]!,
        this.#heads,
      );
      await noteCrowded(transaction, scope, this.context.claim.run, applied.crowded);
      profilesCreated += applied.created;
      profilesUpdated += applied.updated;
    }
    return { read: count, profilesCreated, profilesUpdated };
  }

  /** Reads the rest and lets the generations change places, if the rest is small; else begins the next pass. */
  async #finish(): Promise<void> {
    const { claim: { account }, commit } = this.context;
    await commit(async (transaction) => {
      await this.#holdGeneration(transaction);
      // Locks the account's row: nothing is imported from here on to the end of this transaction.
      await moveEpoch(transaction, account);
      const { last } = await transaction.selectFrom("segments").select((select) => select.fn.max("id").as("last"))
        .where("account_id", "=", account).executeTakeFirstOrThrow();
      this.#position = { ...this.#position, until: last ?? 0 };
      const rest = await this.#segments(this.#position.until, transaction);
      if (await this.#eventsIn(transaction) - this.#position.events > LAST_EVENTS) {
        return { checkpoint: { ...this.#position } };
      }
      let read = 0, profilesCreated = 0, profilesUpdated = 0;
      for (const part of this.#parts(rest)) {
        const applied = await this.#apply(transaction, part);
        read += applied.read ?? 0;
        profilesCreated += applied.profilesCreated ?? 0;
        profilesUpdated += applied.profilesUpdated ?? 0;
      }
      await this.#swap(transaction);
      return { checkpoint: { ...this.#position }, read, profilesCreated, profilesUpdated };
    });
  }

  async #swap(transaction: Transaction<Tables>): Promise<void> {
    const { table, generation } = this.#config;
    const mine = transaction.updateTable("generations").where("account_id", "=", this.context.claim.account)
      .where("table_id", "=", table);
    await mine.set({ state: "retired" }).where("state", "=", "current").execute();
    await mine.set({ state: "current" }).where("id", "=", generation).execute();
  }

  /** Throws where what is being filled is no longer wanted. */
  async #holdGeneration(transaction: Transaction<Tables>): Promise<void> {
    const row = await transaction.updateTable("generations").set({ state: "building" })
      .where("account_id", "=", this.context.claim.account).where("id", "=", this.#config.generation)
      .where("state", "=", "building").returning("id").executeTakeFirst();
    if (row === undefined) throw replaced();
  }
}

/** Events of one stream, and their archive positions. */
interface ReplayBatch {
  readonly target: OpenTarget;
  readonly events: ProfileBatch;
  readonly positions: number[];
}

/** What one commit applies. */
interface Part {
  readonly count: number;
  readonly batches: readonly ReplayBatch[];
  /** The position after it. */
  readonly position: Position;
}

function replaced(): Failure {
  return new Failure(
    "cancelled",
    "The mappings of the profile table were changed again: a later run replays the events",
  );
}
