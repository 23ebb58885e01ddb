/**
 * The auth method `email`: who mail is from that leads to a file.
 *
 * @module
 */
import {
  type AuthDefinition,
  defineAuth,
  type FieldMeta,
  type Mail,
  mailAddress,
  type Mailer,
  type MailServer,
  type SentMail,
} from "@waybill/waybill";
import { z } from "zod";

/** What a sender is configured with. */
export type EmailConfig = z.ZodObject<{
  /** Name for people. */
  from_name: z.ZodOptional<z.ZodString>;
  /** Address; the operator's, where it is left empty. */
  from_address: z.ZodOptional<z.ZodString>;
  /** Where answers go. */
  reply_to: z.ZodOptional<z.ZodString>;
}>;

const config: EmailConfig = z.object({
  from_name: z.string().min(1).max(100).regex(/^\P{Cc}*$/u, "must hold no control characters").optional().meta(
    {
      title: "From name",
      help: "Name that mail is from.",
      placeholder: "Acme data team",
    } satisfies FieldMeta,
  ),
  from_address: mailAddress().optional().meta(
    {
      title: "From address",
      help: "Address that mail is from. Left empty, it is the one that the operator has set (`WAYBILL_SMTP_URL`).",
      placeholder: "data@example.com",
    } satisfies FieldMeta,
  ),
  reply_to: mailAddress().optional().meta(
    {
      title: "Reply to",
      help: "Address that answers go to. Left empty, they go to the sender.",
      placeholder: "help@example.com",
    } satisfies FieldMeta,
  ),
});

const ENCRYPTION: Readonly<Record<MailServer["tls"], string>> = {
  always: "Mail goes over TLS alone",
  "where offered": "Mail goes over TLS where the server offers it",
  never: "Mail goes in the open",
};

/** A connection that sends mail. Nothing is open between two mails. */
export interface MailConnection {
  /** Sends a mail from the configured sender, as {@linkcode Mailer} does. */
  sendMail(mail: Omit<Mail, "from" | "replyTo">, signal: AbortSignal): Promise<SentMail>;
}

/** Mail through the operator's mail server. Nobody has to save an auth of it. */
export const email: AuthDefinition<EmailConfig, MailConnection> = defineAuth({
  id: "email",
  title: "E-mail",
  summary: "Sends mail through the mail server that the operator has set.",
  config,
  sendsMail: true,
  standard: true,
  connect: async ({ config: { from_name, from_address, reply_to }, mailer }) => {
    const from = {
      ...(from_name === undefined ? {} : { name: from_name }),
      ...(from_address === undefined ? {} : { address: from_address }),
    };
    const sender = { from, ...(reply_to === undefined ? {} : { replyTo: reply_to }) };
    return {
      sendMail: (mail, signal) => given(mailer).send({ ...mail, ...sender }, signal),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  check: async function* (_connection, { config: { from_name, from_address }, mailer, signal }) {
    const { server, user, from, tls } = await given(mailer).check(signal);
    yield { name: "mail server", ok: true, detail: `"${server}" answers` };
    yield { name: "encryption", ok: true, detail: ENCRYPTION[tls] };
    yield {
      name: "login",
      ok: true,
      detail: user === undefined ? "The server asks for no login" : `"${user}" is logged in`,
    };
    const address = from_address ?? from;
    yield {
      name: "sender",
      ok: true,
      detail: `Mail is from ${from_name === undefined ? address : `"${from_name}" <${address}>`}`,
    };
  },
});

function given(mailer: Mailer | undefined): Mailer {
  if (mailer !== undefined) return mailer;
  throw new Error("The engine gave an auth that sends mail nothing to send it with");
}
