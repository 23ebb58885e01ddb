/**
 * How a file or folder looks to SFTP clients.
 *
 * @module
 */
import type { SessionEntry } from "../../core/engine/managed/session_files.ts";
import type { NamedFile } from "./answers.ts";
import type { Attributes } from "./attributes.ts";

/** Whose files they are to clients that show numbers. */
const OWNER = { user: 1_000, group: 1_000 };
const FILE_MODE = 0o100644;
const FOLDER_MODE = 0o040755;
/** The last second that SFTP version 3 can say. */
const LAST_SECOND = 0xFFFF_FFFF;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HALF_A_YEAR = 182 * 86_400_000;

/** The entry's attributes; owner and mode are the same for all. */
export function attributesOf({ kind, size, modified }: SessionEntry): Attributes {
  const seconds = Math.min(Math.max(Math.floor(modified / 1_000), 0), LAST_SECOND);
  return {
    size,
    owner: OWNER,
    mode: kind === "folder" ? FOLDER_MODE : FILE_MODE,
    times: { accessed: seconds, modified: seconds },
  };
}

/** The entry with the line that `ls -l` would show, times in UTC; `now` in milliseconds since the Unix epoch. */
export function namedEntry(entry: SessionEntry, username: string, now: number): NamedFile {
  const mode = entry.kind === "folder" ? "drwxr-xr-x    1" : "-rw-r--r--    1";
  const owner = username.padEnd(8);
  const size = String(entry.size).padStart(8);
  const longname = `${mode} ${owner} ${owner} ${size} ${listingDate(entry.modified, now)} ${entry.name}`;
  return { name: entry.name, longname: withoutControls(longname), attributes: attributesOf(entry) };
}

/** As `ls` writes it: the time of day for what is at most half a year old, else the year. */
function listingDate(time: number, now: number): string {
  const date = new Date(time);
  const month = MONTHS[date.getUTCMonth()] ?? "Jan";
  const day = String(date.getUTCDate()).padStart(2);
  const two = (value: number) => String(value).padStart(2, "0");
  const recent = time <= now && now - time < HALF_A_YEAR;
  const last = recent ? `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}` : ` ${date.getUTCFullYear()}`;
  return `${month} ${day} ${last}`;
}

/** Terminals would act on them. */
function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
