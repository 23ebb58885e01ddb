/**
 * The mail that leads to a file.
 *
 * @module
 */
import type { Mail } from "@waybill/waybill";

/** What the mail tells. */
export interface MessageFacts {
  /** Opens the file, whoever has it. */
  readonly url: string;
  /** From when on it does not, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** IANA name of the zone that times are told in. */
  readonly timeZone: string;
  /** What the file is called. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly audience: string;
  readonly rows: number;
  readonly columns: readonly string[];
  /** Label of the job; undefined for a run without one. */
  readonly job: string | undefined;
}

/** Columns that are named. */
const NAMED = 40;

/** The mail, in text and HTML. Its subject tells nothing but that there is a file: mail servers write subjects down. */
export function message(facts: MessageFacts): Pick<Mail, "subject" | "text" | "html"> {
  const intro = `The CSV file of the audience "${oneLine(facts.audience)}" is ready.`;
  const expires = timeText(facts.expiresAt, facts.timeZone);
  const warning = "Whoever has the link can fetch the file, without a password: pass it on with care.";
  const table = tableOf(facts);
  const width = Math.max(...table.map(([name]) => name.length));
  const text = [
    intro,
    "",
    "Download it here:",
    "",
    facts.url,
    "",
    `The link works until ${expires}.`,
    warning,
    "",
    ...table.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    "",
  ].join("\n");
  const cells = table.map(([name, value]) =>
    `<tr><td style="padding-right:1em;vertical-align:top">${escaped(name)}</td><td>${escaped(value)}</td></tr>`
  );
  const link = escaped(facts.url);
  const html = [
    "<!DOCTYPE html>",
    '<html lang="en"><head><meta charset="utf-8"><title>Your CSV file is ready</title></head>',
    '<body style="font-family:sans-serif">',
    `<p>${escaped(intro)}</p>`,
    `<p><a href="${link}">Download ${escaped(facts.name)}</a></p>`,
    `<p>The link works until <b>${escaped(expires)}</b>.<br>${escaped(warning)}</p>`,
    "<table>",
    ...cells,
    "</table>",
    `<p>If the link does not open, copy this into your browser:<br>${link}</p>`,
    "</body></html>",
    "",
  ].join("\n");
  return { subject: "Your CSV file is ready", text, html };
}

function tableOf({ name, size, audience, rows, columns, job }: MessageFacts): (readonly [string, string])[] {
  const named = columns.slice(0, NAMED).map(oneLine).join(", ");
  const more = columns.length > NAMED ? `, and ${columns.length - NAMED} more` : "";
  return [
    ["file", `${name} (${sizeText(size)})`],
    ["audience", oneLine(audience)],
    ["rows", counted(rows)],
    ["columns", `${counted(columns.length)}: ${named}${more}`],
    ...(job === undefined ? [] : [["job", oneLine(job)] as const]),
  ];
}

/** `2026-11-22 09:30:00 +01:00 (Europe/Berlin)`: to the second, for the link ends to the second. */
function timeText(at: number, timeZone: string): string {
  const time = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const plain = time.toPlainDateTime().toString({ smallestUnit: "second" }).replace("T", " ");
  return `${plain} ${time.offset} (${timeZone})`;
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}

/** As file managers tell sizes: in powers of ten. */
function sizeText(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), units.length - 1);
  return step === 0
    ? `${bytes} ${bytes === 1 ? "byte" : "bytes"}`
    : `${(bytes / 1000 ** step).toFixed(1)} ${units[step]}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
