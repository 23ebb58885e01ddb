/**
 * Writes a whole file: a temporary name first, then an atomic rename.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Attributes, SFTPWrapper } from "./ssh2_types.ts";
import { throwIfAborted } from "../../contracts/failure.ts";
import { abortedOr, isFolder, untilAborted } from "../failures.ts";
import type { SftpConnection } from "./connection.ts";
import type { RemoteFile } from "./read.ts";
import { type SftpSession, SftpStatus, STATUS, UnsupportedRequest } from "./session.ts";
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
  /** Path of that folder on the server. */
  readonly folder: string;
}

/** Writes `content` to the target; on failure nothing is left behind. */
export async function writeRemote(
  connection: SftpConnection,
  target: WriteTarget,
  content: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reader = content.getReader();
  try {
    throwIfAborted(signal);
    // Nothing of the content is consumed yet, so this much may be tried again.
    const opened = await connection.retrying(signal, async (session) => {
      await refuseFolder(session, target);
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
      await replace(session, target.temporary, target.remote);
    });
  } catch (error) {
    reader.cancel(error).catch(() => {});
    await removeTemporary(connection, target.temporary);
    throw abortedOr(signal, pathFailure(error, target.path));
  }
}

/** Moves a file over another one. */
export async function replace(session: SftpSession, from: string, to: string): Promise<void> {
  try {
    return await session.request<void>((sftp, done) => sftp.ext_openssh_rename(from, to, (error) => done(error)));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
  const rename = () => session.request<void>((sftp, done) => sftp.rename(from, to, (error) => done(error)));
  try {
    await rename();
  } catch (error) {
    // SFTP's own rename refuses an existing target. Without the extension there is a moment with neither file.
    if (!(error instanceof SftpStatus) || error.code === STATUS.noSuchFile) throw error;
    await session.request<void>((sftp, done) => sftp.unlink(to, (failed) => done(failed)));
    await rename();
  }
}

/** Makes a folder and those it lies in. */
export async function makeFolders(session: SftpSession, folder: string): Promise<void> {
  if (folder === "" || folder === "/" || folder === ".") return;
  if (await statOf(session, folder) !== undefined) return;
  await makeFolders(session, folder.slice(0, Math.max(folder.lastIndexOf("/"), 0)));
  try {
    await session.request<void>((sftp, done) => sftp.mkdir(folder, (error) => done(error)));
  } catch (error) {
    // Another writer may have been faster.
    const found = await statOf(session, folder);
    if (found === undefined || kindOf(found) !== "folder") throw error;
  }
}

async function statOf(session: SftpSession, remote: string): Promise<Attributes | undefined> {
  try {
    return await session.request<Attributes>((sftp, done) => sftp.stat(remote, done));
  } catch (error) {
    if (error instanceof SftpStatus && error.code === STATUS.noSuchFile) return undefined;
    throw error;
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

function isUnsupported(error: unknown): boolean {
  return error instanceof UnsupportedRequest || (error instanceof SftpStatus && error.code === STATUS.unsupported);
}

/** Removes what a failed write left, on a new connection where the old one is gone. */
async function removeTemporary(connection: SftpConnection, temporary: string): Promise<void> {
  try {
    await connection.once(
      AbortSignal.timeout(CLEAN_UP),
      (session) => session.request<void>((sftp, done) => sftp.unlink(temporary, (error) => done(error))),
    );
  } catch {
    // The write's own failure is what matters; the name of a leftover says whose it is.
  }
}
