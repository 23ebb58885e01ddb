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
import type { SegmentsTable, Tables } from "../database/tables.ts";
import { applyBatch } from "../profiles/apply.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import { readMembers } from "../profiles/archive_members.ts";
import { type GenerationDefinition, type OpenTarget, openTarget } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { moveEpoch, REPLAY, type ReplayConfig } from "./generations.ts";
import type { Task, TaskContext } from "./task.ts";

/** Events that one commit applies. */
const COMMIT_EVENTS = 100_000;
/** Bytes of lines that one commit applies. */
const COMMIT_BYTES = 8 << 20;
/** Events that may be read while imports wait. */
const LAST_EVENTS = 20_000;

/** How far a replay is. */
interface Position {
  /** Last segment of the present pass. */
  readonly until: number;
  /** The segment being read, and the byte of it to go on at. */
  readonly segment: number;
  readonly offset: number;
  /** Events read. */
  readonly events: number;
}

type Segment = Pick<SegmentsTable, "id" | "owner" | "path" | "length" | "events">;

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

  constructor(private readonly context: TaskContext) {
    this.#config = context.config as unknown as ReplayConfig;
    this.#position = context.checkpoint as unknown as Position ?? { until: 0, segment: 0, offset: 0, events: 0 };
  }

  async work(): Promise<void> {
    await this.#openTargets();
    while (true) {
      for (const segment of await this.#segments(this.#position.until)) await this.#readSegment(segment);
      if (await this.#finish()) return;
    }
  }

  async #openTargets(): Promise<void> {
    const { core, claim: { account } } = this.context;
    const { table, generation } = this.#config;
    const row = await core.database.kysely.selectFrom("generations").select("definition")
      .where("account_id", "=", account).where("id", "=", generation).executeTakeFirst();
    if (row === undefined) throw replaced();
    const definition: GenerationDefinition = JSON.parse(row.definition);
    const target = { scope: { account, table: generation }, table, generation: definition };
    for (const { stream } of definition.mappings) {
      this.#targets.set(stream, openTarget(target, core.identityKey, stream));
    }
    const streams = [...this.#targets.keys()];
    if (streams.length === 0) return;
    const { events } = await core.database.kysely.selectFrom("streams")
      .select((select) => select.fn.coalesce(select.fn.sum<number>("events"), select.val(0)).as("events"))
      .where("account_id", "=", account).where("id", "in", streams).executeTakeFirstOrThrow();
    this.#total = Number(events);
  }

  /** The segments not read yet, in order, up to one. */
  async #segments(until: number, executor = this.context.core.database.kysely): Promise<Segment[]> {
    const owners = [...this.#targets.keys()].map(String);
    if (owners.length === 0) return [];
    const { segment, offset } = this.#position;
    return await executor.selectFrom("segments").select(["id", "owner", "path", "length", "events"])
      .where("account_id", "=", this.context.claim.account).where("kind", "=", "stream").where("owner", "in", owners)
      .where("id", offset === 0 ? ">" : ">=", segment).where("id", "<=", until).orderBy("id").execute();
  }

  async #readSegment(segment: Segment): Promise<void> {
    for (const part of this.#parts(segment)) {
      throwIfAborted(this.context.signal);
      await this.context.commit(async (transaction) => {
        await this.#holdGeneration(transaction);
        const applied = await part.apply(transaction);
        return { checkpoint: { ...part.position }, read: part.events, ...applied };
      });
      this.#position = part.position;
      this.context.progress({ done: part.position.events, total: Math.max(this.#total, part.position.events), unit: "rows" });
    }
  }

  /** A segment's members from the position on, as many together as make a commit. */
  *#parts(segment: Segment): Generator<Part> {
    const target = this.#targets.get(Number(segment.owner))!;
    let { events } = this.#position;
    const from = this.#position.segment === segment.id ? this.#position.offset : 0;
    let batch = new ProfileBatch(target);
    let positions: number[] = [];
    let bytes = 0;
    const part = (end: number): Part => {
      const [own, at] = [batch, positions];
      events += own.count;
      batch = new ProfileBatch(target);
      positions = [];
      bytes = 0;
      return {
        events: own.count,
        position: { until: this.#position.until, segment: segment.id, offset: end === segment.length ? 0 : end, events },
        apply: async (transaction) => {
          const { statements } = this.context.core;
          const { created, updated } = await applyBatch(transaction, statements, target.scope, own, (event) => at[event]!);
          return { profilesCreated: created, profilesUpdated: updated };
        },
      };
    };
    for (const { position, end, lines } of readMembers(this.context.core.archive, segment.path, segment.length, from)) {
      const indexed = indexArchiveLines(lines);
      batch.add(indexed, 0);
      for (let event = 0; event < indexed.times.length; event++) positions.push(position + event);
      bytes += lines.length;
      if (batch.count >= COMMIT_EVENTS || bytes >= COMMIT_BYTES) yield part(end);
    }
    if (batch.count > 0) yield part(segment.length);
  }

  /** Reads the rest and lets the generations change places, if the rest is small; else begins the next pass. */
  async #finish(): Promise<boolean> {
    const { core, claim: { account }, commit } = this.context;
    let done = false;
    await commit(async (transaction) => {
      // Locks the account's row: nothing is imported from here on to the end of this transaction.
      await moveEpoch(transaction, account);
      await this.#holdGeneration(transaction);
      const { last } = await transaction.selectFrom("segments").select((select) => select.fn.max("id").as("last"))
        .where("account_id", "=", account).executeTakeFirstOrThrow();
      const rest = await this.#segments(last ?? 0, transaction);
      if (rest.reduce((sum, { events }) => sum + events, 0) > LAST_EVENTS) {
        this.#position = { ...this.#position, until: last ?? 0 };
        return { checkpoint: { ...this.#position } };
      }
      let read = 0, profilesCreated = 0, profilesUpdated = 0;
      for (const segment of rest) {
        for (const part of this.#parts(segment)) {
          const applied = await part.apply(transaction);
          read += part.events;
          profilesCreated += applied.profilesCreated;
          profilesUpdated += applied.profilesUpdated;
        }
      }
      await this.#swap(transaction);
      done = true;
      return { checkpoint: { ...this.#position }, read, profilesCreated, profilesUpdated };
    });
    if (done) core.swept(account);
    return done;
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

/** Some events of a segment. */
interface Part {
  readonly events: number;
  /** The position after them. */
  readonly position: Position;
  apply(transaction: Transaction<Tables>): Promise<{ readonly profilesCreated: number; readonly profilesUpdated: number }>;
}

function replaced(): Failure {
  return new Failure("cancelled", "The mappings of the profile table were changed again: a later run replays the events");
}
