/**
 * Who may log in to the managed SFTP server.
 *
 * @module
 */

/** A managed account that somebody logs in to. */
export interface ManagedUser {
  /** Number of the account (tenant) it belongs to. */
  readonly account: number;
  /** Id of its auth. */
  readonly auth: string;
  /** Id of its tree of files: 32 hex digits. */
  readonly tree: string;
  readonly username: string;
  /** OpenSSH public keys that open it, one a line each, as `authorized_keys` has them. */
  readonly publicKeys: readonly string[];
  readonly hasPassword: boolean;
  /** Whether both key and password are asked for. */
  readonly requireBoth: boolean;
  /** Most bytes that its files may have; undefined without a limit. */
  readonly quota: number | undefined;
  /** Moves with every change of the account: sessions of another revision end. */
  readonly revision: number;
}

/** Looks accounts up. */
export interface ManagedLogins {
  /** Undefined for a name that is not known. */
  find(username: string): Promise<ManagedUser | undefined>;
  /** Whether the password is the user's; the same work for an unknown user or one without a password, and always false. */
  checkPassword(user: ManagedUser | undefined, password: string): Promise<boolean>;
  /** The revisions of these users as they are now; one that is gone is left out. */
  revisions(usernames: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
