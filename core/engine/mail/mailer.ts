/**
 * Mail, through the server that `WAYBILL_SMTP_URL` names.
 *
 * @module
 */
import { isIP, type Socket } from "node:net";
import type { SMTPSentMessageInfo, SMTPTransportOptions, Transporter } from "nodemailer";
import { Failure } from "../../contracts/failure.ts";
import { type Mail, mailAddressProblem, type Mailer, plainAddress } from "../../contracts/mail.ts";
import { dial, serverName } from "../../files/dial.ts";
import { withDeadline } from "../deadline.ts";
import { loginRedactor, serverWords, smtpFailure } from "./smtp_failure.ts";
import { mailServer, type SmtpServer } from "./smtp_url.ts";

export { hasMailServer, SMTP_HINT } from "./smtp_url.ts";

/** How long to wait, in milliseconds: for a connection, for an answer, and for all of it. */
const PATIENCE = { connect: 10_000, answer: 60_000, whole: 90_000 };

/** Characters of a subject. */
const LONGEST_SUBJECT = 200;

/**
 * Opens the mail server that the operator has set; nothing is dialled yet. Failure `config` where none is.
 *
 * @param patience How long to wait, in milliseconds, where a test cannot wait as long.
 */
export function openMailer(patience: Partial<typeof PATIENCE> = {}): Mailer {
  const server: Server = { ...mailServer(), timeouts: { ...PATIENCE, ...patience } };
  return {
    send: async (mail, signal) => {
      const message = messageOf(mail, server);
      return await withTransport(server, signal, async (transport) => {
        const { rejectedErrors = [] } = await transport.sendMail(message);
        const { text } = loginRedactor(server);
        return {
          refused: rejectedErrors.map((error) => ({
            address: error.recipient ?? "",
            reason: serverWords(error, text),
          })),
        };
      });
    },
    check: async (signal) => {
      await withTransport(server, signal, (transport) => transport.verify());
      const { login, from, tls } = server;
      return {
        server: serverName(server),
        user: login?.user,
        from,
        tls: tls === "off" ? "never" : tls === "offered" ? "where offered" : "always",
      };
    },
  };
}

/** A mail server, and how long to wait for it. */
interface Server extends SmtpServer {
  readonly timeouts: typeof PATIENCE;
}

/** Connects for `work`, which alone uses the connection; what it throws is told as a failure. */
async function withTransport<T>(
  server: Server,
  signal: AbortSignal | undefined,
  work: (transport: Transport) => Promise<T>,
): Promise<T> {
  // Only who sends mail waits for it to load.
  const { createTransport } = await import("nodemailer");
  return await withDeadline("The mail server", server.timeouts.whole, signal, async (stopped) => {
    let socket: Socket | undefined;
    const end = () => socket?.destroy();
    stopped.addEventListener("abort", end);
    try {
      const target = { ...server, addresses: { allowPrivate: true } };
      socket = await dial(target, stopped);
      return await work(createTransport(optionsOf(server, socket)));
    } catch (error) {
      throw smtpFailure(error, server);
    } finally {
      stopped.removeEventListener("abort", end);
      end();
    }
  });
}

/** What is used of the library's. */
type Transport = Transporter<SMTPSentMessageInfo, SMTPTransportOptions>;

function optionsOf({ host, port, tls, login, timeouts }: Server, connection: Socket): SMTPTransportOptions {
  const name = isIP(host) === 0 ? { servername: host } : {};
  return {
    host,
    port,
    ...name,
    secure: tls === "implicit",
    requireTLS: tls === "required",
    ignoreTLS: tls === "off",
    // The certificate is for the name that was given, whatever address it has.
    tls: { host, ...name },
    // Without `forceAuth` a server that offers no login gets the mail without one.
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password }, forceAuth: true }),
    getSocket: (_options, done) => done(null, { connection }),
    connectionTimeout: timeouts.connect,
    greetingTimeout: timeouts.connect,
    socketTimeout: timeouts.answer,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The mail as the library takes it. Nothing in it can begin a line of its header: it is checked, or made one line. */
function messageOf({ id, to, from = {}, replyTo, subject, text, html }: Mail, server: SmtpServer) {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) throw new Error("A mail's id is made of letters, digits and hyphens");
  if (to.length === 0) throw new Error("A mail goes to somebody");
  const sender = addressOf(from.address ?? server.from);
  return {
    // Objects: texts would be read as lists of addresses.
    from: { name: oneLine(from.name ?? ""), address: sender },
    to: to.map((address) => ({ name: "", address: addressOf(address) })),
    ...(replyTo === undefined ? {} : { replyTo: { name: "", address: addressOf(replyTo) } }),
    subject: oneLine(subject).slice(0, LONGEST_SUBJECT),
    text,
    ...(html === undefined ? {} : { html }),
    messageId: `<${id}@${sender.slice(sender.lastIndexOf("@") + 1)}>`,
    // RFC 3834: nobody's absence answers it.
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

function addressOf(address: string): string {
  const plain = plainAddress(address);
  if (plain !== undefined) return plain;
  const shown = oneLine(address).slice(0, LONGEST_SUBJECT);
  throw new Failure("config", `"${shown}" is no address that mail can go to: it ${mailAddressProblem(address)}`, {
    hint: "Correct the address",
  });
}

/** What stands in a line of the header. A text's own `=?` would begin an encoded word, which may stand for anything. */
function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(/\p{Cc}+|[\u2028\u2029]/gu, " ").replaceAll("=?", "= ?").trim();
}
