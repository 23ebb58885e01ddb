/**
 * What the opening of a wrapped file takes and gives.
 *
 * @module
 */
import type { Spool } from "../spool.ts";
import type { Layer } from "./detect.ts";
import type { DecodeLimits } from "./limits.ts";

/** What a decryption gets beside the message. */
export interface DecryptOptions {
  /** Where the plaintext goes. */
  readonly spool: Spool;
  /** Most bytes of plaintext, and how many times as much as the message it may be. */
  readonly limits: { readonly maxBytes: number; readonly maxRatio: number };
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** Plaintext that is authenticated. Dispose of it to remove it. */
export interface Decrypted extends AsyncDisposable {
  /** Bytes of it. */
  readonly size: number;
  /** The bytes from `offset` (0 unless told) to the end. */
  open(offset?: number): ReadableStream<Uint8Array>;
}

/**
 * Decrypts a PGP message and gives its plaintext once all of it is authenticated; throws a `Failure` otherwise.
 * `decryptPgp` with its keys filled in is one.
 */
export type Decrypt = (message: AsyncIterable<Uint8Array>, options: DecryptOptions) => Promise<Decrypted>;

/** How to open a file. */
export interface DecodeOptions {
  /** Where what nobody may use yet is kept; see `openDecoded`. */
  readonly spool: Spool;
  /** Decrypts PGP messages; without it they are refused. */
  readonly decrypt?: Decrypt | undefined;
  /** Which files of a zip archive are meant: a pattern with `*`, `**` and `?`. All of them unless told. */
  readonly members?: string | undefined;
  /** Limits other than `DECODE_LIMITS`. */
  readonly limits?: Partial<DecodeLimits>;
  /**
   * Whether everything is decoded once, and its checksums looked at, before it is handed out. Default: true. Without it
   * damage shows only where reading reaches it: for a look at the first bytes, or where the same file was verified before.
   */
  readonly verify?: boolean;
  /** Told how far decrypting is, and then how far the verification is, from 0 to 1. */
  readonly verifying?: (share: number) => void;
  /** Ends the work, and the reading of the members. */
  readonly signal?: AbortSignal;
}

/** A file as it is when everything around it is taken off. */
export interface DecodedMember {
  /** Its name: in the archive, or that of the file. A label: it may look like a path that leads anywhere. */
  readonly name: string;
  /** What messages call it: the path of the file and, in an archive, its name there. */
  readonly path: string;
  /** What was around it, from the outside; empty for a plain file. */
  readonly layers: readonly Layer[];
  /** Its size in bytes, where it is known beforehand. */
  readonly size?: number;
  /**
   * Its bytes from `offset` (0 unless told) to the end. What is compressed is decoded from its start and passed over up
   * to there; what is not is read from there.
   */
  open(offset?: number): Promise<ReadableStream<Uint8Array>>;
  /** How much of the whole file was read when its last bytes were given, from 0 to 1. */
  share(): number;
}

/** A file that may hold several, and may be wrapped in several layers. Dispose of it to remove what was spooled. */
export interface DecodedFile extends AsyncDisposable {
  /** The files in it, in the order of their names. One for a file that is no archive. May be iterated again. */
  readonly members: AsyncIterable<DecodedMember>;
  /** All files of the zip archive that it is, and which of them are meant. Absent where it is none. */
  readonly archive?: readonly { readonly name: string; readonly size: number; readonly chosen: boolean }[];
  /** Whether it is a zip archive of more than 10^8 bytes, for which fields and timestamps cannot be selected. */
  readonly tooLargeForFields: boolean;
}
