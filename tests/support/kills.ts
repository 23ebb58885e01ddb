/**
 * When a process that imports is killed: in terms of what it does, so that the moments do not depend on the machine.
 *
 * @module
 */
import type { CuttingProxy } from "@waybill/waybill/testing";
import type { Observer, RunState } from "./observer.ts";
import { type Random, shuffled } from "./seeded.ts";
import type { WaybillProcess } from "./waybill_process.ts";

/** What an attempt was doing when it was killed, as can be told afterwards. */
export const PHASES = [
  /** It had the run, and had not logged in to the server. */
  "connect",
  /** Less was fetched than one commit holds, and nothing committed. */
  "download and parse",
  /** Enough for its first commit was fetched, and nothing of that written yet. */
  "before a commit",
  /** The archive was appended to, and no transaction had recorded it. */
  "during a commit",
  /** It had committed, and there was more to come. */
  "after a commit",
  /** Every row was committed, and the run had not ended. */
  "after the last commit",
] as const;

/** One of them. */
export type Phase = typeof PHASES[number];

/** How many of a hundred kills are planned for each phase; the last phase has two kills of its own. */
const SHARES: Readonly<Record<Exclude<Phase, "after the last commit">, number>> = {
  connect: 12,
  "download and parse": 22,
  "before a commit": 20,
  "during a commit": 26,
  "after a commit": 20,
};

/**
 * Bytes from an OpenSSH server before it has let a client in: measured 2,200 with public keys; the exchange of keys
 * alone takes 1,600.
 */
const LOGIN = 2_000;

/** What to wait for before a kill. */
export interface Plan {
  readonly phase: Phase;
  /** First, that so many rows are committed. */
  readonly rows: number;
}

/** Kills of every phase in random order, spread over the file. */
export function planKills(kills: number, rows: number, random: Random): Plan[] {
  const phases = Object.entries(SHARES).flatMap(([phase, share]) =>
    Array.from({ length: Math.max(1, Math.round(share * (kills - 2) / 100)) }, () => phase as Phase)
  );
  while (phases.length < kills - 2) phases.push("during a commit");
  return shuffled(phases.slice(0, kills - 2), random)
    .map((phase, index) => ({ phase, rows: Math.floor((index + random()) / (kills - 2) * rows) }));
}

/** An import as it is watched. */
export interface Watched {
  readonly observer: Observer;
  readonly proxy: CuttingProxy;
  /** Rows that the file holds, those that cannot be read included. */
  readonly rows: number;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes of the file that a commit holds at most. */
  readonly commit: number;
  /** Milliseconds from one commit to the next when nobody disturbs it. */
  readonly pace: number;
}

/** An attempt as it began. */
export interface Attempt {
  readonly waybill: WaybillProcess;
  readonly start: RunState;
  /** What the proxy had received by then. */
  readonly received: number;
}

/** Waits until an attempt is in the phase, or past it. */
export async function reach({ phase, rows }: Plan, attempt: Attempt, watched: Watched, random: Random): Promise<void> {
  const { observer, proxy, size, pace } = watched;
  const { waybill, start, received } = attempt;
  const fetched = () => proxy.received - received;
  /** For that part of the time between two commits at most. */
  const pause = (most: number) => new Promise<void>((resolve) => setTimeout(resolve, random() * most * pace));
  const isOver = async ({ rows_read }: RunState) => rows_read > start.rows_read || await observer.unrecorded() > 0;
  const left = size * (1 - start.rows_read / watched.rows);
  switch (phase) {
    case "connect": {
      const bytes = Math.floor(random() * LOGIN * 0.8);
      return void await observer.until(waybill, () => fetched() >= bytes);
    }
    case "download and parse": {
      const bytes = LOGIN + random() * 0.9 * Math.min(left, watched.commit);
      return void await observer.until(waybill, async (state) => fetched() >= bytes || await isOver(state));
    }
    case "before a commit": {
      const bytes = Math.min(watched.commit, left * 0.97);
      await observer.until(waybill, async (state) => fetched() >= bytes || await isOver(state));
      return await pause(0.25);
    }
    case "during a commit":
      await observer.until(waybill, async ({ rows_read }) => rows_read >= rows && await observer.unrecorded() > 0);
      return await pause(0.1);
    case "after a commit":
      await observer.until(waybill, ({ rows_read }) => rows_read > start.rows_read && rows_read >= rows);
      return await pause(0.1);
    case "after the last commit":
      return await observer.beforeTheEnd(waybill, { near: rows, rows: watched.rows }, () => waybill.kill());
  }
}

/** What an attempt that was killed had been doing. */
export async function phaseOf(end: RunState, { start, received }: Attempt, watched: Watched): Promise<Phase> {
  const fetched = watched.proxy.received - received;
  if (end.rows_read === watched.rows) return "after the last commit";
  if (await watched.observer.unrecorded() > 0) return "during a commit";
  if (end.rows_read > start.rows_read) return "after a commit";
  if (fetched < LOGIN) return "connect";
  const left = watched.size * (1 - start.rows_read / watched.rows);
  return fetched < Math.min(watched.commit, left * 0.97) ? "download and parse" : "before a commit";
}
