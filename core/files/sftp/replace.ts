/**
 * Moves a file over another one, on servers of every make.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { isUnsupported, type SftpSession, SftpStatus, STATUS } from "./session.ts";

/**
 * Moves `from` over `to`. Servers without OpenSSH's extension refuse to replace a file: there it is moved to `aside` first,
 * back from there when that did not help, and removed only once the new one has its name.
 */
export async function replace(session: SftpSession, from: string, to: string, aside: string): Promise<void> {
  try {
    return await session.request<void>((sftp, done) => sftp.ext_openssh_rename(from, to, (error) => done(error)));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
  try {
    return await rename(session, from, to);
  } catch (error) {
    if (!(error instanceof SftpStatus) || error.code === STATUS.noSuchFile) throw error;
    // Whatever else it may have refused it for: where nothing is in the way, that is what has to be told.
    await rename(session, to, aside).catch(() => Promise.reject(error));
  }
  try {
    await rename(session, from, to);
  } catch (error) {
    await rename(session, aside, to).catch((cause: unknown) => Promise.reject(isAside(to, aside, cause)));
    throw error;
  }
  // The new file is there; what is left of the old one its owner's next write clears away.
  await session.request<void>((sftp, done) => sftp.unlink(aside, (error) => done(error))).catch(() => {});
}

function rename(session: SftpSession, from: string, to: string): Promise<void> {
  return session.request<void>((sftp, done) => sftp.rename(from, to, (error) => done(error)));
}

function isAside(to: string, aside: string, cause: unknown): Failure {
  return new Failure("transient", `The server could not replace "${to}": what it held is in "${aside}" now`, {
    hint: "Rename it back, or let the next run do so",
    cause,
  });
}
