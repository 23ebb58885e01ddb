/**
 * Long work in slices: between two of them the thread answers others.
 *
 * @module
 */
const waiting: (() => void)[] = [];

/** How long one work keeps the thread unless told, in milliseconds: a turn takes one at least, however idle the thread is. */
const SLICE = 10;

/** Turns of one long work, which comes to a place where it may be left every few milliseconds. */
export class Turns {
  #since: number = performance.now();

  /** `slice` is how long it keeps the thread, in milliseconds. */
  constructor(private readonly slice: number = SLICE) {}

  /** Waits for a {@linkcode turn}, if the work had the thread for a slice. */
  async rest(): Promise<void> {
    if (performance.now() - this.#since < this.slice) return;
    await turn();
    this.#since = performance.now();
  }
}

/**
 * Waits until the thread has looked after everything else. Of all that waits here one goes on at a time, so that many
 * long works keep others from the thread no longer than one.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    // Not `setImmediate`: as long as there is one, Deno looks after no socket (2.9, measured).
    if (waiting.length === 1) setTimeout(next);
  });
}

function next(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setTimeout(next);
}
