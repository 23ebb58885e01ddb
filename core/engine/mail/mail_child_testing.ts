/**
 * Sends mail from a process of its own: which certificates are trusted is settled when a process starts.
 *
 * `deno run mail_child_testing.ts` with a mail as JSON in the first argument, or nothing for a check; prints what came
 * of it as JSON.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { Failure, type FailureJson } from "../../contracts/failure.ts";
import type { Mail, MailServer, SentMail } from "../../contracts/mail.ts";
import { openMailer } from "./mailer.ts";

/** What came of it. */
export interface ChildResult {
  readonly sent?: SentMail;
  readonly found?: MailServer;
  readonly failure?: FailureJson;
}

/** Sends a mail, or checks the server where none is given; with what `deno task serve` allows beside files. */
export async function mailInChild(env: Readonly<Record<string, string>>, mail?: Mail): Promise<ChildResult> {
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-net=127.0.0.1,localhost",
      "--allow-env=WAYBILL_*,HOME,TMPDIR,TZ,NO_COLOR,FORCE_COLOR,TERM,COLUMNS,CI",
      "--allow-sys=hostname,uid,statfs",
      fileURLToPath(import.meta.url),
      ...(mail === undefined ? [] : [JSON.stringify(mail)]),
    ],
    env,
  }).output();
  const [text, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (text === "") throw new Error(said);
  return JSON.parse(text ?? "");
}

async function main(mail: string | undefined): Promise<ChildResult> {
  try {
    const mailer = openMailer();
    return mail === undefined ? { found: await mailer.check() } : { sent: await mailer.send(JSON.parse(mail)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: error.toJSON() };
  }
}

if (import.meta.main) console.log(JSON.stringify(await main(Deno.args[0])));
