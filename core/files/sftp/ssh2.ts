/**
 * Loads the SSH library when the first connection needs it; start-up does not wait for it.
 *
 * @module
 */
import type { Ssh2Module } from "./ssh2_types.ts";

/** The SSH library, typed. */
export async function loadSsh2(): Promise<Ssh2Module> {
  const module: { readonly default: Ssh2Module } = await import("ssh2");
  return module.default;
}
