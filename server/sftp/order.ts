/**
 * The order of work on one thing: what changes it is done alone, what only looks at it side by side.
 *
 * @module
 */

/** Starts work in the order in which it is handed in; a failure holds up nothing. */
export class Order {
  /** Settles when the last work that was alone has ended. */
  #lone: Promise<void> = Promise.resolve();
  /** Settles when everything has ended. */
  #all: Promise<void> = Promise.resolve();

  /** Does `work` after everything that was handed in before it, and before everything after it. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#all.then(work);
    this.#lone = this.#all = ended(result);
    return result;
  }

  /** Does `work` after what was handed in before it to be done alone, beside others that are shared. */
  shared<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lone.then(work);
    this.#all = Promise.all([this.#all, ended(result)]).then(() => {});
    return result;
  }
}

function ended(work: Promise<unknown>): Promise<void> {
  return work.then(() => {}, () => {});
}
