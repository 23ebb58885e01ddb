/**
 * What a mail server's refusal means, without the words in it that nobody should read.
 *
 * @module
 */
import type { NodemailerError } from "nodemailer";
import { Failure, type FailureKind } from "../../contracts/failure.ts";
import { type Redactor, redactor } from "../redact.ts";
import { CHECK_HINT, type SmtpServer } from "./smtp_url.ts";

/** Characters of a server's words that are shown. */
const LONGEST = 200;

/** What the library says of a certificate that is not trusted, in Deno's words and in Node's. */
const UNTRUSTED = /certificate|self.signed|unknown ?issuer|altname|CERT_|hostname mismatch/i;

/** Takes the login out of texts, in every form in which it is sent. */
export function loginRedactor({ login }: SmtpServer): Redactor {
  if (login === undefined) return redactor([]);
  const { user, password } = login;
  return redactor([password, encodeURIComponent(password), base64(password), base64(`\0${user}\0${password}`)]);
}

/** The failure of an error of the library's; a `Failure` stays what it is. */
export function smtpFailure(error: unknown, server: SmtpServer): Failure {
  if (error instanceof Failure) return error;
  const { text, error: redacted } = loginRedactor(server);
  const said = serverWords(error, text);
  const words = said === "" ? "" : `: ${said}`;
  const { kind, message, hint } = meaning(error, server);
  return new Failure(kind, text(message) + words, { hint, cause: redacted(error) });
}

/** The last line of a server's answer, or the first of what else went wrong, without what `redact` takes out of it. */
export function serverWords(error: unknown, redact: Redactor["text"]): string {
  // Before it is cut: part of a secret is none that could be found.
  const shown = (words: string) => redact(words).replaceAll(/\p{C}+/gu, " ").trim().slice(0, LONGEST);
  if (!(error instanceof Error)) return shown(String(error));
  const { response, message }: NodemailerError = error;
  return shown((response === undefined ? message.split("\n", 1)[0] : response.trimEnd().split("\n").at(-1)) ?? "");
}

interface Meaning {
  readonly kind: FailureKind;
  readonly message: string;
  readonly hint: string;
}

const TRY_AGAIN = "Try again later";

function meaning(error: unknown, { login, tls }: SmtpServer): Meaning {
  const { code, command = "", permanent, message = "" }: Partial<NodemailerError> = error instanceof Error ? error : {};
  const refused = (kind: FailureKind, what: string, hint = CHECK_HINT): Meaning =>
    permanent === false
      ? { kind: "transient", message: `The mail server does not take ${what} now`, hint: TRY_AGAIN }
      : { kind, message: `The mail server refuses ${what}`, hint };
  if (code === "EAUTH" || code === "ENOAUTH") return refused("auth", `the login of "${login?.user ?? ""}"`);
  if (UNTRUSTED.test(message)) {
    const hint = `${CHECK_HINT}; a private authority's certificate is trusted where DENO_CERT names its file`;
    return { kind: "config", message: "The mail server's certificate is not trusted", hint };
  }
  if (code === "ETLS" && tls === "required") {
    const hint = login === undefined
      ? `${CHECK_HINT}: tls=required asks for TLS`
      : `${CHECK_HINT}: a password is sent over TLS alone`;
    return refused("config", "to encrypt the connection", hint);
  }
  if (code === "EENVELOPE" && command === "RCPT TO") return refused("config", "the recipient", "Check the address");
  if (code === "EENVELOPE" && command === "MAIL FROM") {
    return refused(
      "config",
      "the sender",
      "Check who the mail is from: the auth's address, or from in WAYBILL_SMTP_URL",
    );
  }
  if (code === "EMESSAGE" || command === "DATA") return refused("data", "the mail", "Ask whoever runs the mail server");
  return { kind: "transient", message: "The mail server does not take the mail", hint: CHECK_HINT };
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
