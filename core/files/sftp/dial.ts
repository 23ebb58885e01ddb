/**
 * Opens the TCP connection below SSH.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { Failure } from "../../contracts/failure.ts";
import { resolveAddresses } from "../address.ts";
import { untilAborted } from "../failures.ts";
import { serverName, type SftpSettings } from "./options.ts";

/** Dials the host's allowed addresses in turn; the first that answers wins. */
export async function dial(settings: SftpSettings, signal: AbortSignal | undefined): Promise<Socket> {
  const addresses = await untilAborted(resolveAddresses(settings.host, settings.addresses, settings), signal);
  let last: unknown;
  for (const address of addresses) {
    try {
      return await dialAddress(address, settings, signal);
    } catch (error) {
      if (signal?.aborted || (error instanceof Failure && error.kind === "config")) throw error;
      last = error;
    }
  }
  throw last;
}

async function dialAddress(address: string, settings: SftpSettings, signal: AbortSignal | undefined): Promise<Socket> {
  // Without no-delay each small SFTP request waits for the acknowledgement of the one before: 2.8 instead of
  // hundreds of MiB/s.
  const socket = connect({ host: address, port: settings.port, noDelay: true, keepAlive: true });
  let deadline: ReturnType<typeof setTimeout> | undefined;
  try {
    await untilAborted(
      new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", (cause: Error) => reject(dialFailure(cause, settings)));
        deadline = setTimeout(() => reject(unanswered(settings)), settings.timeouts.connect);
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

function unanswered(settings: SftpSettings): Failure {
  return new Failure("transient", `Server "${serverName(settings)}" did not answer in time`, {
    hint: "Check host, port and firewall, or try again later",
  });
}

function dialFailure(cause: Error, settings: SftpSettings): Failure {
  const code = "code" in cause ? cause.code : undefined;
  if (cause.name === "NotCapable" || cause.message.includes("--allow-net")) {
    return new Failure("config", `Waybill may not open connections to "${serverName(settings)}"`, {
      hint: `Start it with --allow-net=${serverName(settings)}`,
      cause,
    });
  }
  if (code === "ECONNREFUSED") {
    return new Failure("transient", `Server "${serverName(settings)}" refused the connection`, {
      hint: "Check host and port, and that the server is running",
      cause,
    });
  }
  if (code === "ETIMEDOUT") return unanswered(settings);
  return new Failure("transient", `No connection to server "${serverName(settings)}"`, {
    hint: "Check host, port and network, or try again later",
    cause,
  });
}
