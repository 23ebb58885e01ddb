/**
 * Complete hours of raw logs: found, linked, and read as their files lie in the archive, one behind the other.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Executor } from "../../database/database.ts";
import type { LinkedFile } from "../artifacts/links.ts";
import type { Core } from "../core.ts";
import { unlessMissing } from "../stored_files.ts";
import type { AppRef } from "./batch.ts";
import { completeAt, digitsOf, HOUR, removedAt } from "./hours.ts";

/** An hour of an app. */
export interface LogHour extends AppRef {
  readonly hour: number;
}

/** What a link names an hour by, in the place of an artifact's id. */
export function linkNameOf({ app, hour }: Omit<LogHour, "account">): string {
  return `log-${app}-${hour / HOUR}`;
}

/** The hour that a link names; undefined where it names none. */
function hourLinked(name: string): Omit<LogHour, "account"> | undefined {
  const [, app, hours] = /^log-([0-9a-f-]{60})-(\d{1,8})$/.exec(name) ?? [];
  return app === undefined ? undefined : { app, hour: Number(hours) * HOUR };
}

/** What the file of an hour is called. */
export function fileNameOf(hour: number): string {
  return `${digitsOf(hour)}.log.gz`;
}

/** Whether an hour can be fetched at a time: it is complete, and kept. */
export function isThere(hour: number, now: number): boolean {
  return completeAt(hour) <= now && now < removedAt(hour);
}

/** A stretch of bytes: of a file of the archive, or in memory. */
interface Part {
  readonly path: string | undefined;
  readonly length: number;
}

/** A gzip file of nothing: readers take an empty file for one that was cut off. To make it takes 8 ms of every start. */
const EMPTY = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Bytes read at a time. */
const CHUNK = 262_144;

/** The file of an hour. */
export interface HourFile extends LinkedFile {
  read(first: number, length: number): Promise<ReadableStream<Uint8Array>>;
}

/** The file of an hour: its parts, in the order in which they were begun. */
export async function openHour(
  { archive, database: { kysely } }: Pick<Core, "archive" | "database">,
  place: LogHour,
): Promise<HourFile> {
  const rows = await partsOf(kysely, place);
  const parts: readonly Part[] = rows.length > 0 ? rows : [{ path: undefined, length: EMPTY.length }];
  return {
    name: fileNameOf(place.hour),
    mediaType: "application/gzip",
    size: parts.reduce((size, { length }) => size + length, 0),
    // Files are named anew when they are written anew.
    version: createHash("sha256").update(JSON.stringify(parts)).digest("hex"),
    read: (first, length) => Promise.resolve(streamOf(read(archive.folder, parts, first, length))),
  };
}

/** Opens the hour that a signed link names, where it is there still; undefined at once where the link names none. */
export function openLinkedHour(
  core: Pick<Core, "archive" | "database">,
  account: string,
  name: string,
  now: number,
): Promise<LinkedFile | undefined> | undefined {
  const named = hourLinked(name);
  if (named === undefined) return undefined;
  const open = async () => {
    const row = await core.database.kysely.selectFrom("enabled_exports")
      .innerJoin("accounts", "accounts.id", "enabled_exports.account_id").select("accounts.id as account")
      .where("accounts.public_id", "=", account).where("type", "=", "log-export").where("source_id", "=", named.app)
      .executeTakeFirst();
    return row === undefined || !isThere(named.hour, now) ? undefined : await openHour(core, { ...row, ...named });
  };
  return open();
}

/** How many events an hour has. */
export async function eventsIn(executor: Executor, { account, app, hour }: LogHour): Promise<number> {
  const { events } = await executor.selectFrom("segments").select((select) => select.fn.sum("events").as("events"))
    .where("account_id", "=", account).where("kind", "=", "logs").where("owner", "=", app).where("hour", "=", hour)
    .executeTakeFirstOrThrow();
  return Number(events ?? 0);
}

async function partsOf(executor: Executor, { account, app, hour }: LogHour): Promise<Part[]> {
  return await executor.selectFrom("segments").select(["path", "length"]).where("account_id", "=", account)
    .where("kind", "=", "logs").where("owner", "=", app).where("hour", "=", hour).orderBy("id").execute();
}

async function* read(
  folder: string,
  parts: readonly Part[],
  first: number,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = first, left = length;
  for (const part of parts) {
    const from = Math.min(skip, part.length), until = Math.min(part.length, from + left);
    skip -= from;
    left -= until - from;
    if (until === from) continue;
    if (part.path === undefined) yield EMPTY.slice(from, until);
    else yield* stretch(join(folder, part.path), from, until - from);
  }
}

async function* stretch(path: string, first: number, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  using file = await Deno.open(path, { read: true }).catch(unlessMissing);
  await file?.seek(first, Deno.SeekMode.Start);
  for (let left = length; left > 0;) {
    const buffer = new Uint8Array(Math.min(CHUNK, left));
    const count = await file?.read(buffer) ?? null;
    // An erasure wrote it anew meanwhile: whoever fetches it begins again.
    if (count === null) throw new Error("A file of raw logs is shorter than it was");
    left -= count;
    yield buffer.subarray(0, count);
  }
}

function streamOf(content: AsyncGenerator<Uint8Array, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await content.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void await content.return(),
  }, { highWaterMark: 0 });
}
