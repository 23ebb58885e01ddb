/**
 * Batches that wait to be committed, and what is made of a group of them: gzip members for the hours of apps.
 *
 * @module
 */
import { gunzipSync } from "node:zlib";
import { parseJson } from "../../contracts/json.ts";
import { gzipMember } from "../../profiles/archive.ts";
import { type LogBlock, MEMBER } from "./hour_lines.ts";
import { completeAt, hourOf } from "./hours.ts";
import { joined } from "./joined.ts";
import { isAbout, type SoughtInLogs } from "./people.ts";
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
  /** Its lines, by the hour of their events. */
  readonly blocks: readonly LogBlock[];
  /** How many lines. */
  readonly events: number;
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

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Names an app among all. */
export function appName({ account, app }: AppRef): string {
  return `${account}/${app}`;
}

/** Compresses blocks by app and hour; others have their turn between members. */
export async function prepare(
  batches: readonly Batch[],
  states: Prepared["states"],
  now: number,
): Promise<Prepared> {
  const answers = new Map<Batch, CollectedView>();
  const hours = new Map<string, AppRef & { readonly hour: number; readonly blocks: LogBlock[] }>();
  for (const batch of batches) {
    const { account, app } = batch, name = appName(batch);
    const sought = states.get(name)?.refused;
    let accepted = 0, late = 0, refused = 0;
    for (const given of batch.blocks) {
      const kept = sought === undefined ? given : without(given, sought);
      refused += given.events - kept.events;
      if (kept.events === 0) continue;
      accepted += kept.events;
      const isLate = completeAt(given.hour) <= now, hour = isLate ? hourOf(now) : given.hour;
      if (isLate) late += kept.events;
      const key = `${name}/${hour}`;
      let found = hours.get(key);
      if (found === undefined) hours.set(key, found = { account, app, hour, blocks: [] });
      found.blocks.push(isLate ? flagged(kept) : kept);
    }
    answers.set(batch, { accepted, late, refused });
  }
  const made: HourMembers[] = [];
  for (const { blocks, ...place } of hours.values()) made.push({ ...place, members: await membersOf(blocks) });
  return { hours: made, answers, states };
}

/** The lines of a block that are about nobody who is refused. */
function without(block: LogBlock, sought: SoughtInLogs): LogBlock {
  const lines = textOf(block).split("\n").slice(0, -1);
  const kept = lines.filter((line) => !isAbout(sought, parseJson(line), line));
  return kept.length === lines.length
    ? block
    : blockOf(block.hour, kept.map((line) => `${line}\n`).join(""), kept.length);
}

/** The lines of a block that came when its hour was complete. No line break stands within a line. */
function flagged(block: LogBlock): LogBlock {
  return blockOf(block.hour, textOf(block).replaceAll("}\n", ',"late":true}\n'), block.events);
}

function textOf({ bytes, packed }: LogBlock): string {
  return decoder.decode(packed ? gunzipSync(bytes) : bytes);
}

function blockOf(hour: number, lines: string, events: number): LogBlock {
  return { hour, bytes: encoder.encode(lines), packed: false, events };
}

/** Blocks as members: those that are packed as they are, the others some together. */
async function membersOf(blocks: readonly LogBlock[]): Promise<HourMembers["members"][number][]> {
  const members: HourMembers["members"][number][] = [];
  let parts: Uint8Array[] = [], size = 0, events = 0;
  const close = () => {
    if (parts.length > 0) members.push({ bytes: gzipMember(joined(parts)), events });
    [parts, size, events] = [[], 0, 0];
  };
  for (const block of blocks) {
    if (block.packed || size + block.bytes.length > MEMBER) close();
    if (block.packed) {
      members.push(block);
      continue;
    }
    if (size === 0) await new Promise((resolve) => setTimeout(resolve));
    parts.push(block.bytes);
    size += block.bytes.length;
    events += block.events;
  }
  close();
  return members;
}
