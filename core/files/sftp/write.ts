/**
 * Writes a whole file: a temporary name first, then an atomic rename.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { SFTPWrapper } from "./ssh2_types.ts";
import { throwIfAborted } from "../../contracts/failure.ts";
import { abortedOr, isFolder, noFolder, untilAborted } from "../failures.ts";
import type { SftpConnection } from "./connection.ts";
import { makeFolders, statOf } from "./folders.ts";
import { lackOf } from "./lack.ts";
import type { RemoteFile } from "./read.ts";
import { replace } from "./replace.ts";
import { isUnsupported, type SftpSession, SftpStatus, STATUS } from "./session.ts";
import { kindOf, pathFailure } from "./status.ts";

/** Bytes a request; every server takes 32 KiB (draft-ietf-secsh-filexfer-02, 3). */
const CHUNK = 32 * 1024;
/** Requests in flight: 2 MiB, as much as ssh2's channel window lets through. */
const WINDOW = 64;
/** How long the removal of a temporary file may hold up the failure that made it necessary, in milliseconds. */
const CLEAN_UP = 5_000;

/** Where the content goes. */
export interface WriteTarget extends RemoteFile {
  /** Path of the temporary file on the server, in the same folder. */
  readonly temporary: string;
  /** Where the file that is there already goes, on a server that can replace none. */
  readonly aside: string;
  /** Path of that folder on the server. */
  readonly folder: string;
  /** What messages call the folder. */
  readonly folderPath: string;
  /** Whether it is made where it is missing. */
  readonly makeFolders: boolean;
}

/** Writes `content` to the target; on failure nothing is left behind. */
export async function writeRemote(
  connection: SftpConnection,
  target: WriteTarget,
  content: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reader = content.getReader();
  let begun = false;
  try {
    throwIfAborted(signal);
    // Nothing of the content is consumed yet, so this much may be tried again.
    const opened = await connection.retrying(signal, async (session) => {
      await refuseFolder(session, target);
      begun = true;
      return { session, handle: await openTemporary(session, target) };
    });
    await connection.once(signal, async () => {
      const { session, handle } = opened;
      const close = () => session.request<void>((sftp, done) => sftp.close(handle, (error) => done(error)));
      try {
        await writeAll(session, handle, reader, signal);
        await flush(session, handle);
      } catch (error) {
        close().catch(() => {});
        throw error;
      }
      await close();
      throwIfAborted(signal);
      await replace(session, target.temporary, target.remote, target.aside);
    });
  } catch (error) {
    reader.cancel(error).catch(() => {});
    const lacking = await lackOf(connection, target, error);
    if (begun) await removeTemporary(connection, target.temporary);
    throw abortedOr(signal, lacking ?? pathFailure(error, target.path));
  }
}

async function refuseFolder(session: SftpSession, target: WriteTarget): Promise<void> {
  const found = await statOf(session, target.remote);
  if (found !== undefined && kindOf(found) === "folder") throw isFolder(target.path);
}

async function openTemporary(session: SftpSession, target: WriteTarget): Promise<Buffer> {
  // "w", not "wx": a try that was lost with its connection may have left the file, whose name is ours alone.
  const open = () => session.request<Buffer>((sftp, done) => sftp.open(target.temporary, "w", done));
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof SftpStatus) || error.code !== STATUS.noSuchFile) throw error;
    if (!target.makeFolders) throw noFolder(target.folderPath, error);
    await makeFolders(session, target.folder);
    return await open();
  }
}

/** Writes the content with many requests in flight. */
async function writeAll(
  session: SftpSession,
  handle: Buffer,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const inFlight: Promise<void>[] = [];
  let position = 0;
  const send = async (bytes: Buffer) => {
    const at = position;
    position += bytes.length;
    const sent = session.request<void>((sftp: SFTPWrapper, done) =>
      sftp.write(handle, bytes, 0, bytes.length, at, (error) => done(error))
    );
    sent.catch(() => {});
    inFlight.push(sent);
    if (inFlight.length >= WINDOW) await untilAborted(inFlight.shift() ?? Promise.resolve(), signal);
  };
  // Small pieces are gathered, so that a source that gives a line at a time does not cost a request for each.
  let gathered = Buffer.alloc(CHUNK);
  let filled = 0;
  for (;;) {
    const { done, value } = await untilAborted(reader.read(), signal);
    if (done) break;
    for (let start = 0; start < value.length;) {
      const count = Math.min(CHUNK - filled, value.length - start);
      gathered.set(value.subarray(start, start + count), filled);
      filled += count;
      start += count;
      if (filled === CHUNK) {
        await send(gathered);
        gathered = Buffer.alloc(CHUNK);
        filled = 0;
      }
    }
  }
  if (filled > 0) await send(gathered.subarray(0, filled));
  await untilAborted(Promise.all(inFlight), signal);
}

/** Brings the content to the server's disk before the rename makes it visible, where the server can. */
async function flush(session: SftpSession, handle: Buffer): Promise<void> {
  try {
    await session.request<void>((sftp, done) => sftp.ext_openssh_fsync(handle, (error) => done(error)));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}

/** Removes what a failed write left, on a new connection where the old one is gone, or was ended with the work. */
async function removeTemporary(connection: SftpConnection, temporary: string): Promise<void> {
  try {
    await connection.cleaning(
      AbortSignal.timeout(CLEAN_UP),
      (session) => session.request<void>((sftp, done) => sftp.unlink(temporary, (error) => done(error))),
    );
  } catch {
    // The write's own failure is what matters; the name of a leftover says whose it is.
  }
}
