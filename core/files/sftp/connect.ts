/**
 * Opens an SFTP session: host key, login, subsystem.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import type { Client, ParsedKey, SFTPWrapper } from "./ssh2_types.ts";
import { abortFailure, Failure } from "../../contracts/failure.ts";
import { dial, serverName } from "../dial.ts";
import { readPrivateKey } from "./key.ts";
import { LoginMethods } from "./login.ts";
import type { SftpSettings } from "./options.ts";
import { SftpSession } from "./session.ts";
import { loadSsh2 } from "./ssh2.ts";

/** How often an idle connection is asked whether it lives, and how often it may stay silent. */
const KEEP_ALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };

/** Characters of a server's first words that are looked at; an SSH server may say something before its version. */
const BANNER = 1_024;

/** Dials, checks the host key, logs in and starts SFTP. Throws a `Failure` and nothing else. */
export async function openSession(settings: SftpSettings, signal: AbortSignal | undefined): Promise<SftpSession> {
  const key = settings.privateKey ? await readPrivateKey(settings.privateKey, settings.passphrase) : undefined;
  if (key === undefined && !settings.password) {
    throw new Failure("auth", `Neither a password nor a private key was given for "${settings.username}"`, {
      hint: "Give a password or a private key",
    });
  }
  const { Client } = await loadSsh2();
  const socket = await dial(settings, signal);
  const client = new Client();
  let onAbort = () => {};
  let deadline: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise<SftpSession>((resolve, reject) => {
      onAbort = () => reject(signal === undefined ? undefined : abortFailure(signal));
      if (signal?.aborted) onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      deadline = setTimeout(() => reject(late(settings)), settings.timeouts.handshake);
      logIn({ client, socket, settings, key, reject }, (sftp) => {
        resolve(new SftpSession(client, sftp, socket, settings.timeouts.idle));
      });
    });
  } catch (error) {
    client.on("error", () => {});
    client.end();
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", onAbort);
  }
}

interface Login {
  readonly client: Client;
  readonly socket: Socket;
  readonly settings: SftpSettings;
  readonly key: ParsedKey | undefined;
  readonly reject: (failure: Failure) => void;
}

function logIn(login: Login, onReady: (sftp: SFTPWrapper) => void): void {
  const { client, socket, settings, key, reject } = login;
  const methods = new LoginMethods(settings, key);
  let banner = "";
  client.on("error", (error: Error) => reject(connectFailure(error, settings, methods, banner)));
  client.on("close", () => reject(closedFailure(settings, banner)));
  client.on("ready", () =>
    client.sftp((error, sftp) => {
      if (error) reject(noSubsystem(error, settings));
      else onReady(sftp);
    }));
  client.connect({
    sock: socket,
    username: settings.username,
    algorithms: settings.algorithms,
    ...KEEP_ALIVE,
    readyTimeout: 0,
    hostVerifier: (hostKey: Buffer, verify: (accepted: boolean) => void) => {
      checkHostKey(hostKey, settings).then(() => verify(true), (failure: Failure) => {
        reject(failure);
        verify(false);
      });
    },
    authHandler: (left, partial, next) => {
      const attempt = methods.next(left, partial);
      if (attempt === undefined) reject(methods.refused());
      else next(attempt);
    },
  });
  // What the server says first tells a connection that dropped from a server of another kind.
  socket.on("data", (bytes: Uint8Array) => {
    if (banner.length < BANNER) banner += new TextDecoder().decode(bytes.subarray(0, BANNER));
  });
}

async function checkHostKey(hostKey: Buffer, settings: SftpSettings): Promise<void> {
  const fingerprint = `SHA256:${createHash("sha256").update(hostKey).digest("base64").replace(/=+$/, "")}`;
  const keyType = hostKey.subarray(4, 4 + hostKey.readUInt32BE(0)).toString("latin1");
  if (await settings.verifyHostKey(fingerprint, keyType)) return;
  throw new Failure("auth", `The host key of server "${serverName(settings)}" is not trusted: ${fingerprint}`, {
    hint: "Ask the server's operator for its fingerprint, and trust it only if both are the same",
  });
}

function late(settings: SftpSettings): Failure {
  return new Failure("transient", `Server "${serverName(settings)}" did not finish the login in time`, {
    hint: "Check that host and port belong to an SFTP server, or try again later",
  });
}

function noSubsystem(cause: Error, settings: SftpSettings): Failure {
  return new Failure("config", `Server "${serverName(settings)}" offers no SFTP to "${settings.username}"`, {
    hint: "Ask the server's operator to enable the sftp subsystem for this user",
    cause,
  });
}

function notSsh(settings: SftpSettings, cause?: Error): Failure {
  return new Failure("config", `"${serverName(settings)}" is not an SSH server`, {
    hint: "Check the port; SFTP is usually on 22, and FTP or FTPS is something else",
    cause,
  });
}

function dropped(settings: SftpSettings, cause?: Error): Failure {
  return new Failure("transient", `Server "${serverName(settings)}" closed the connection during the login`, {
    hint: "Try again later; the server may be overloaded or limit connections",
    cause,
  });
}

function closedFailure(settings: SftpSettings, banner: string, cause?: Error): Failure {
  return banner === "" || /^SSH-/m.test(banner) ? dropped(settings, cause) : notSsh(settings, cause);
}

/** Sorts the errors that ssh2 emits before the session is ready; `level` is ssh2's own grouping. */
function connectFailure(error: Error, settings: SftpSettings, methods: LoginMethods, banner: string): Failure {
  const level = "level" in error ? error.level : undefined;
  if (level === "client-socket" || level === "client-timeout") return dropped(settings, error);
  if (level === "client-authentication") return methods.refused();
  if (level === "handshake") {
    return new Failure("config", `No common encryption with server "${serverName(settings)}": ${error.message}`, {
      hint: "Ask the server's operator to update it: SHA-1 and CBC are refused",
      cause: error,
    });
  }
  if (level === "protocol") return closedFailure(settings, banner, error);
  // What is left is the server's own DISCONNECT message, e.g. "Too many authentication failures".
  return new Failure("transient", `Server "${serverName(settings)}" ended the connection: ${error.message}`, {
    hint: "Try again later, or ask the server's operator",
    cause: error,
  });
}
