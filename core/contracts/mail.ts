/**
 * Mail: what is sent, what sends it, and which addresses it can go to.
 *
 * @module
 */
import { z } from "zod";

/** One mail. */
export interface Mail {
  /**
   * Begins its Message-ID, which the sender's domain ends: the same for the same mail sent again, so that a repeat is
   * recognised. 1 to 64 letters, digits and hyphens.
   */
  readonly id: string;
  /** Who gets it: addresses as {@linkcode mailAddress} takes them. They see each other. */
  readonly to: readonly string[];
  /** Who it is from; what the operator has set, unless told. */
  readonly from?: MailSender;
  /** Where answers go; to the sender unless told. */
  readonly replyTo?: string;
  /** Control characters in it, line breaks among them, become spaces; beyond 200 characters it is cut off. `=?` is `= ?`. */
  readonly subject: string;
  /** What it says, in plain text. */
  readonly text: string;
  /** The same in HTML. */
  readonly html?: string;
}

/** Who a mail is from. */
export interface MailSender {
  /** Name for people. */
  readonly name?: string;
  /** Address; the operator's unless told. */
  readonly address?: string;
}

/** What became of a mail that somebody gets. */
export interface SentMail {
  /** Who does not get it, and the mail server's words for why: others do. */
  readonly refused: readonly { readonly address: string; readonly reason: string }[];
}

/** A mail server as it was found. */
export interface MailServer {
  /** Host and port. */
  readonly server: string;
  /** Who logged in; undefined where it asks for no login. */
  readonly user: string | undefined;
  /** Address that mail is from unless a mail says otherwise. */
  readonly from: string;
  /** Whether it is spoken to over TLS alone, over TLS where it offers it, or in the open. */
  readonly tls: "always" | "where offered" | "never";
}

/**
 * Sends mail through the server that the operator has set.
 *
 * Failures: `config` for an address that cannot be one, for a recipient or sender that the server refuses for good, and
 * for a server that is set wrongly or whose certificate is not trusted; `auth` for a refused login; `data` for a mail
 * whose content is refused for good; else `transient`. None shows the password.
 */
export interface Mailer {
  /**
   * Hands a mail to the server. What fails may have been sent all the same: the server's last word did not arrive. Throws
   * where nobody gets it.
   */
  send(mail: Mail, signal?: AbortSignal): Promise<SentMail>;
  /** Connects and logs in, and sends nothing. */
  check(signal?: AbortSignal): Promise<MailServer>;
}

/** Octets before the @, and of all of an address (RFC 5321, 4.5.3.1). */
const LONGEST = { local: 64, address: 254 };

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** A configuration field that holds a mail address. Give it to `z.array` for several. */
export function mailAddress(): z.ZodString {
  return z.string().check((context) => {
    const problem = mailAddressProblem(context.value);
    if (problem !== undefined) context.issues.push({ code: "custom", message: problem, input: context.value });
  });
}

/**
 * Why a text is no address that mail can go to; undefined where it is one. Names in quotes before the @, and names that
 * are not ASCII, are not taken: few servers deliver to them. Domains may be of any script.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mailAddressProblem } from "./mail.ts";
 *
 * assert.equal(mailAddressProblem("ada@bücher.example"), undefined);
 * assert.equal(mailAddressProblem("ada"), "must be an address such as ada@example.com");
 * ```
 */
export function mailAddressProblem(address: string): string | undefined {
  const at = address.lastIndexOf("@");
  const [local, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)];
  if (/[\s\p{C}]/u.test(address)) return "must hold no spaces and no control characters";
  if (local === "" || domain === "") return "must be an address such as ada@example.com";
  if (local.startsWith('"')) return "must not have a name in quotes before the @";
  if (/[^!-~]/.test(local)) return "must have no other characters than ASCII before the @";
  const ascii = asciiDomain(domain);
  // Readers take `=?` for the beginning of an encoded word, which could stand for anything.
  if (!LOCAL.test(local) || local.includes("=?") || ascii === undefined) {
    return "must be an address such as ada@example.com";
  }
  if (local.length > LONGEST.local || local.length + 1 + ascii.length > LONGEST.address) return "is too long";
  return undefined;
}

/** The address as servers know it: its domain in ASCII, in lower case. Undefined for what is no address. */
export function plainAddress(address: string): string | undefined {
  if (mailAddressProblem(address) !== undefined) return undefined;
  const at = address.lastIndexOf("@");
  return `${address.slice(0, at)}@${asciiDomain(address.slice(at + 1))}`;
}

function asciiDomain(domain: string): string | undefined {
  // What the parser of addresses would take for something else than a host.
  if (/[/:?#@\\[\]%]/.test(domain) || !URL.canParse(`https://${domain}`)) return undefined;
  const { hostname } = new URL(`https://${domain}`);
  const labels = hostname.split(".");
  // An IP address is none: it would have to stand in brackets.
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "") ? hostname : undefined;
}
