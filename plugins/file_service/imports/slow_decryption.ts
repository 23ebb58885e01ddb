/**
 * Decrypting for somebody who waits: it may take only so long.
 *
 * @module
 */
import { Failure, type FileEntry } from "@waybill/waybill";
import type { Decrypt } from "@waybill/waybill/codecs";

/** That a file takes longer to decrypt than somebody waits for a look at its first rows. */
export class SlowDecryption extends Failure {
  /** Builds it for a file that was not decrypted within so many milliseconds. */
  constructor(readonly path: string, readonly entry: FileEntry, readonly patience: number) {
    super("config", `File "${path}" was not decrypted within ${patience / 1_000} seconds, and cannot be looked into`, {
      hint: "Give the names of its fields instead of choosing them from a list; a run takes the time that it needs",
    });
  }
}

/** Decrypts, and throws `failure` where that is not done after `patience` milliseconds. */
export function decryptWithin(decrypt: Decrypt, patience: number, failure: () => Failure): Decrypt {
  return async (message, options) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(failure()), patience);
    const { signal = stop.signal } = options;
    try {
      return await decrypt(message, { ...options, signal: AbortSignal.any([signal, stop.signal]) });
    } finally {
      clearTimeout(timer);
    }
  };
}
