/**
 * Where to put bytes that nobody may use yet, such as plaintext that is not authenticated.
 *
 * @module
 */

/** Makes private files. */
export interface Spool {
  /** Makes an empty file. Whoever asks for it disposes of it. */
  create(): Promise<SpoolFile>;
}

/**
 * A private file: written from its start to its end, read anywhere, also while it is written.
 *
 * Every method throws a `Failure` of kind `transient` where the disk is full or cannot be reached, and of kind `config`
 * where the process may not write there.
 */
export interface SpoolFile extends AsyncDisposable {
  /** Bytes in it. */
  readonly size: number;
  /** Adds bytes at the end. The buffer may be used again once the promise has resolved. */
  append(bytes: Uint8Array): Promise<void>;
  /** Fills `into` from `offset` on, as far as the file goes; gives the number of bytes. */
  read(offset: number, into: Uint8Array): Promise<number>;
  /** The bytes from `offset` (0 unless told) to the end that the file has when they are asked for. */
  open(offset?: number): ReadableStream<Uint8Array>;
  /** Removes the file. What still reads it fails. May be called again. */
  [Symbol.asyncDispose](): Promise<void>;
}
