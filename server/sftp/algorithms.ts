/**
 * Which encryption the server speaks: no SHA-1, no CBC, no ciphers of 64-bit blocks; strict key exchange always.
 *
 * @module
 */
import type { Algorithms } from "../../core/files/sftp/ssh2_types.ts";

/**
 * The client's order decides (RFC 4253, section 7.1). Left out is what would be announced and then fail: group exchange,
 * which ssh2's server cannot do, and ECDH over P-521, which the runtime cannot (Deno 2.9). Strict key exchange is added
 * by ssh2 itself.
 */
export const ALGORITHMS: Algorithms = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
  ],
  serverHostKey: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ],
  cipher: [
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
  ],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  compress: ["none"],
};
