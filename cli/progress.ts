/**
 * How far a run is: a bar on a terminal, now and then a line elsewhere.
 *
 * @module
 */
import type { RunView } from "../core/engine/views.ts";
import { bytes, count, duration, percent, visible } from "./format.ts";
import type { Output } from "./output.ts";

/** Rate and time left look back this far, in milliseconds. */
const WINDOW = 10_000;
/** Without a terminal, a line is written this often, in milliseconds. */
const LINE_EVERY = 10_000;
const BAR = 24;

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

  /** `now` gives milliseconds that never go back. */
  constructor(out: Output, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
    this.#lastLine = now();
  }

  /** Shows where the run is now. */
  update(run: RunView): void {
    const now = this.#now();
    const line = run.status === "queued" ? waiting(run) : this.#running(run, now);
    if (this.#out.live) this.#out.status(line);
    else if (now - this.#lastLine >= LINE_EVERY) {
      this.#lastLine = now;
      this.#out.note(line);
    }
  }

  /** Takes the bar away. */
  end(): void {
    this.#out.status("");
  }

  #running(run: RunView, now: number): string {
    const { progress } = run;
    if (progress === null) return "Starting …";
    const { done, total, unit, note } = progress;
    const rate = this.#rate(now, done);
    const size = unit === "bytes" ? bytes : count;
    const parts = [note === undefined ? "" : visible(note)];
    if (total !== undefined && total > 0) {
      const share = Math.min(1, done / total);
      parts.push(bar(share), percent(share), `${size(done)} of ${size(total)}`);
    } else parts.push(unit === "rows" ? `${count(done)} rows` : size(done));
    if (rate > 0) parts.push(`${size(rate)}${unit === "rows" ? " rows" : ""}/s`);
    if (unit === "bytes" && run.read > 0) parts.push(`${count(run.read)} rows`);
    if (rate > 0 && total !== undefined && total > done) parts.push(`${duration(((total - done) / rate) * 1000)} left`);
    return parts.filter((part) => part !== "").join("  ");
  }

  /** Units a second over the window; 0 while nobody knows. */
  #rate(at: number, done: number): number {
    const last = this.#samples.at(-1);
    if (last !== undefined && done < last.done) this.#samples = [];
    this.#samples.push({ at, done });
    while ((this.#samples[1]?.at ?? at) < at - WINDOW) this.#samples.shift();
    const first = this.#samples[0];
    return first === undefined || at - first.at < 250 ? 0 : ((done - first.done) / (at - first.at)) * 1000;
  }
}

function waiting({ not_before, attempts }: RunView): string {
  return attempts > 0 && not_before !== null ? `Waiting until ${not_before} to go on …` : "Waiting in the queue …";
}

function bar(share: number): string {
  const full = Math.floor(share * BAR);
  return "█".repeat(full) + "░".repeat(BAR - full);
}
