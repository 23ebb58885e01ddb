/**
 * Decides whether an SFTP server is the one that is meant: by the fingerprint given up front, the key that was pinned,
 * or, at first use, by pinning what is seen once the login has worked.
 *
 * @module
 */
import { type AuthContext, Failure } from "@waybill/waybill";

/** A host key that was accepted. */
export interface AcceptedHostKey {
  /** `SHA256:` and the unpadded base64 of the key's hash. */
  readonly fingerprint: string;
  /** The key's algorithm, e.g. `ssh-ed25519`. */
  readonly keyType: string;
  /** Why it was accepted, as the end of a sentence. */
  readonly why: "as pinned" | "as given up front" | "pinned now, at first use";
}

/** What the guard needs to know of an auth. */
export interface HostKeyConfig {
  readonly host: string;
  readonly port: number;
  readonly host_key?: string | undefined;
}

/** Looks at the host key of every connection that is made. */
export interface HostKeyGuard {
  /** Resolves to true, or throws a `Failure` of kind `auth` that names both fingerprints. */
  readonly verify: (fingerprint: string, keyType: string) => Promise<boolean>;
  /** Pins what was accepted, where something else or nothing is pinned: call it once the login has worked. */
  readonly pin: () => Promise<void>;
  /** What was accepted; undefined before the first connection. */
  readonly accepted: AcceptedHostKey | undefined;
}

/**
 * Guards one auth. A fingerprint given up front is the user's explicit word: it outranks what was pinned, and what it
 * lets in is pinned in its place. A connection that is made again after a drop is held to the key of the first, whether
 * or not that was pinned before.
 */
export function hostKeyGuard({ label, config, peer, log }: AuthContext<HostKeyConfig>): HostKeyGuard {
  let accepted: AcceptedHostKey | undefined;
  const given = config.host_key?.replace(/=$/, "");
  const pinned = peer.known;
  const server = `${config.host}:${config.port}`;

  const changed = (expected: string, fingerprint: string, keyType: string) =>
    new Failure("auth", `The host key of "${server}" changed: expected ${expected}, got ${fingerprint} (${keyType})`, {
      hint: "Ask the server's operator whether the key was replaced; if it was, run " +
        `\`waybill auth trust-host-key ${shellWord(label)}\``,
    });

  const verify = async (fingerprint: string, keyType: string): Promise<boolean> => {
    if (given !== undefined && fingerprint !== given) {
      throw new Failure(
        "auth",
        `The host key of "${server}" is not the one given up front: expected ${given}, got ${fingerprint} (${keyType})`,
        { hint: "Ask the server's operator for the right fingerprint; if it is the new one, update `host_key`" },
      );
    }
    const expected = given ?? accepted?.fingerprint ?? pinned;
    if (expected !== undefined && fingerprint !== expected) throw changed(expected, fingerprint, keyType);
    if (accepted !== undefined) return true;
    const why = given !== undefined
      ? "as given up front"
      : pinned !== undefined
      ? "as pinned"
      : "pinned now, at first use";
    accepted = { fingerprint, keyType, why };
    return true;
  };

  /** A server that refuses the login may be the wrong one, and so may the host name. */
  const pin = async (): Promise<void> => {
    if (accepted === undefined || accepted.fingerprint === pinned) return;
    const { fingerprint, keyType } = accepted;
    await peer.pin(fingerprint);
    log.info(`Host key of "${server}" is trusted from now on: ${fingerprint} (${keyType})`, {
      fingerprint,
      key_type: keyType,
    });
  };

  return {
    verify,
    pin,
    get accepted() {
      return accepted;
    },
  };
}

/** A word as a shell takes it: labels may hold spaces. */
function shellWord(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
