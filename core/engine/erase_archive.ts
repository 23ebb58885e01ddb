/**
 * Erases events and rejected rows: archive files that hold some are written anew without them.
 *
 * @module
 */
import { join } from "node:path";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import type { SegmentsTable } from "../database/tables.ts";
import type { Archive } from "../profiles/archive.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import { namingTarget } from "../profiles/event_identities.ts";
import { rowsOfErased } from "../profiles/refusals.ts";
import { rewriteSegment, type Rewritten, rewrittenPath } from "../profiles/rewrite_segment.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";
import { ErasedFields } from "./erased_fields.ts";
import { moveEpoch } from "./generations.ts";
import { namesIn } from "./stored_files.ts";
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
  const { core: { archive, database }, account, signal } = context;
  let at = context.position as unknown as Position | undefined ?? await begin(context, kind);
  if (at.remove !== null) archive.remove(at.remove);
  const segments = await database.kysely.selectFrom("segments").select("id").where("account_id", "=", account)
    .where("kind", "=", kind).where("id", ">", at.segment).where("id", "<=", at.until).orderBy("id").execute();
  for (const { id } of segments) {
    signal.throwIfAborted();
    at = await eraseSegment(context, at, id, leavesOf);
  }
}

/** Writes a segment anew, as far as it holds some; gives the position after it. */
async function eraseSegment(
  { core: { archive, database }, account, run, commit }: EraseContext,
  at: Position,
  id: number,
  leavesOf: (segment: SegmentsTable) => Leaves,
): Promise<Position> {
  const own = { account_id: account, id };
  const find = () =>
    database.kysely.selectFrom("segments").selectAll().where((where) => where.and(own)).executeTakeFirst();
  const segment = await find();
  // An import of a list that begins anew forgets what it rejected before.
  if (segment === undefined) return at;
  const { kind, owner, path, length, events } = segment;
  const to = rewrittenPath(path, run);
  // What an attempt that was killed began.
  archive.remove(to);
  const leaves = leavesOf(segment);
  const fields = kind === "stream" ? await ErasedFields.of(database.kysely, account, Number(owner)) : undefined;
  let rewritten: Rewritten | undefined;
  try {
    rewritten = rewriteSegment(archive, path, length, to, (lines) => {
      const rows = leaves(lines);
      if (rows !== undefined) fields?.add(lines, rows);
      return rows;
    });
  } catch (error) {
    if (await find() === undefined) return at;
    throw error;
  }
  // Between two files the thread that serves has its turn, and so has a stop.
  await new Promise((resolve) => setTimeout(resolve));
  if (rewritten === undefined) return at;
  const { length: left, removed } = rewritten;
  let next = at;
  await commit(async (transaction) => {
    // First the run, then its files: an import that begins anew takes them in this order.
    const rejecting = transaction.updateTable("runs").where("account_id", "=", account).where("id", "=", owner);
    if (kind === "rejects") await rejecting.set((set) => ({ rejected_erased: set.ref("rejected_erased") })).execute();
    const changed = left === 0
      ? await transaction.deleteFrom("segments").where((where) => where.and(own)).returning("id").execute()
      : await transaction.updateTable("segments")
        .set({ path: to, length: left, events: Math.max(0, events - removed) })
        .where((where) => where.and(own)).returning("id").execute();
    const isThere = changed.length > 0;
    if (isThere && kind === "rejects") {
      await rejecting.set((set) => ({ rejected_erased: set("rejected_erased", "+", removed) })).execute();
    } else if (isThere && kind === "stream") {
      await transaction.updateTable("streams").set((set) => ({ events: set("events", "-", removed) }))
        .where("account_id", "=", account).where("id", "=", Number(owner)).execute();
      await fields?.subtract(transaction);
    }
    next = { until: at.until, segment: id, remove: isThere ? path : to };
    return { position: next as unknown as JsonValue };
  });
  archive.remove(next.remove!);
  return next;
}

/**
 * Makes running imports, or collectors, begin new files, so that those which are there grow no more. What imports that
 * were cut off never recorded goes.
 */
async function begin(
  { core: { archive }, account, commit }: EraseContext,
  kind: SegmentsTable["kind"],
): Promise<Position> {
  let position: Position | undefined;
  await commit(async (transaction) => {
    if (kind === "logs") await moveLogEpochs(transaction, account);
    else {
      // Locks the account's row: what nobody has recorded now, nobody will.
      await moveEpoch(transaction, account);
      await dropUnrecorded(transaction, archive, account, kind);
    }
    const { last } = await transaction.selectFrom("segments").select((select) => select.fn.max("id").as("last"))
      .where("account_id", "=", account).executeTakeFirstOrThrow();
    position = { until: last ?? 0, segment: 0, remove: null };
    return { position: position as unknown as JsonValue };
  });
  return position!;
}

/** Cuts off what no segment of a kind has recorded. Runs in a transaction that holds the account's row. */
async function dropUnrecorded(
  transaction: Executor,
  archive: Archive,
  account: number,
  kind: "stream" | "rejects",
): Promise<void> {
  const rows = await transaction.selectFrom("segments").select(["path", "length"]).where("account_id", "=", account)
    .where("kind", "=", kind).execute();
  const lengths = new Map(rows.map(({ path, length }) => [path, length]));
  const root = String(account);
  for (const owner of await namesIn(join(archive.folder, root))) {
    if (!owner.startsWith(kind)) continue;
    for (const day of await namesIn(join(archive.folder, root, owner))) {
      const folder = `${root}/${owner}/${day}`;
      for (const name of await namesIn(join(archive.folder, folder))) archive.cut(`${folder}/${name}`, lengths);
    }
  }
}
