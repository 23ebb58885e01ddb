/**
 * Takes rows that profiles do not suit out of a commit: they become rejected rows, as if they had never been emitted.
 *
 * @module
 */
import { gzipMember } from "../profiles/archive.ts";
import { indexArchiveLines } from "../profiles/archive_batch.ts";
import type { Misfit } from "../profiles/changes/misfits.ts";
import { FieldStats } from "../profiles/field_stats.ts";
import type { ProfileBatch } from "../profiles/profile_batch.ts";
import type { RejectLine } from "./import_buffer.ts";
import type { ImportBatch } from "./import_commit.ts";

/** What became of a commit's rows. */
export interface MisfitRows {
  readonly count: number;
  /** Gzip member of those that are rejected. */
  readonly rejects: Uint8Array;
  /** What is left to commit. */
  readonly rest: Pick<ImportBatch, "events" | "lines" | "fields" | "profiles">;
}

/** What stands before an event's own text in its archive line. */
const BEFORE_DATA = /^\{"at":-?\d+,"data":/;

/** Splits a commit. The misfits are in the order of their events. */
export function misfitRows(
  { lines: given, places }: Pick<ImportBatch, "lines" | "places">,
  profiles: ProfileBatch,
  misfits: readonly Misfit[],
): MisfitRows {
  const lines = new TextDecoder().decode(given).split("\n").slice(0, -1);
  const rejects = misfits.map(({ event, reason }): string => {
    const data = lines[event]!.replace(BEFORE_DATA, "").slice(0, -1);
    const line: RejectLine = {
      line: places?.lines[event] ?? 0,
      offset: places?.offsets[event] ?? 0,
      reason,
      raw: new TextEncoder().encode(data).toBase64(),
    };
    return JSON.stringify(line);
  });
  const left = new Set(misfits.map(({ event }) => event));
  const kept = textLines(lines.filter((_, event) => !left.has(event)));
  const batch = indexArchiveLines(kept), rest = profiles.another(), fields = new FieldStats();
  rest.add(batch, 0);
  fields.addChanges(batch);
  const events = lines.length - misfits.length;
  return {
    count: misfits.length,
    rejects: gzipMember(textLines(rejects)),
    rest: { events, lines: events === 0 ? undefined : kept, fields: fields.fields, profiles: [rest] },
  };
}

function textLines(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}
