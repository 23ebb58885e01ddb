/**
 * Whether an SFTP server of Waybill's answers where it says that it listens.
 *
 * @module
 */
import type { ListeningAddress } from "../contracts/auth.ts";

/** What Waybill's server greets with. */
const GREETING = "SSH-2.0-Waybill";

/** How long a server may take to answer, in milliseconds. */
const DEADLINE = 5_000;

/** Why no server of Waybill's answers there; undefined where one does. */
export async function sftpSilence(
  { host, port }: ListeningAddress,
  { deadline = DEADLINE }: { readonly deadline?: number } = {},
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(deadline);
  try {
    using connection = await Deno.connect({ hostname: reachable(host), port, signal });
    const greeting = await firstBytes(connection, GREETING.length, signal);
    return greeting === GREETING ? undefined : "something else answers there";
  } catch (error) {
    if (signal.aborted) return `nothing came within ${deadline / 1000} s`;
    return error instanceof Error ? error.message : String(error);
  }
}

/** All addresses are reached over the machine's own. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

async function firstBytes(connection: Deno.Conn, length: number, signal: AbortSignal): Promise<string> {
  const close = () => connection.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const read = await connection.read(bytes.subarray(filled));
      if (read === null) return "";
      filled += read;
    }
    return new TextDecoder().decode(bytes);
  } finally {
    signal.removeEventListener("abort", close);
  }
}
