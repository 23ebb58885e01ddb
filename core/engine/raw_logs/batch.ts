/**
 * Batches that wait to be committed, and what is made of a group of them: gzip members for the hours of apps.
 *
 * @module
 */
import { gzipMember } from "../../profiles/archive.ts";
import { completeAt, hourOf } from "./hours.ts";
import { isAbout, type SoughtInLogs } from "./people.ts";
import { lateLine, type LogRow } from "./rows.ts";
import type { CollectedView } from "./views.ts";

/** An app of an account. */
export interface AppRef {
  readonly account: number;
  readonly app: string;
}

/** What names a batch that may be sent again. */
export interface BatchKey {
  /** SHA-256, hex, of caller, app and key. */
  readonly hash: string;
  /** SHA-256, hex, of its lines. */
  readonly digest: string;
}

/** A batch that was read. */
export interface Batch extends AppRef {
  readonly rows: readonly LogRow[];
  readonly key: BatchKey | undefined;
}

/** What an app's batches were prepared under. */
export interface AppState {
  readonly epoch: number;
  /** Who is refused; undefined where nobody is. */
  readonly refused: SoughtInLogs | undefined;
}

/** What goes into one hour of an app. */
export interface HourMembers extends AppRef {
  readonly hour: number;
  readonly members: readonly { readonly bytes: Uint8Array; readonly events: number }[];
}

/** A group of batches, ready to be committed. */
export interface Prepared {
  readonly hours: readonly HourMembers[];
  /** What each batch is answered. */
  readonly answers: ReadonlyMap<Batch, CollectedView>;
  /** Apps, by {@linkcode appName}: what has to hold when it is committed. */
  readonly states: ReadonlyMap<string, AppState & AppRef>;
}

/** Characters of a member: whoever reads it holds it. */
const MEMBER = 1 << 20;

const encoder = new TextEncoder();

/** Names an app among all. */
export function appName({ account, app }: AppRef): string {
  return `${account}/${app}`;
}

/** Sorts rows into hours and compresses them; others have their turn between members. */
export async function prepare(
  batches: readonly Batch[],
  states: Prepared["states"],
  now: number,
): Promise<Prepared> {
  const answers = new Map<Batch, CollectedView>();
  const hours = new Map<string, AppRef & { readonly hour: number; readonly lines: string[] }>();
  for (const batch of batches) {
    const { account, app, rows } = batch, name = appName(batch);
    const refusedHere = states.get(name)?.refused;
    let late = 0, refused = 0;
    for (const row of rows) {
      if (refusedHere !== undefined && isAbout(refusedHere, row.fields, row.line)) {
        refused++;
        continue;
      }
      const isLate = completeAt(row.hour) <= now;
      if (isLate) late++;
      const hour = isLate ? hourOf(now) : row.hour;
      const key = `${name}/${hour}`;
      let found = hours.get(key);
      if (found === undefined) hours.set(key, found = { account, app, hour, lines: [] });
      found.lines.push(isLate ? lateLine(row) : row.line);
    }
    answers.set(batch, { accepted: rows.length - refused, late, refused });
  }
  const made: HourMembers[] = [];
  for (const { lines, ...place } of hours.values()) made.push({ ...place, members: await membersOf(lines) });
  return { hours: made, answers, states };
}

async function membersOf(lines: readonly string[]): Promise<HourMembers["members"][number][]> {
  const members: HourMembers["members"][number][] = [];
  for (let first = 0, size = 0, at = 0; at < lines.length; at++) {
    size += lines[at]!.length + 1;
    const isLast = at === lines.length - 1;
    if (size < MEMBER && !isLast) continue;
    const bytes = gzipMember(encoder.encode(`${lines.slice(first, at + 1).join("\n")}\n`));
    members.push({ bytes, events: at + 1 - first });
    [first, size] = [at + 1, 0];
    if (!isLast) await new Promise((resolve) => setTimeout(resolve));
  }
  return members;
}
