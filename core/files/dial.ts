/**
 * Opens the TCP connections below SSH and SMTP.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import type { AddressPolicy } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import { resolveAddresses } from "./address.ts";
import { untilAborted } from "./failures.ts";

/** What is dialled. */
export interface DialTarget {
  /** Host name or IP address. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** Which addresses may be dialled. */
  readonly addresses: AddressPolicy;
  readonly timeouts: {
    /** How long to wait for each address, in milliseconds. */
    readonly connect: number;
  };
}

/** The server as messages name it. */
export function serverName({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Dials the host's allowed addresses in turn; the first that answers wins. */
export async function dial(target: DialTarget, signal: AbortSignal | undefined): Promise<Socket> {
  const addresses = await untilAborted(resolveAddresses(target.host, target.addresses, target), signal);
  let last: unknown;
  for (const address of addresses) {
    try {
      return await dialAddress(address, target, signal);
    } catch (error) {
      if (signal?.aborted || (error instanceof Failure && error.kind === "config")) throw error;
      last = error;
    }
  }
  throw last;
}

async function dialAddress(address: string, target: DialTarget, signal: AbortSignal | undefined): Promise<Socket> {
  // Without no-delay each small SFTP request waits for the acknowledgement of the one before: 2.8 instead of
  // hundreds of MiB/s.
  const socket = connect({ host: address, port: target.port, noDelay: true, keepAlive: true });
  let deadline: ReturnType<typeof setTimeout> | undefined;
  try {
    await untilAborted(
      new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", (cause: Error) => reject(dialFailure(cause, target)));
        deadline = setTimeout(() => reject(unanswered(target)), target.timeouts.connect);
      }),
      signal,
    );
    socket.removeAllListeners("error");
    return socket;
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

function unanswered(target: DialTarget): Failure {
  return new Failure("transient", `Server "${serverName(target)}" did not answer in time`, {
    hint: "Check host, port and firewall, or try again later",
  });
}

function dialFailure(cause: Error, target: DialTarget): Failure {
  const code = "code" in cause ? cause.code : undefined;
  if (cause.name === "NotCapable" || cause.message.includes("--allow-net")) {
    return new Failure("config", `Waybill may not open connections to "${serverName(target)}"`, {
      hint: `Start it with --allow-net=${serverName(target)}`,
      cause,
    });
  }
  if (code === "ECONNREFUSED") {
    return new Failure("transient", `Server "${serverName(target)}" refused the connection`, {
      hint: "Check host and port, and that the server is running",
      cause,
    });
  }
  if (code === "ETIMEDOUT") return unanswered(target);
  return new Failure("transient", `No connection to server "${serverName(target)}"`, {
    hint: "Check host, port and network, or try again later",
    cause,
  });
}
