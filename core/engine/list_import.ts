/**
 * An attempt at the run of an import whose rows are the members of a list: they are gathered to the last, then put in the
 * place of those that are there.
 *
 * Rejected rows are archived as they come. An attempt that is interrupted leaves nothing but those: the next begins anew,
 * without them.
 *
 * @module
 */
import { folderSpool } from "../codecs/spool.ts";
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { ImportJobDefinition, RunCounts } from "../contracts/job.ts";
import type { ListTarget } from "../contracts/list_target.ts";
import type { RecordBatch, RejectedRow, Row } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import { EventLines } from "../profiles/event_lines.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { rulesOf } from "../profiles/mapping.ts";
import { erasedInText, erasedValues, rejectedRow } from "../profiles/refusals.ts";
import { type Attempt, givenTo } from "./attempt.ts";
import { ImportBuffer } from "./import_buffer.ts";
import { ImportCommits, segmentFolder } from "./import_commit.ts";
import { importFilesOf, ledgerName } from "./import_files.ts";
import { appOf, findTargetList, replaceMembers } from "./list_commit.ts";
import { currentGeneration } from "./generations.ts";
import { ListMembers } from "./list_members.ts";
import type { MarkedFile } from "./ledger.ts";
import { holdUnlessStopped } from "./claim.ts";
import { erasedFor, NO_STREAM } from "./refused.ts";
import { noSnapshots } from "./comparisons.ts";

/** Runs the import; the list is as its rows say when it resolves. */
export async function importList(job: ImportJobDefinition, target: ListTarget, attempt: Attempt): Promise<void> {
  const { core, row, signal } = attempt;
  // Only its end was not written down any more.
  if (row.checkpoint !== null) return;
  const list = await openList(target, attempt);
  const nobody = async () => ({ stream: NO_STREAM, erased: [] });
  const ledger = importFilesOf(core, row, ledgerName(target), nobody, undefined);
  await job.run({
    ...givenTo(job, attempt),
    checkpoint: undefined,
    emit: async (rows, _checkpoint, files, passed) => await list.take(rows, ledger.passed(files, passed).files),
    reject: async (rows, preamble) => await list.reject(rows, preamble),
    // Nothing of it is durable before all of it is.
    flush: () => Promise.resolve(),
    files: ledger.files,
    snapshots: noSnapshots(folderSpool(core.home.workDir)),
  });
  // A plugin may take an abort for an end.
  throwIfAborted(signal);
  await list.finish();
}

/** Finds the list's app and table, and makes room for this attempt's rejected rows. */
async function openList(target: ListTarget, attempt: Attempt): Promise<ListRun> {
  const { core, claim, row } = attempt;
  const { account } = claim;
  const opened = await core.database.write(async (transaction) => {
    await holdUnlessStopped(transaction, claim);
    const app = await appOf(transaction, account, target.list.app);
    await findTargetList(transaction, account, app, target);
    if (row.attempts > 1) await forgetRejects(transaction, attempt);
    const { generation } = await currentGeneration(transaction, account, app.table_id);
    const { import_epoch: epoch } = await transaction.selectFrom("accounts").select("import_epoch")
      .where("id", "=", account).executeTakeFirstOrThrow();
    const erased = await erasedFor(transaction, account, NO_STREAM, core.identityKey);
    const place = { key: core.identityKey, account, table: app.table_id, field: target.member };
    const members = new ListMembers(rulesOf(generation).identity, erasedValues(erased, target.member), place);
    const nowhere = { stream: NO_STREAM, epoch, targets: [] }, spool = folderSpool(core.home.workDir);
    const commits = new ImportCommits(core.database, core.statements, core.archive, claim, nowhere, spool);
    return new ListRun(target, attempt, { members, commits, epoch, people: erasedInText(erased) });
  });
  // Only when nothing knows of them any more.
  if (row.attempts > 1) await removeRejects(attempt);
  return opened;
}

/** Forgets the rejected rows of the attempts before, which had nothing else to show. */
async function forgetRejects(transaction: Executor, { claim: { account, run } }: Attempt): Promise<void> {
  await transaction.deleteFrom("segments").where("account_id", "=", account).where("kind", "=", "rejects")
    .where("owner", "=", run).execute();
  const none = { rows_read: 0, accepted: 0, rejected: 0, rejected_erased: 0, refused: 0 };
  await transaction.updateTable("runs").set(none).where("account_id", "=", account).where("id", "=", run).execute();
}

/** Removes their files. */
async function removeRejects({ core, claim: { account, run }, row }: Attempt): Promise<void> {
  const now = await core.database.now();
  for (let day = row.started_at ?? row.created_at; day < now + DAY; day += DAY) {
    core.archive.reclaim(segmentFolder(account, "rejects", day), (name) => name.includes(run), new Map());
  }
}

const DAY = 86_400_000;

/** What a list's import works with. */
interface ListParts {
  readonly members: ListMembers;
  readonly commits: ImportCommits;
  readonly epoch: number;
  /** Finds the erased in rows that cannot be read. */
  readonly people: ReturnType<typeof erasedInText>;
}

/** The rows of one attempt. */
class ListRun {
  readonly #lines = new EventLines();
  readonly #files: MarkedFile[] = [];
  #counts: RunCounts = { read: 0, accepted: 0, rejected: 0, unchanged: 0, refused: 0 };
  #firstReason: string | undefined;
  #buffer: ImportBuffer;

  constructor(
    private readonly target: ListTarget,
    private readonly attempt: Attempt,
    private readonly parts: ListParts,
  ) {
    this.#buffer = this.#newBuffer();
  }

  /** `emit` of the contract. */
  async take(rows: RecordBatch | readonly Row[], files: readonly MarkedFile[] = []): Promise<void> {
    throwIfAborted(this.attempt.signal);
    const batch = indexRows(rows);
    const { accepted, refused, nobody } = this.parts.members.take(batch);
    this.#count({ accepted, refused });
    this.#files.push(...files);
    const reason = `Has a "${this.target.member}" that names nobody`;
    if (nobody.length > 0) await this.reject(nobody.map((row) => rejectedRow(batch, row, reason)));
  }

  /** `reject` of the contract. */
  async reject(rows: readonly RejectedRow[], preamble?: Uint8Array): Promise<void> {
    throwIfAborted(this.attempt.signal);
    const { people } = this.parts;
    const about = people.isEmpty
      ? new Set<RejectedRow>()
      : new Set(rows.filter(({ reason, raw }) => people.areIn(reason) || people.areInBytes(raw, {})));
    this.#firstReason ??= rows.find((row) => !about.has(row))?.reason;
    this.#buffer.reject(rows, preamble, about);
    this.#count({ rejected: rows.length });
    if (this.#buffer.overflowing) await this.#archive();
  }

  /** Replaces the members, where there are any. */
  async finish(): Promise<void> {
    if (this.#buffer.rejected > 0) await this.#archive();
    const { read, rejected } = this.#counts, { run } = this.attempt.claim;
    // Nothing to read, such as a file that is known already, changes nothing.
    if (read === 0) return;
    if (rejected === read) {
      throw new Failure(
        "data",
        `Every one of the ${read} rows was rejected: ${this.#firstReason ?? "see the rejects"}`,
        {
          hint: `Look at \`waybill run rejects ${run}\`; the list stays as it was`,
        },
      );
    }
    const { members: { keys }, epoch } = this.parts;
    const { target } = this;
    await replaceMembers(this.attempt, { target, keys, counts: this.#counts, epoch, files: this.#files });
  }

  async #archive(): Promise<void> {
    const { attempt, parts: { commits } } = this;
    const { rejected } = this.#buffer;
    // The others are counted when the list is as they say.
    const counted = { read: rejected, accepted: 0, rejected, unchanged: 0, refused: 0 };
    await commits.commit({ ...this.#buffer.take(), counted, bytes: attempt.bytes(), duration: attempt.duration() });
    this.#buffer = this.#newBuffer();
  }

  #count({ accepted = 0, refused = 0, rejected = 0 }: Partial<RunCounts>): void {
    const before = this.#counts;
    this.#counts = {
      read: before.read + accepted + refused + rejected,
      accepted: before.accepted + accepted,
      rejected: before.rejected + rejected,
      unchanged: 0,
      refused: before.refused + refused,
    };
  }

  #newBuffer(): ImportBuffer {
    const { row } = this.attempt;
    return new ImportBuffer(row.started_at ?? row.created_at, this.#lines, []);
  }
}
