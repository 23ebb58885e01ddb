/**
 * Remembers failed logins, so that whoever guesses passwords has to wait longer and longer.
 *
 * @module
 */
import { isIPv6 } from "node:net";

/** Half of the failures are forgotten after so long. */
const HALF_LIFE = 10 * 60_000;
/** So many are anybody's typing errors. */
const FREE = 2;
const FIRST_DELAY = 250;
/** The longest wait for a name: others may be the ones who guess, so its owner is never kept out for longer. */
const USER_DELAY = 5_000;
/** The longest wait for an address, well below the deadline of a login. */
const ADDRESS_DELAY = 10_000;
/** An address from which somebody logged in is trusted with that name for so long. */
const TRUSTED = 24 * 3_600_000;
/** Most names, addresses and trusted pairs that are remembered; those least recently seen go first. */
const REMEMBERED = 10_000;

interface Score {
  readonly failures: number;
  readonly at: number;
}

/** The failed logins of the last while, by name and by address; in memory, so a restart forgets them. */
export class FailedLogins {
  readonly #clock: () => number;
  readonly #refused: number;
  readonly #users = new Map<string, Score>();
  readonly #addresses = new Map<string, Score>();
  /** When somebody logged in, by address and name. */
  readonly #trusted = new Map<string, number>();

  /** `clock` gives milliseconds and never goes back; an address with `refused` failures is not talked to. */
  constructor(clock: () => number, refused: number) {
    this.#clock = clock;
    this.#refused = refused;
  }

  /** Whether a connection from `address` is not worth a word. */
  refuses(address: string): boolean {
    return this.#failures(this.#addresses, network(address)) > this.#refused - 0.5;
  }

  /**
   * Counts a try as failed until {@linkcode takeBack}, so that tries side by side wait as those one after
   * the other do. Gives the milliseconds to wait before it is looked at.
   */
  begin(username: string, address: string): number {
    const from = network(address);
    const byAddress = delay(this.#add(this.#addresses, from), ADDRESS_DELAY);
    const byUser = delay(this.#add(this.#users, username), USER_DELAY);
    const seen = this.#trusted.get(pair(username, from));
    return seen !== undefined && this.#clock() - seen < TRUSTED ? byAddress : Math.max(byAddress, byUser);
  }

  /** Takes a try back: it was none that failed. */
  takeBack(username: string, address: string): void {
    this.#subtract(this.#users, username);
    this.#subtract(this.#addresses, network(address));
  }

  /** Trusts the address with the name: somebody logged in. */
  trust(username: string, address: string): void {
    remember(this.#trusted, pair(username, network(address)), this.#clock());
  }

  #failures(scores: ReadonlyMap<string, Score>, key: string): number {
    const score = scores.get(key);
    return score === undefined ? 0 : score.failures * 0.5 ** ((this.#clock() - score.at) / HALF_LIFE);
  }

  #add(scores: Map<string, Score>, key: string): number {
    const failures = this.#failures(scores, key);
    remember(scores, key, { failures: failures + 1, at: this.#clock() });
    return failures;
  }

  #subtract(scores: Map<string, Score>, key: string): void {
    const failures = this.#failures(scores, key) - 1;
    if (failures > 0.01) remember(scores, key, { failures, at: this.#clock() });
    else scores.delete(key);
  }
}

/** Milliseconds to wait after so many failures. */
function delay(failures: number, longest: number): number {
  if (failures < FREE) return 0;
  return Math.min(FIRST_DELAY * 2 ** (failures - FREE), longest);
}

function pair(username: string, from: string): string {
  return `${from} ${username}`;
}

/** Puts it last, and forgets the first beyond what is remembered. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  for (const first of map.keys()) {
    map.delete(first);
    return;
  }
}

/** What one person has: an IPv4 address, or the 64 bits of an IPv6 address that name the network. */
export function network(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const parts = head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    while (parts.length + after.length < 8) parts.push("0");
    parts.push(...after);
  }
  return parts.slice(0, 4).map((part) => (Number.parseInt(part, 16) || 0).toString(16)).join(":");
}
