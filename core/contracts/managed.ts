/**
 * Accounts on Waybill's own SFTP server.
 *
 * @module
 */

/**
 * An account on Waybill's own SFTP server, as an auth describes it. It is made, changed and closed with the auth; its
 * files are those that jobs with the auth get.
 */
export interface ManagedLogin {
  /** 3 to 32 letters, digits, `_` and `-`, not beginning with `-`; unique over the whole server. */
  readonly username: string;
  /** Opens it; undefined where only keys do. */
  readonly password: string | undefined;
  /** OpenSSH public keys that open it, as `authorized_keys` has them. */
  readonly publicKeys: readonly string[];
  /** Whether it takes both: a key and the password. */
  readonly requireBoth: boolean;
  /** Most bytes that its files may have together; undefined without a limit. */
  readonly quota: number | undefined;
}
