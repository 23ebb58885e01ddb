/**
 * Whether an address is one that a server of this machine listens on.
 *
 * @module
 */
import { parseIp } from "./parse.ts";

/** The address that stands for all, and the versions of IP that a server has which listens on it. */
const ALL: Readonly<Record<string, readonly number[]>> = { "0.0.0.0": [4], "::": [4, 6] };

/** Whether a server that listens on `listening` answers on `address`; both are IP addresses in text form. */
export function isOwn(listening: string, address: string): boolean {
  const [server, dialled] = [parseIp(listening), parseIp(address)];
  if (server === undefined || dialled === undefined) return false;
  const versions = ALL[server.text];
  if (versions === undefined) return server.text === dialled.text;
  return versions.includes(dialled.version) && isOfThisMachine(dialled.text);
}

/** Only an address of this machine can be bound; its interfaces cannot be listed without one more permission. */
function isOfThisMachine(address: string): boolean {
  try {
    Deno.listen({ hostname: address, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
