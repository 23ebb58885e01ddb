/**
 * Spans that several threads count, each whatever nobody has taken yet.
 *
 * @module
 */
import type { Span } from "./audience_scan.ts";

/** The spans of a count. Plain data: each thread that gets it shares what is taken. */
export interface SharedSpans {
  readonly spans: readonly Span[];
  /** How many are taken. No thread waits for another's turn to take one. */
  readonly taken: Int32Array<SharedArrayBuffer>;
}

/** Spans of which none is taken. */
export function shareSpans(spans: readonly Span[]): SharedSpans {
  return { spans, taken: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) };
}

/** Takes one after another, until all are taken. */
export function* takeSpans({ spans, taken }: SharedSpans): Generator<Span> {
  for (;;) {
    const span = spans[Atomics.add(taken, 0, 1)];
    if (span === undefined) return;
    yield span;
  }
}
