/**
 * Opens the engine's side of an import when its first rows come: a run that gets no row makes no stream and no mapping.
 *
 * @module
 */
import type { Transaction } from "kysely";
import { folderSpool } from "../codecs/spool.ts";
import type { ImportTarget, RunCounts } from "../contracts/job.ts";
import type { RunsTable, Tables } from "../database/tables.ts";
import { ChangeCheck } from "../profiles/changes/check_changes.ts";
import { identityFieldsOf, openTarget } from "../profiles/mapping.ts";
import { isRewritten } from "../profiles/rewrite_segment.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { CommitThread } from "./commit_thread.ts";
import type { Core } from "./core.ts";
import { crowdedNotes } from "./crowded_note.ts";
import { ImportCommits, segmentFolder } from "./import_commit.ts";
import { ImportRun } from "./import_run.ts";
import { LazyCommits } from "./lazy_commits.ts";
import { type Claim, holdUnlessStopped } from "./claim.ts";
import { erasedFor } from "./refused.ts";
import type { ErasedOfStream } from "./snapshot_people.ts";
import { type ImportPlace, placeImport } from "./streams.ts";

/** What the attempt around an import gives. */
export interface ImportAttempt {
  readonly signal: AbortSignal;
  /** Bytes of the source read so far. */
  readonly bytes: () => number;
  /** Milliseconds worked so far. */
  readonly duration: () => number;
  /** Leads to the Worker beside this one; without one, this thread does everything. */
  readonly helper: MessagePort | undefined;
  /** Takes a sentence that the user should read. */
  readonly note: (sentence: string) => void;
}

/** An open import. Disposing of it waits for the commit under way. */
export interface OpenImport extends AsyncDisposable {
  readonly run: ImportRun;
  /** Whose rows are refused. */
  readonly people: ErasedOfStream;
  /** Commits the rest, looks at the rejects, and notes what the user should know. */
  finish(): Promise<void>;
}

/** Finds or makes the import's stream and mapping, and opens what commits its rows. */
export async function openImport(
  core: Core,
  claim: Claim,
  row: RunsTable,
  target: ImportTarget,
  attempt: ImportAttempt,
): Promise<OpenImport> {
  const { place, erased } = await core.database.write(async (transaction) => {
    await holdUnlessStopped(transaction, claim);
    const now = await core.database.now();
    const place = await placeImport(transaction, claim.account, target, now);
    if (row.attempts > 1) await reclaimArchive(core, transaction, claim, place.stream, row.started_at ?? now, now);
    return { place, erased: await erasedFor(transaction, claim.account, place.stream, core.identityKey) };
  });
  notePlace(place, target, attempt.note);
  const targets = place.targets.map((target) => openTarget(target, core.identityKey, place.stream));
  const { database, archiveDir, workDir } = core.home, spool = folderSpool(workDir);
  const here = () => new ImportCommits(core.database, core.statements, core.archive, claim, place, spool);
  const { helper: port } = attempt;
  const start = { type: "import", database, archiveDir, workDir, claim, place, identityKey: core.identityKey } as const;
  const commits = new LazyCommits(here, port === undefined ? here : () => new CommitThread(start, port));
  const [changed] = targets.filter(({ ofChanges }) => ofChanges);
  const run = new ImportRun({
    run: claim.run,
    commits,
    startedAt: row.started_at ?? row.created_at,
    threshold: target.rejectThreshold,
    counts: countsOf(row),
    changes: changed === undefined ? undefined : {
      check: new ChangeCheck(changed.rules),
      committed: async () => await committedCounts(core, claim),
    },
    profiles: (spare) =>
      targets.map((target, index) => {
        const memory = spare?.[index];
        return memory === undefined ? new ProfileBatch(target) : ProfileBatch.recycle(memory, target);
      }),
    erased,
    signal: attempt.signal,
    bytes: attempt.bytes,
    duration: attempt.duration,
  });
  return {
    run,
    people: { stream: place.stream, erased },
    finish: async () => {
      await run.finish();
      for (const note of await crowdedNotes(core.database.kysely, claim.run, targets)) attempt.note(note);
      if (run.unidentified === 0) return;
      const names = new Set(targets.flatMap(({ rules }) => rules.identifyBy));
      const fields = [...names].map((field) => `"${field}"`).join(" or ");
      const rows = run.unidentified === 1 ? "1 row has" : `${run.unidentified} rows have`;
      attempt.note(`${rows} no value in ${fields}: in the stream, and in no profile`);
    },
    [Symbol.asyncDispose]: async () => {
      await run[Symbol.asyncDispose]();
      await commits[Symbol.asyncDispose]();
    },
  };
}

/**
 * Removes what the attempts before this one appended to the archive and never committed. Runs in a transaction that
 * holds the fence: no attempt before it can be appending.
 */
async function reclaimArchive(
  core: Core,
  transaction: Transaction<Tables>,
  { account, run }: Claim,
  stream: number,
  since: number,
  now: number,
): Promise<void> {
  // Locked: an erasure that writes one anew does not remove it before it was looked at.
  const segments = await transaction.selectFrom("segments").select(["path", "length"])
    .where("account_id", "=", account).where("writer", "like", `${run}-%`)
    .$if(core.database.kind === "postgres", (query) => query.forUpdate()).execute();
  const lengths = new Map(segments.map(({ path, length }) => [path, length]));
  core.archive.verify(lengths);
  // What an erasure is writing in the place of one is no attempt's.
  const isOwn = (name: string) => name.includes(run) && !isRewritten(name);
  for (let day = since; day < now + DAY; day += DAY) {
    core.archive.reclaim(segmentFolder(account, stream, day), isOwn, lengths);
    core.archive.reclaim(segmentFolder(account, "rejects", day), isOwn, lengths);
  }
}

const DAY = 86_400_000;

function notePlace(
  { stream, targets, mapped, replay }: ImportPlace,
  target: ImportTarget,
  note: ImportAttempt["note"],
): void {
  if (!mapped) {
    note(
      `Stream "${target.stream}" has no mapping: its events are kept and make no profiles until it has one. ` +
        `\`waybill mapping suggest ${target.stream}\` makes one from its fields, for \`waybill mapping create --file -\``,
    );
    return;
  }
  if (targets.length === 0) {
    note(
      `The mapping of stream "${target.stream}" holds once its table is filled anew: these events make profiles then`,
    );
    return;
  }
  if (replay !== undefined) {
    note(
      `Events that came in before this mapping are replayed by run "${replay}"; ` +
        `where no server runs: \`waybill run retry ${replay}\``,
    );
  }
  const own = new Set(
    targets.flatMap(({ generation }) =>
      generation.mappings.filter((mapping) => mapping.stream === stream)
        .flatMap(({ definition }) => identityFieldsOf(definition))
    ),
  );
  if (target.identifyBy.length > 0 && own.symmetricDifference(new Set(target.identifyBy)).size > 0) {
    const fields = Array.from(own, (field) => `"${field}"`).join(", ");
    note(`Stream "${target.stream}" already identifies profiles by ${fields}; \`identify_by\` changed nothing`);
  }
}

async function committedCounts({ database }: Core, { account, run }: Claim): Promise<RunCounts> {
  return countsOf(
    await database.kysely.selectFrom("runs").select(["rows_read", "accepted", "rejected", "unchanged", "refused"])
      .where("account_id", "=", account).where("id", "=", run).executeTakeFirstOrThrow(),
  );
}

type CountColumns = Pick<RunsTable, "rows_read" | "accepted" | "rejected" | "unchanged" | "refused">;

function countsOf(row: CountColumns): RunCounts {
  const { rows_read: read, accepted, rejected, unchanged, refused } = row;
  return { read, accepted, rejected, unchanged, refused };
}
