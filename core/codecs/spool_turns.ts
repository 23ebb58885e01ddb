/**
 * One piece of work after the other.
 *
 * @module
 */

/** Runs work once all that was given before has ended, well or badly. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** A queue of work of its own. */
export function inTurn(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}
