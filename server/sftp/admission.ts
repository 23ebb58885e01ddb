/**
 * Which connections are let in.
 *
 * @module
 */
import { network } from "./attempts.ts";
import type { SftpLimits } from "./limits.ts";

/** A connection that nobody has logged in on yet. */
export interface Stranger {
  /** IP address. */
  readonly address: string;
  /** Closes it without a word. */
  drop(): void;
}

/** Counts connections, and makes room where strangers take too much of it. */
export class Admission {
  readonly #limits: SftpLimits;
  /** In the order in which they came. */
  readonly #strangers = new Set<Stranger>();
  #connections = 0;

  constructor(limits: SftpLimits) {
    this.#limits = limits;
  }

  /** Whether there is room for a connection; {@linkcode leave} gives it back. */
  enter(stranger: Stranger): boolean {
    if (this.#connections >= this.#limits.connections) return false;
    if (this.#strangers.size >= this.#limits.strangers) this.#dropOne();
    this.#connections++;
    this.#strangers.add(stranger);
    return true;
  }

  /** Somebody logged in. */
  known(stranger: Stranger): void {
    this.#strangers.delete(stranger);
  }

  /** The connection is gone. */
  leave(stranger: Stranger): void {
    this.#connections--;
    this.#strangers.delete(stranger);
  }

  /** Drops the oldest of the address that has most: one that floods the server pushes out its own. */
  #dropOne(): void {
    const byNetwork = Map.groupBy(this.#strangers, ({ address }) => network(address));
    let most: readonly Stranger[] = [];
    for (const group of byNetwork.values()) if (group.length > most.length) most = group;
    const [oldest] = most;
    if (oldest === undefined) return;
    this.#strangers.delete(oldest);
    oldest.drop();
  }
}
