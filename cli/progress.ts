/**
 * How far a run is: a bar on a terminal, now and then a line elsewhere.
 *
 * @module
 */
import type { RunView } from "../core/engine/views.ts";
import { bytes, columns, count, duration, percent, shortened, visible } from "./format.ts";
import type { Output } from "./output.ts";

/** Rate and time left look back this far, in milliseconds. */
const WINDOW = 10_000;
/** Without a terminal, a line is written this often, in milliseconds. */
const LINE_EVERY = 10_000;
/** Columns of a bar at most, and at least. */
const [BAR, LEAST_BAR] = [24, 6];
/** Columns of a file's name. */
const NAME = 24;

interface Sample {
  readonly at: number;
  readonly done: number;
}

/** Shows how far one run is. */
export class ProgressDisplay {
  readonly #out: Output;
  readonly #now: () => number;
  #samples: Sample[] = [];
  #lastLine: number;
  /** Until when the wait was that was told last. */
  #told: string | undefined;

  /** `now` gives milliseconds that never go back. */
  constructor(out: Output, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
    this.#lastLine = now();
  }

  /** Shows where the run is now. */
  update(run: RunView): void {
    const now = this.#now();
    this.#tellRetry(run);
    const line = run.status === "queued" ? waiting(run) : this.#running(run, now);
    if (this.#out.live) this.#out.status(line);
    else if (now - this.#lastLine >= LINE_EVERY) {
      this.#lastLine = now;
      this.#out.note(line);
    }
  }

  /** Says once for each time why a run waits: the bar alone would not tell. */
  #tellRetry({ status, failure, not_before }: RunView): void {
    if (status !== "queued" || failure === null || not_before === null || not_before === this.#told) return;
    this.#told = not_before;
    const wait = Math.max(1, Math.ceil((Date.parse(not_before) - Date.now()) / 1000));
    this.#out.note(`${visible(failure.message)}; waits ${wait} s, then tries again`);
  }

  /** Takes the bar away. */
  end(): void {
    this.#out.status("");
  }

  #running(run: RunView, now: number): string {
    const { progress } = run;
    if (progress === null) return "Starting …";
    const { done, total, unit, note, bytes: written } = progress;
    const rate = this.#rate(now, done);
    const size = unit === "bytes" ? bytes : count;
    const name = note === undefined ? "" : shortened(visible(note), NAME);
    const share = total !== undefined && total > 0 ? Math.min(1, done / total) : progress.share;
    const sofar = unit === "rows" ? `${count(done)} rows` : size(done);
    const parts = total === undefined ? [sofar] : [`${size(done)} of ${size(total)}`];
    if (share !== undefined) parts.unshift(percent(share));
    if (rate > 0) parts.push(`${size(rate)}${unit === "rows" ? " rows" : ""}/s`);
    if (unit === "bytes" && run.read > 0) parts.push(`${count(run.read)} rows`);
    if (written !== undefined) parts.push(bytes(written));
    const left = total !== undefined ? total - done : share ? done / share - done : 0;
    if (rate > 0 && left > 0) parts.push(`${duration((left / rate) * 1000)} left`);
    return this.#fitted(name, share, parts.join("  "));
  }

  /** The figures matter most: the bar gets the room they leave. */
  #fitted(name: string, share: number | undefined, figures: string): string {
    const room = this.#out.live ? this.#out.stderr.width() - columns(name) - columns(figures) - 6 : BAR;
    const drawn = share === undefined || room < LEAST_BAR ? "" : bar(share, Math.min(BAR, room));
    return [name, drawn, figures].filter((part) => part !== "").join("  ");
  }

  /** Units a second over the window; 0 while nobody knows. */
  #rate(at: number, done: number): number {
    const last = this.#samples.at(-1);
    if (last !== undefined && done < last.done) this.#samples = [];
    this.#samples.push({ at, done });
    while ((this.#samples[1]?.at ?? at) <= at - WINDOW && this.#samples.length > 1) this.#samples.shift();
    const first = this.#samples[0];
    return first === undefined || at - first.at < 250 ? 0 : ((done - first.done) / (at - first.at)) * 1000;
  }
}

function waiting({ not_before, attempts }: RunView): string {
  const later = not_before !== null && Date.parse(not_before) > Date.now();
  return attempts > 0 && later ? `Waiting until ${not_before} to try again …` : "Waiting in the queue …";
}

function bar(share: number, width: number): string {
  const full = Math.floor(share * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
