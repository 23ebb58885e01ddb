/**
 * Mail, through the server that `WAYBILL_SMTP_URL` names.
 *
 * @module
 */
import { hostname } from "node:os";
import { Failure } from "../../contracts/failure.ts";

const VARIABLE = "WAYBILL_SMTP_URL";

/** What to set where no mail server is named. */
export const SMTP_HINT =
  `Set ${VARIABLE}, such as smtps://user:password@mail.example.com:465?from=waybill@example.com, where Waybill runs`;

/** How long a mail server may take to answer, in milliseconds. */
const PATIENCE = 10_000;

/** One mail. */
export interface Mail {
  /** The same for the same mail sent again. */
  readonly id: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** Whether a mail server is named. */
export function hasMailServer(): boolean {
  return (Deno.env.get(VARIABLE) ?? "") !== "";
}

/** What is used of the library, which brings no types. */
interface Library {
  readonly createTransport: (options: Record<string, unknown>) => {
    sendMail(mail: Record<string, unknown>): Promise<unknown>;
    close(): void;
  };
}

/** Sends a mail. Failures: `config` without a mail server or with a wrong address of one, else `transient`. */
export async function sendMail(mail: Mail): Promise<void> {
  const { options, from } = mailServer();
  // Only who sends mail waits for it to load.
  const library: { readonly default: Library } = await import("nodemailer");
  const transport = library.default.createTransport({
    ...options,
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from,
      to: [...mail.to],
      subject: mail.subject,
      text: mail.text,
      messageId: `<${mail.id}@${from.split("@")[1] ?? "waybill"}>`,
    });
  } catch (error) {
    throw new Failure("transient", `The mail server does not take the mail: ${wordsOf(error)}`, {
      hint: `Check ${VARIABLE}`,
      cause: error,
    });
  } finally {
    transport.close();
  }
}

function mailServer(): { readonly options: Record<string, unknown>; readonly from: string } {
  const text = Deno.env.get(VARIABLE) ?? "";
  if (text === "") throw new Failure("config", "No mail server is named", { hint: SMTP_HINT });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["smtp:", "smtps:"].includes(url.protocol) || url.hostname === "") {
    throw new Failure("config", `${VARIABLE} is no address of a mail server`, { hint: SMTP_HINT });
  }
  const secure = url.protocol === "smtps:";
  const auth = url.username === ""
    ? {}
    : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } };
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    options: { host, port: url.port === "" ? (secure ? 465 : 587) : Number(url.port), secure, ...auth },
    from: url.searchParams.get("from") ?? `waybill@${hostname()}`,
  };
}

/** The first line of what went wrong. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0] ?? message;
}
