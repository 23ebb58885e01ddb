/**
 * `WAYBILL_SMTP_URL`: which mail server takes what Waybill sends, and how far it is trusted.
 *
 * @module
 */
import { hostname } from "node:os";
import { Failure } from "../../contracts/failure.ts";
import { mailAddressProblem } from "../../contracts/mail.ts";

const VARIABLE = "WAYBILL_SMTP_URL";

/** What to set where no mail server is named. */
export const SMTP_HINT =
  `Set ${VARIABLE}, such as smtps://user:password@mail.example.com:465?from=waybill@example.com, where Waybill runs`;

/** What to look at where the mail server does not do as it should. */
export const CHECK_HINT = `Check ${VARIABLE}`;

/** A mail server. */
export interface SmtpServer {
  /** Name, or IP address without brackets. */
  readonly host: string;
  readonly port: number;
  /**
   * `implicit`: TLS from the first byte. `required`: STARTTLS, or nothing is sent. `offered`: STARTTLS where the server
   * has it. `off`: never.
   */
  readonly tls: "implicit" | "required" | "offered" | "off";
  /** Who logs in; undefined for a server without a login. */
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** Address that mail is from unless it says otherwise. */
  readonly from: string;
}

/** Whether a mail server is named. */
export function hasMailServer(): boolean {
  return named() !== "";
}

/** The mail server that is named. Failure `config` without one, and for what names none. */
export function mailServer(): SmtpServer {
  const text = named();
  if (text === "") throw new Failure("config", "No mail server is named", { hint: SMTP_HINT });
  return readSmtpUrl(text);
}

/** Reads the variable's value. Failure `config` for a wrong one, which shows nothing of it but the options' names. */
export function readSmtpUrl(text: string): SmtpServer {
  const url = URL.parse(text);
  if (url === null || !["smtp:", "smtps:"].includes(url.protocol) || url.hostname === "") {
    throw wrong("is no address of a mail server", SMTP_HINT);
  }
  const options = new Map(url.searchParams);
  const [from, tls] = [options.get("from"), options.get("tls")];
  const unknown = [...options.keys()].find((name) => name !== "from" && name !== "tls");
  if (unknown !== undefined) {
    throw wrong(`has the option "${unknown}", which there is not`, "Give from and tls, or none");
  }
  if (from !== undefined) {
    const problem = mailAddressProblem(from);
    if (problem !== undefined) throw wrong(`has a from that ${problem}`, "Give an address such as waybill@example.com");
  }
  const login = loginOf(url);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (url.protocol === "smtps:" ? 465 : 587) : Number(url.port),
    tls: tlsOf(url.protocol === "smtps:", tls, login !== undefined),
    login,
    from: from ?? `waybill@${hostname()}`,
  };
}

function named(): string {
  return Deno.env.get(VARIABLE)?.trim() ?? "";
}

function loginOf({ username, password }: URL): SmtpServer["login"] {
  if (username === "" && password === "") return undefined;
  if (username === "" || password === "") {
    throw wrong("has a user without a password, or a password without a user", "Give both, or none");
  }
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw wrong("has a user or a password that cannot be read", "Write % as %25, @ as %40, / as %2F and : as %3A");
  }
}

function tlsOf(implicit: boolean, chosen: string | undefined, login: boolean): SmtpServer["tls"] {
  if (chosen !== undefined && chosen !== "required" && chosen !== "off") {
    throw wrong("has a tls that there is not", "Give tls=required or tls=off, or leave it out");
  }
  if (implicit && chosen === "off") throw wrong("says both smtps and tls=off", "Give smtp:// for a server without TLS");
  if (implicit) return "implicit";
  if (chosen === "off" && login) {
    throw wrong("would send a password in the open", "Leave tls=off out: a login needs TLS");
  }
  // Whoever is between could leave STARTTLS out of what the server says, and read the password.
  return chosen ?? (login ? "required" : "offered");
}

function wrong(how: string, hint: string): Failure {
  return new Failure("config", `${VARIABLE} ${how}`, { hint });
}
