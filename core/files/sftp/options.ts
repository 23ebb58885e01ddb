/**
 * What an SFTP store is opened with.
 *
 * @module
 */
import type { AddressPolicy } from "../../contracts/auth.ts";
import { ALGORITHMS } from "./algorithms.ts";
import type { Algorithms } from "./ssh2_types.ts";

/** Decides whether a server is the one that is meant. */
export type HostKeyVerifier = (
  /** `SHA256:` and the unpadded base64 of the key's hash, as OpenSSH shows it. */
  fingerprint: string,
  /** The key's algorithm, e.g. `ssh-ed25519`. */
  keyType: string,
) => boolean | Promise<boolean>;

/** How long to wait, in milliseconds. */
export interface SftpTimeouts {
  /** For the TCP connection, each address; 15,000 unless told. */
  readonly connect?: number;
  /** For key exchange, login and the start of SFTP together; 30,000 unless told. */
  readonly handshake?: number;
  /** For progress while requests are outstanding, then the connection counts as dead; 30,000 unless told. */
  readonly idle?: number;
}

/** Where an SFTP server is, who logs in, and how far to trust it. */
export interface SftpOptions {
  /** Host name or IP address. */
  readonly host: string;
  /** TCP port; 22 unless told. */
  readonly port?: number;
  /** Who logs in. */
  readonly username: string;
  /** Tried after the key, also for keyboard-interactive logins. */
  readonly password?: string;
  /** Tried first: OpenSSH, PEM or PKCS#8; RSA, ECDSA or Ed25519. */
  readonly privateKey?: string;
  /** Decrypts the private key. */
  readonly passphrase?: string;
  /** Root folder of the store: relative to the login directory, which it is when empty. */
  readonly folder?: string;
  /** Called on every connection, before any credential is sent; may throw a `Failure`, which then ends the opening. */
  readonly verifyHostKey: HostKeyVerifier;
  /** Which addresses may be dialled; loopback and private ones too unless told. Link-local and metadata never are. */
  readonly addresses?: AddressPolicy;
  /** How long to wait. */
  readonly timeouts?: SftpTimeouts;
  /** Ends the opening and everything the store does later. */
  readonly signal?: AbortSignal;
  /** Told of reconnects: one sentence without a final period. */
  readonly log?: (message: string) => void;
}

/** The options with every default filled in. */
export interface SftpSettings extends SftpOptions {
  readonly port: number;
  readonly addresses: AddressPolicy;
  readonly timeouts: Required<SftpTimeouts>;
  /** What may encrypt the connection. */
  readonly algorithms: Algorithms;
}

/** Fills in the defaults. */
export function settingsOf(options: SftpOptions): SftpSettings {
  return {
    ...options,
    port: options.port ?? 22,
    addresses: options.addresses ?? { allowPrivate: true },
    timeouts: { connect: 15_000, handshake: 30_000, idle: 30_000, ...options.timeouts },
    algorithms: ALGORITHMS,
  };
}
