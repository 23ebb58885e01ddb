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
import { folderSpool } from "../codecs/spool.ts";
import { throwIfAborted } from "../contracts/failure.ts";
import { giveBack } from "../contracts/give_back.ts";
import type { Executor } from "../database/database.ts";
import type { SegmentsTable, Tables } from "../database/tables.ts";
import { noteSwap } from "../profiles/feed/note_swap.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import { forgetRows } from "../profiles/changes/change_rows.ts";
import { MembersInOrder, type OrderPosition } from "../profiles/archive_order.ts";
import { type GenerationDefinition, type OpenTarget, openTarget, type Target } from "../profiles/mapping.ts";
import type { PackedProfileBatch } from "../profiles/packed_batch.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { ReplayThread } from "./commit_thread.ts";
import type { Commits } from "./commits.ts";
import { crowdedNotes } from "./crowded_note.ts";
import { currentGeneration, moveEpoch, REPLAY, type ReplayConfig } from "./generations.ts";
import { LazyCommits, MANY_EVENTS } from "./lazy_commits.ts";
import { InlineReplayCommits, replaced, type ReplayPart, type ReplayProfiles, ReplayWriter } from "./replay_commit.ts";
import type { Task, TaskContext } from "./task.ts";

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
  #commits: Commits<ReplayPart> | undefined;
  #spare: PackedProfileBatch[] = [];
  /** Writes what this thread commits. */
  readonly #writer: ReplayWriter;

  constructor(private readonly context: TaskContext) {
    const { core, claim } = context;
    this.#config = context.config as unknown as ReplayConfig;
    const scope = { account: claim.account, table: this.#config.generation };
    this.#writer = new ReplayWriter(core.statements, scope, claim, folderSpool(core.home.workDir));
    this.#position = context.checkpoint as unknown as Position ?? { until: 0, next: 0, offsets: {}, events: 0 };
  }

  async work(): Promise<void> {
    try {
      while (!await this.#inPlace()) {
        await this.#pass();
        await this.#finish();
      }
      for (const note of await this.#crowdedNotes()) this.context.note(note);
    } finally {
      await this.#commits?.[Symbol.asyncDispose]();
    }
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
    this.#commits = this.#openCommits(target);
  }

  #openCommits(target: Target): Commits<ReplayPart> {
    const { core, claim, commit, helper: port } = this.context;
    const here = () => new InlineReplayCommits(commit, this.#writer);
    if (port === undefined) return here();
    const { identityKey, home: { database, archiveDir, workDir } } = core;
    const start = { type: "replay", database, archiveDir, workDir, claim, target, identityKey } as const;
    return new LazyCommits(here, () => new ReplayThread(start, port));
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

  /** Reads what the present pass has left; all of it is committed then. */
  async #pass(): Promise<void> {
    const { core: { database }, signal, progress } = this.context;
    const commits = this.#commits!;
    const segments = await this.#segments(this.#position.until, database.kysely);
    for (const { position, ...part } of this.#parts(segments)) {
      throwIfAborted(signal);
      await commits.commit({ ...part, checkpoint: { ...position } });
      this.#spare = [...commits.spare()?.profiles ?? []];
      this.#position = position;
      progress({ done: position.events, total: Math.max(this.#total, position.events), unit: "rows" });
    }
    await commits.drain();
  }

  /** The events left in the segments, as many together as make a commit. */
  *#parts(segments: readonly StreamSegment[]): Generator<Part> {
    const members = new MembersInOrder(this.context.core.archive, segments, this.#position);
    let done = this.#position.events;
    let batches: OpenBatch[] = [];
    let events = 0, lines = 0;
    const part = (): Part => {
      done += events;
      const { until } = this.#position;
      return { events, lines, batches, position: { until, events: done, ...members.position } };
    };
    for (const { segment, member } of members) {
      const stream = Number(segment.owner);
      let last = batches.at(-1);
      if (last?.stream !== stream) batches.push(last = { stream, profiles: this.#newBatch(stream), positions: [] });
      const indexed = indexArchiveLines(member.lines);
      const count = indexed.times.length;
      // Whom they name is noted by the thread that commits, unless this one has to wait for it.
      last.profiles.add(indexed, 0, { later: true });
      last.positions.push({ first: member.position, count });
      events += count;
      lines += member.lines.length;
      giveBack(member.lines, indexed.bytes, indexed.rows, indexed.times, indexed.columns.spans);
      forgetRows(indexed);
      // The first one is as small as a thread is worth: that begins the sooner.
      if (events < (done === 0 ? MANY_EVENTS : COMMIT_EVENTS) && lines < COMMIT_BYTES) continue;
      yield part();
      [batches, events, lines] = [[], 0, 0];
    }
    if (events > 0) yield part();
  }

  /** An empty batch, in memory that is spare where there is some. */
  #newBatch(stream: number): ProfileBatch {
    const target = this.#targets.get(stream)!, memory = this.#spare.pop();
    return memory === undefined ? new ProfileBatch(target) : ProfileBatch.recycle(memory, target);
  }

  /** Reads the rest and lets the generations change places, if the rest is small; else begins the next pass. */
  async #finish(): Promise<void> {
    const { claim: { account }, commit } = this.context;
    await commit(async (transaction) => {
      // Locks the account's row: nothing is imported from here on to the end of this transaction. Before the
      // generation's, as whoever changes a mapping does.
      await moveEpoch(transaction, account);
      await this.#writer.hold(transaction);
      const { last } = await transaction.selectFrom("segments").select((select) => select.fn.max("id").as("last"))
        .where("account_id", "=", account).executeTakeFirstOrThrow();
      this.#position = { ...this.#position, until: last ?? 0 };
      const rest = await this.#segments(this.#position.until, transaction);
      if (await this.#eventsIn(transaction) - this.#position.events > LAST_EVENTS) {
        return { checkpoint: { ...this.#position } };
      }
      let read = 0, profilesCreated = 0, profilesUpdated = 0;
      for (const part of this.#parts(rest)) {
        const applied = await this.#writer.apply(transaction, { ...part, checkpoint: null });
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
    const { core: { database }, claim: { account } } = this.context;
    const { definition } = await transaction.selectFrom("generations").select("definition")
      .where("account_id", "=", account).where("id", "=", generation).executeTakeFirstOrThrow();
    const next = { scope: { account, table: generation }, table, generation: JSON.parse(definition) };
    await noteSwap(transaction, database.kind, await currentGeneration(transaction, account, table), next);
    const mine = transaction.updateTable("generations").where("account_id", "=", account)
      .where("table_id", "=", table);
    await mine.set({ state: "retired" }).where("state", "=", "current").execute();
    await mine.set({ state: "current" }).where("id", "=", generation).execute();
  }
}

/** A batch that is being filled. */
interface OpenBatch extends ReplayProfiles {
  readonly positions: { readonly first: number; readonly count: number }[];
}

/** What one commit applies. */
interface Part extends Omit<ReplayPart, "checkpoint"> {
  readonly batches: readonly OpenBatch[];
  /** The position after it. */
  readonly position: Position;
}
