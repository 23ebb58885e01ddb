/**
 * One at a time, in the order of asking.
 *
 * @module
 */

/** A lock within one thread. */
export class Mutex {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  /** Resolves to true once the lock is held; to false when that took longer than `timeout` milliseconds (if given). */
  acquire(timeout?: number): Promise<boolean> {
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const enter = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        resolve(false);
      };
      const timer = timeout === undefined ? undefined : setTimeout(leave, timeout);
      this.#waiting.push(enter);
    });
  }

  /** Gives the lock to whoever has waited longest. */
  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#held = false;
  }
}
