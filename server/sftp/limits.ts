/**
 * How much the server takes from whom.
 *
 * @module
 */

/** The limits; times in milliseconds. */
export interface SftpLimits {
  /** Connections at a time, those that have not logged in included. */
  readonly connections: number;
  /** Connections at a time that have not logged in; one more costs the address with most of them its oldest. */
  readonly strangers: number;
  /** Logged-in connections of one user at a time. */
  readonly sessionsOfUser: number;
  /** Channels of one connection at a time. */
  readonly channels: number;
  /** Files and folders that one channel has open at a time. */
  readonly handles: number;
  /** The same of a user, over all channels: each may take a descriptor of the process. */
  readonly handlesOfUser: number;
  /** From the connection to the end of the login, whatever the client does meanwhile. */
  readonly login: number;
  /** Wrong passwords and signatures of one connection. */
  readonly failedLogins: number;
  /** Wrong passwords of an address, after which it is not talked to; half of them are forgotten in ten minutes. */
  readonly failuresOfAddress: number;
  /** Public keys that one connection may ask about before it signs with one. */
  readonly offeredKeys: number;
  /** A connection without a request for so long is ended. */
  readonly idle: number;
  /** How often a silent client is asked whether it lives, and how often it may stay silent. */
  readonly keepAlive: { readonly interval: number; readonly count: number };
  /** How often the accounts of those who are logged in are looked up. */
  readonly revisions: number;
  /** What a connection that is ended gets to take the goodbye. */
  readonly goodbye: number;
}

/** The limits unless told otherwise. */
export const DEFAULT_LIMITS: SftpLimits = {
  connections: 1_024,
  strangers: 100,
  sessionsOfUser: 64,
  channels: 8,
  handles: 256,
  handlesOfUser: 2_048,
  login: 20_000,
  failedLogins: 6,
  failuresOfAddress: 30,
  offeredKeys: 30,
  idle: 30 * 60_000,
  // A client that vanished is noticed after two minutes.
  keepAlive: { interval: 30_000, count: 3 },
  revisions: 500,
  goodbye: 1_000,
};
