/**
 * Kills and cuts of a process that executes the runs of a continuous job, at moments that a seed chooses.
 *
 * @module
 */
import type { CuttingProxy } from "@waybill/waybill/testing";
import type { Database } from "../../core/database/database.ts";
import { Observer } from "./observer.ts";
import type { Place } from "./place.ts";
import type { Random } from "./seeded.ts";
import { startServing, type WaybillProcess } from "./waybill_process.ts";

/** How a run is disturbed, and how many of a hundred are so. */
const SHARES = {
  /** Killed when so many bytes have come from the server. */
  "kill while it fetches": 12,
  /** Killed some time after it has begun. */
  "kill after a while": 4,
  /** Killed when it has written to the archive, and no transaction has recorded that. */
  "kill during a commit": 8,
  /** Killed when rows were committed, and their file is to be moved. */
  "kill after a commit": 8,
  /** The connection is cut after so many bytes; the server takes another one at once. */
  "cut": 66,
  /** The same, and the server stays away until the run gives up, to be tried again. */
  "long cut": 2,
} as const;

/** One of them. */
export type Disturbance = keyof typeof SHARES;

/** Bytes that a login takes. */
const LOGIN = 3_000;

/** So many of each kind as its share is, in random order. */
export function planDisturbances(count: number, random: Random): Disturbance[] {
  const kinds = Object.entries(SHARES).flatMap(([kind, share]) =>
    Array.from({ length: Math.max(1, Math.round(share * count / 100)) }, () => kind as Disturbance)
  );
  while (kinds.length < count) kinds.push("cut");
  return kinds.map((kind) => ({ kind, order: random() })).sort((a, b) => a.order - b.order).slice(0, count)
    .map(({ kind }) => kind);
}

/** A place whose runs are disturbed. */
export interface Disturbed {
  readonly place: Place;
  readonly database: Database;
  readonly proxy: CuttingProxy;
  readonly random: Random;
}

/** The process of a place, started again whenever it was killed, until the present run has succeeded. */
export class Disturber implements AsyncDisposable {
  /** What was done, in order. */
  readonly done: Disturbance[] = [];
  #process: WaybillProcess | undefined;

  constructor(private readonly disturbed: Disturbed, private readonly planned: Disturbance[]) {}

  /** Whether nothing more is planned. */
  get over(): boolean {
    return this.planned.length === 0;
  }

  /** Starts the process, where it is not running. */
  start(): void {
    this.#process ??= startServing(this.disturbed.place);
  }

  /** Disturbs the run until it succeeds; `bytes` are those of the files that it is to fetch. */
  async run(id: string, bytes: number): Promise<void> {
    await using observer = new Observer(this.disturbed.place, id);
    for (;;) {
      const { status, failure } = await observer.state();
      if (status === "succeeded") return;
      if (status !== "queued" && status !== "running") throw new Error(`The run ended ${status}: ${failure}`);
      const kind = this.planned[0];
      if (kind === undefined) await this.#until(observer, () => false);
      else if (await this.#disturb(kind, observer, bytes)) {
        this.planned.shift();
        this.done.push(kind);
      }
    }
  }

  /** Whether it came to it before the run's end. */
  async #disturb(kind: Disturbance, observer: Observer, bytes: number): Promise<boolean> {
    const { proxy, random } = this.disturbed;
    if (kind === "cut" || kind === "long cut") return await this.#cut(kind, observer, bytes);
    const start = await observer.state();
    const target = proxy.received + random() * (LOGIN + bytes);
    const end = performance.now() + random() * 1_200;
    // What a killed attempt left is cut off by the next one.
    const leftBy = this.#process === undefined ? start.attempts : start.attempts - 1;
    const came = await this.#until(observer, async ({ attempts, rows_read }) => {
      if (kind === "kill while it fetches") return proxy.received >= target;
      if (kind === "kill after a while") return performance.now() >= end;
      if (kind === "kill after a commit") return rows_read > start.rows_read;
      return attempts > leftBy && await observer.unrecorded() > 0;
    });
    if (!came) return false;
    await this.#process?.kill();
    this.#process = undefined;
    await observer.settled();
    return true;
  }

  async #cut(kind: "cut" | "long cut", observer: Observer, bytes: number): Promise<boolean> {
    const { proxy, random } = this.disturbed;
    let cut = false;
    proxy.cutAfter(1 + random() * (LOGIN + bytes), async () => {
      cut = true;
      proxy.refuse(kind === "long cut");
    });
    if (!await this.#until(observer, () => cut)) return false;
    if (kind === "long cut") {
      await this.#until(observer, ({ status }) => status === "queued");
      proxy.refuse(false);
    }
    return true;
  }

  /** Has a process run until this is so, or the run has ended, which gives false. */
  async #until(
    observer: Observer,
    wanted: (state: Awaited<ReturnType<Observer["state"]>>) => boolean | Promise<boolean>,
  ): Promise<boolean> {
    this.start();
    const process = this.#process!;
    for (;;) {
      const state = await observer.state();
      if (state.status !== "queued" && state.status !== "running") return false;
      if (await wanted(state)) return true;
      // A run that failed for a while waits before it tries again: as if that time had passed.
      if (state.status === "queued") {
        await this.disturbed.database.kysely.updateTable("runs").set({ not_before: 0 }).where("not_before", ">", 0)
          .execute();
      }
      if (process.ended()) throw new Error(`The process ended by itself: ${process.log.join("\n")}`);
      // A commit of a small file takes milliseconds.
      await new Promise((resolve) => setTimeout(resolve, this.planned[0] === "kill during a commit" ? 1 : 5));
    }
  }

  /** Ends the process in order. */
  async end(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    process.signal("SIGTERM");
    const { code } = await process.status;
    if (code !== 0) throw new Error(`The process ended with ${code}: ${process.log.join("\n")}`);
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.kill();
  }
}
