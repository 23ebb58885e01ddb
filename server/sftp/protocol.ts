/**
 * The numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02).
 *
 * @module
 */

/** The version that the server speaks. */
export const VERSION = 3;

/** Types of packets (section 3). */
export const PacketType = {
  INIT: 1,
  VERSION: 2,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED: 200,
  EXTENDED_REPLY: 201,
} as const;

/** Codes of SSH_FXP_STATUS (section 7). */
export const Status = {
  OK: 0,
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  OP_UNSUPPORTED: 8,
} as const;

/** One of the codes of {@linkcode Status}. */
export type StatusCode = typeof Status[keyof typeof Status];

/** Bits of SSH_FXP_OPEN's `pflags` (section 6.3). */
export const OpenFlag = { READ: 1, WRITE: 2, APPEND: 4, CREATE: 8, TRUNCATE: 16, EXCLUSIVE: 32 } as const;

/** Bits of the flags of ATTRS (section 5). */
export const AttributeFlag = {
  SIZE: 1,
  OWNER: 2,
  PERMISSIONS: 4,
  TIMES: 8,
  EXTENDED: 0x8000_0000,
} as const;

/**
 * Longest packet that is taken, its length field left out: 256 KiB, as OpenSSH's, and what a WRITE of 256 KiB of data
 * needs beside them.
 */
export const MAX_PACKET = 256 * 1024 + 1024;

/** Most bytes that a READ answers with and that clients are told to WRITE at a time: OpenSSH's figure. */
export const MAX_DATA = 255 * 1024;

/** The largest position in a file that a number holds exactly. */
export const MAX_POSITION: number = Number.MAX_SAFE_INTEGER;
