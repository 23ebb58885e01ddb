/**
 * Tests against real peers: what happens where one is missing.
 *
 * @module
 */
import { existsSync } from "node:fs";

/**
 * Whether the peer called `name` is there, by the path of its program; `undefined` means it is known to be missing.
 *
 * Where it is missing the test is skipped and says so; under `CI=true`, where every peer must be installed, this throws.
 */
export function requirePeer(name: string, path: string | undefined): boolean {
  if (path !== undefined && existsSync(path)) return true;
  const message = `Missing test peer: ${name}${path === undefined ? "" : ` at ${path}`}`;
  if (Deno.env.get("CI") === "true") throw new Error(message);
  console.warn(`${message}; its tests are skipped`);
  return false;
}
