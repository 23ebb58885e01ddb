/**
 * A way to authorise: what it needs, how it connects, and how to tell whether it works.
 *
 * @module
 */
import type { ConfigOf, ConfigSchema } from "./config.ts";
import type { FileStore } from "./file_store.ts";
import type { Log } from "./log.ts";
import type { Mailer } from "./mail.ts";
import type { ManagedLogin } from "./managed.ts";

/** What the other side proved to be (an SSH host key's fingerprint), remembered with the auth. */
export interface PeerIdentity {
  /** What it proved to be when it was pinned; undefined before that. */
  readonly known: string | undefined;
  /** Pins it, in place of what was pinned before. Called once at most, with what was accepted. */
  pin(fingerprint: string): Promise<void>;
}

/** Which network addresses may be dialled; link-local ones and metadata services of clouds never are. */
export interface AddressPolicy {
  /** Whether loopback and private ranges, and folders of this machine, are allowed: they are to operators. */
  readonly allowPrivate: boolean;
  /**
   * Hosts whose loopback and private addresses are allowed all the same: names, names with all below them
   * (`*.example.com`), addresses, and ranges of them (`10.1.0.0/16`).
   */
  readonly allowHosts?: readonly string[];
  /**
   * Where Waybill's own SFTP server listens on this machine: allowed all the same, that port of that address alone. An
   * address that stands for all (`0.0.0.0`, `::`) is every address that the machine has. None unless told.
   */
  readonly own?: readonly ListeningAddress[];
}

/** Where a server listens. */
export interface ListeningAddress {
  /** IP address. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
}

/** What `connect` and `check` get. */
export interface AuthContext<Config> {
  /** Label of the auth, for messages. */
  readonly label: string;
  /** The saved configuration, secrets included. */
  readonly config: Config;
  /** The peer's identity as it was pinned. */
  readonly peer: PeerIdentity;
  /** Which addresses may be dialled, by who configured the auth. */
  readonly addresses: AddressPolicy;
  /** Ends the work: the caller went away or its time is up. */
  readonly signal: AbortSignal;
  /** Where to write what happens. */
  readonly log: Log;
  /** The files of the account on Waybill's own server, for an auth method with `managedLogin`; read where they lie. */
  readonly managedFiles?: FileStore;
  /** Sends mail through the server that the operator has set, for an auth method that `sendsMail`. */
  readonly mailer?: Mailer;
}

/** One line of `auth check`: a thing that works or does not. */
export interface CheckResult {
  /** What was looked at: `address`, `host key`, `login`, `folder`, `PGP private key`. */
  readonly name: string;
  /** Whether it works. */
  readonly ok: boolean;
  /** What was seen: one sentence without a final period. */
  readonly detail: string;
  /** What to do about it, where it does not work. */
  readonly hint?: string;
}

/** One way to authorise. Made with {@linkcode defineAuth}. */
export interface AuthDefinition<
  Config extends ConfigSchema = ConfigSchema,
  Connection extends object = object,
> {
  /** Kebab-case, unique over all providers. */
  readonly id: string;
  /** Name for people. */
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  /** What it needs. */
  readonly config: Config;
  /**
   * Checks what the schema cannot, such as a key whose library is loaded when it is needed, or an address that may not
   * be dialled; called before an auth is saved, and reaches no other side. Throws a `Failure` of kind `config`, or `auth`
   * (`forbidden`) for what only operators may choose.
   */
  checkConfig?(config: ConfigOf<Config>, addresses: AddressPolicy): Promise<void>;
  /**
   * The account on Waybill's own SFTP server that an auth of this method is: made, changed and closed with it, in the
   * transaction that saves it. A name that is taken is refused.
   */
  managedLogin?(config: ConfigOf<Config>): ManagedLogin;
  /** Whether it sends mail: it gets a `mailer`, and jobs with it can be saved and run only where a mail server is set. */
  readonly sendsMail?: boolean;
  /**
   * Whether nobody needs to save an auth of it: an account that has none which fits a job gets one, with nothing
   * configured. Not for a method whose configuration may not be empty.
   */
  readonly standard?: boolean;
  /**
   * Connects. Called once a run, check or choice; the engine disposes of the connection when it is done with it.
   * Failures: `auth` for a refused credential or a changed peer, `transient` for a peer that does not answer.
   */
  connect(context: AuthContext<ConfigOf<Config>>): Promise<Connection & AsyncDisposable>;
  /** Looks at everything a job will need, over an open connection; changes nothing on the other side. */
  check(
    connection: Connection,
    context: AuthContext<ConfigOf<Config>>,
  ): AsyncIterable<CheckResult>;
}

/** Defines an auth method; its types follow from `config` and `connect`. */
export function defineAuth<Config extends ConfigSchema, Connection extends object>(
  auth: AuthDefinition<Config, Connection>,
): AuthDefinition<Config, Connection> {
  return auth;
}

/** The connection an auth gives. */
export type ConnectionOf<Auth> = Auth extends AuthDefinition<infer _, infer Connection> ? Connection : never;
