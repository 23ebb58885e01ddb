/**
 * Erases events and rejected rows: archive files that hold some are written anew without them.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { SegmentsTable } from "../database/tables.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import { namingTarget } from "../profiles/event_identities.ts";
import { rowsOfErased } from "../profiles/refusals.ts";
import { rewriteSegment } from "../profiles/rewrite_segment.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";
import { moveEpoch } from "./generations.ts";
import { dropUnnamedLogs, moveLogEpochs } from "./raw_logs/erase_logs.ts";
import { isAbout } from "./raw_logs/people.ts";
import type { PreambleLine, RejectLine } from "./import_buffer.ts";
import { delimiterOf } from "../profiles/people_in_text.ts";
import { readTarget } from "../profiles/raw_forms.ts";

/** How far a store of files is. */
interface Position {
  /** The last file that was there when the running imports began new ones. */
  readonly until: number;
  /** The last file that was looked at. */
  readonly segment: number;
  /** The file that another took the place of, to be removed. */
  readonly remove: string | null;
}

/** The events. */
export const eventStore: ErasableStore = {
  name: "events",
  tables: [],
  folders: ["archive"],
  stage: "archive",
  erase: (context) => eraseSegments(context, "stream", ({ owner }) => eventsOfErased(context, Number(owner))),
};

/** The rejected rows. */
export const rejectStore: ErasableStore = {
  name: "rejects",
  tables: [],
  folders: ["archive"],
  stage: "archive",
  erase: (context) => eraseSegments(context, "rejects", () => (lines) => rejectsOfErased(context, lines)),
};

/** The raw logs of apps. */
export const rawLogStore: ErasableStore = {
  name: "raw logs",
  tables: [],
  folders: ["archive"],
  stage: "archive",
  erase: async (context) => {
    await eraseSegments(context, "logs", () => (lines) => logsOfErased(context, lines));
    await dropUnnamedLogs(context.core, context.account);
  },
};

/** Marks the lines of a member that are to go. */
type Leaves = (lines: Uint8Array) => Uint8Array | undefined;

function eventsOfErased({ core, tables, rawForms }: EraseContext, stream: number): Leaves {
  const erased = tables.map(({ target, keys }) =>
    readTarget(namingTarget(target, core.identityKey, stream), stream, keys)
  );
  return (lines) => {
    const batch = indexArchiveLines(lines);
    const rows = rowsOfErased(batch, erased);
    if (rows !== undefined) { for (const own of erased) rawForms.add(batch, rows, own); }
    return rows;
  };
}

function rejectsOfErased({ people }: EraseContext, lines: Uint8Array): Uint8Array | undefined {
  let delimiter: string | undefined;
  const left = new TextDecoder().decode(lines).split("\n").slice(0, -1).map((text) => {
    const line: RejectLine | PreambleLine = JSON.parse(text);
    if ("preamble" in line) {
      delimiter = delimiterOf(Uint8Array.fromBase64(line.preamble));
      return 0;
    }
    return people.areIn(line.reason) || people.areInBytes(Uint8Array.fromBase64(line.raw), { delimiter }) ? 1 : 0;
  });
  return left.includes(1) ? Uint8Array.from(left) : undefined;
}

function logsOfErased({ people, tables }: EraseContext, lines: Uint8Array): Uint8Array | undefined {
  const fields = new Set(tables.flatMap(({ target }) => target.rules.identifyBy));
  const left = new TextDecoder().decode(lines).split("\n").slice(0, -1).map((line) =>
    isAbout({ people, fields }, parseJson(line), line) ? 1 : 0
  );
  return left.includes(1) ? Uint8Array.from(left) : undefined;
}

async function eraseSegments(
  context: EraseContext,
  kind: SegmentsTable["kind"],
  leavesOf: (segment: SegmentsTable) => Leaves,
): Promise<void> {
  const { core: { archive, database }, account, run, signal, commit } = context;
  let at = context.position as unknown as Position | undefined ?? await begin(context, kind);
  if (at.remove !== null) archive.remove(at.remove);
  const segments = await database.kysely.selectFrom("segments").selectAll().where("account_id", "=", account)
    .where("kind", "=", kind).where("id", ">", at.segment).where("id", "<=", at.until).orderBy("id").execute();
  for (const segment of segments) {
    signal.throwIfAborted();
    const to = `${segment.path.replace(/(?:~\w+)?\.jsonl\.gz$/, "")}~${run}.jsonl.gz`;
    // What an attempt that was killed began.
    if (to !== segment.path) archive.remove(to);
    const rewritten = rewriteSegment(archive, segment.path, segment.length, to, leavesOf(segment));
    // Between two files the thread that serves has its turn, and so has a stop.
    await new Promise((resolve) => setTimeout(resolve));
    if (rewritten === undefined) continue;
    const next: Position = { until: at.until, segment: segment.id, remove: segment.path };
    await commit(async (transaction) => {
      const own = { account_id: account, id: segment.id };
      if (rewritten.length === 0) await transaction.deleteFrom("segments").where((where) => where.and(own)).execute();
      else {
        await transaction.updateTable("segments").set({
          path: to,
          length: rewritten.length,
          events: Math.max(0, segment.events - rewritten.removed),
        }).where((where) => where.and(own)).execute();
      }
      if (kind === "rejects") {
        await transaction.updateTable("runs")
          .set((set) => ({ rejected_erased: set("rejected_erased", "+", rewritten.removed) }))
          .where("account_id", "=", account).where("id", "=", segment.owner).execute();
      } else if (kind === "stream") {
        await transaction.updateTable("streams")
          .set((set) => ({ events: set("events", "-", rewritten.removed) }))
          .where("account_id", "=", account).where("id", "=", Number(segment.owner)).execute();
      }
      return { position: next as unknown as JsonValue };
    });
    archive.remove(segment.path);
    at = next;
  }
}

/** Makes running imports, or collectors, begin new files, so that those which are there grow no more. */
async function begin({ account, commit }: EraseContext, kind: SegmentsTable["kind"]): Promise<Position> {
  let position: Position | undefined;
  await commit(async (transaction) => {
    await (kind === "logs" ? moveLogEpochs : moveEpoch)(transaction, account);
    const { last } = await transaction.selectFrom("segments").select((select) => select.fn.max("id").as("last"))
      .where("account_id", "=", account).executeTakeFirstOrThrow();
    position = { until: last ?? 0, segment: 0, remove: null };
    return { position: position as unknown as JsonValue };
  });
  return position!;
}
