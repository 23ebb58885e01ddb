/**
 * Publishes the file, then mails the link.
 *
 * @module
 */
import { type Delivered, type ExportContext, Failure, type PublishedFile, throwIfAborted } from "@waybill/waybill";
import { changeToHold, columnNames, csvName, fileName, openContent } from "../file_service/exports/mod.ts";
import type { MailConnection } from "../file_service/mod.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { EmailCsvOptions } from "./config.ts";
import { message } from "./message.ts";

type Context = ExportContext<EmailCsvOptions, MailConnection, Checkpoint>;

/** How long a link is good: 24 hours, in milliseconds. */
export const LIFETIME = 86_400_000;

/** A file whose link is good for less than this, in milliseconds, is made anew before the link is mailed. */
const WORTH_MAILING = 3_600_000;

/** Mails that fail one after another before the others are left for the next attempt: the server may be away. */
const GIVES_UP = 3;

const MEDIA_TYPES = { none: "text/csv; charset=utf-8", gzip: "application/gzip", zip: "application/zip" } as const;

/** What the configuration lacks of what exports share. */
export function exportConfig(config: EmailCsvOptions): EmailCsvOptions & { readonly audience_slug: false } {
  return { ...config, audience_slug: false };
}

/** The name of the file of a run, and that of the CSV file in an archive. */
export function namesOf(
  { config, audience, startedAt, timeZone }: Pick<Context, "config" | "audience" | "startedAt" | "timeZone">,
): { readonly file: string; readonly csv: string } {
  const { compress } = config;
  const parts = {
    slug: audience.slug,
    stamp: "YYYYMMDDHHmmss",
    startedAt,
    timeZone,
    compress,
    encrypted: false,
  } as const;
  return { file: fileName(parts), csv: csvName(parts) };
}

/** Publishes the file, unless an attempt before this one has, and mails the link to everybody who does not have it. */
export async function run(context: Context): Promise<void> {
  const { checkpoint, commit } = context;
  const kept = checkpoint?.file === undefined ? undefined : await context.published();
  if (checkpoint?.file !== undefined && kept !== undefined && kept.expiresAt - Date.now() > WORTH_MAILING) {
    return await mail(context, kept, { ...checkpoint, file: checkpoint.file });
  }
  const { file, rows, columns } = await publish(context);
  for (const note of file.notes) context.log.warn(`The link: ${note}`);
  const made = { mailed: checkpoint?.mailed ?? [], file: { rows, columns: [...columns] } };
  await commit(made, deliveredOf(context, file, made));
  await mail(context, file, made);
}

/** A checkpoint of a run whose file is published. */
type Made = Checkpoint & { readonly file: NonNullable<Checkpoint["file"]> };

function deliveredOf(context: Context, { size }: PublishedFile, { file: { rows } }: Made): Delivered {
  return { rows, bytes: size, path: namesOf(context).file };
}

async function publish(context: Context): Promise<
  { readonly file: PublishedFile; readonly rows: number; readonly columns: readonly string[] }
> {
  const { config, checkpoint, history, commit, hold } = context;
  const names = namesOf(context);
  const exported = { ...context, config: exportConfig(config) };
  const content = await openContent(exported, {
    name: names.csv,
    note: names.file,
    complete: async (rows) => {
      const held = changeToHold(rows, await history.last(), config.hold_change, checkpoint?.held);
      if (held === undefined) return;
      await commit({ mailed: checkpoint?.mailed ?? [], held });
      await hold(held.reason);
    },
  });
  try {
    const input = { name: names.file, mediaType: MEDIA_TYPES[config.compress], lifetime: LIFETIME };
    const file = await context.publish(input, content.stream);
    return { file, rows: content.rows, columns: columnNames(exported) };
  } catch (error) {
    throw content.failure ?? error;
  }
}

/** Mails the link, each address by itself: those whose mail was taken are not mailed again. */
async function mail(
  context: Context,
  published: PublishedFile,
  made: Made,
): Promise<void> {
  const { config, connection, audience, timeZone, run, signal, log, commit } = context;
  const { url, expiresAt, size } = published;
  const { file, mailed } = made;
  const { file: name } = namesOf(context);
  const { rows, columns } = file;
  const job = run.job?.label;
  const told = message({ url, expiresAt, timeZone, name, size, audience: audience.name, rows, columns, job });
  const done = [...mailed];
  const failures: { readonly address: string; readonly failure: Failure }[] = [];
  let inARow = 0;
  for (const address of config.email.filter((address) => !mailed.includes(address))) {
    throwIfAborted(signal);
    try {
      await connection.sendMail({ id: run.id, to: [address], ...told }, signal);
      done.push(address);
      await commit({ file, mailed: [...done] }, deliveredOf(context, published, made));
      inARow = 0;
    } catch (error) {
      if (!(error instanceof Failure) || (error.kind !== "config" && error.kind !== "transient")) throw error;
      failures.push({ address, failure: error });
      if (++inARow === GIVES_UP) break;
    }
  }
  log.info("The link is mailed", { recipients: done.length });
  if (failures.length > 0) throw notMailed(failures);
}

/** What may pass by itself is tried again, so it comes first; what was refused for good is refused again then. */
function notMailed(failures: readonly { readonly address: string; readonly failure: Failure }[]): Failure {
  const { address, failure: { kind, message, hint, cause } } =
    failures.find(({ failure }) => failure.kind === "transient") ?? failures[0]!;
  const others = failures.length === 1 ? "" : ` (and ${failures.length - 1} more)`;
  return new Failure(kind, `No mail goes to "${address}"${others}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}
