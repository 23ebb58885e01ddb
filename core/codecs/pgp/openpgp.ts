/**
 * The OpenPGP library, loaded at its first use: it takes longer to load than `--help` may.
 *
 * @module
 */
import type * as OpenPgp from "openpgp";

let library: Promise<typeof OpenPgp> | undefined;

/** The library. */
export function loadOpenPgp(): Promise<typeof OpenPgp> {
  return library ??= import("openpgp");
}
