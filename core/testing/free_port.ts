/**
 * Ports for servers that have to be told theirs.
 *
 * @module
 */

/** Below those that Linux and macOS give out by themselves, and above those of most services. */
const FIRST = 20_000, COUNT = 12_000;

/**
 * A port of the loopback address that nobody listens on. No system gives it to whoever asks for any, so that it is free
 * still when a server that takes a while to start, or starts again, asks for it.
 */
export function freePort(): number {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
