/**
 * Folders on the server.
 *
 * @module
 */
import { type SftpSession, SftpStatus, STATUS } from "./session.ts";
import type { Attributes } from "./ssh2_types.ts";
import { kindOf } from "./status.ts";

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

/** What lies there; undefined where nothing does. */
export async function statOf(session: SftpSession, remote: string): Promise<Attributes | undefined> {
  try {
    return await session.request<Attributes>((sftp, done) => sftp.stat(remote, done));
  } catch (error) {
    if (error instanceof SftpStatus && error.code === STATUS.noSuchFile) return undefined;
    throw error;
  }
}
