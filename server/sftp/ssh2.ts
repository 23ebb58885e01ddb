/**
 * Loads the SSH library when a server starts; nothing else of Waybill waits for it.
 *
 * @module
 */
import type { Ssh2ServerModule } from "./ssh2_types.ts";

/** The SSH library's server side, typed. */
export async function loadSsh2Server(): Promise<Ssh2ServerModule> {
  const module: { readonly default: Ssh2ServerModule } = await import("ssh2");
  return module.default;
}
