/**
 * Which encryption the server speaks: no SHA-1, no CBC, no ciphers of 64-bit blocks; strict key exchange always.
 *
 * @module
 */
import { ALGORITHMS as CLIENT } from "../../core/files/sftp/algorithms.ts";
import type { Algorithms } from "../../core/files/sftp/ssh2_types.ts";

/** What would be announced and then fail: ssh2's server cannot do group exchange. No client in use knows the others. */
const LEFT_OUT = /^diffie-hellman-group(-exchange-|15-|17-)/;

/**
 * Those of our own client, but for some. The other side's order decides (RFC 4253, section 7.1). Strict key exchange is
 * added by ssh2 itself.
 */
export const ALGORITHMS: Algorithms = {
  ...CLIENT,
  kex: CLIENT.kex.filter((name) => !LEFT_OUT.test(name)),
};
