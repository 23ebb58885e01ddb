/**
 * Loads the SSH library when the first connection needs it; start-up does not wait for it.
 *
 * @module
 */
import type * as Ssh2 from "ssh2";

/** The parts of the SSH library in use. */
export type Ssh2Module = Pick<typeof Ssh2, "Client" | "Server" | "utils">;

/** The SSH library, typed. */
export async function loadSsh2(): Promise<Ssh2Module> {
  const module = await import("ssh2");
  return module.default;
}
