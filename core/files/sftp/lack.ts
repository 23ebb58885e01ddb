/**
 * Finds out what a server lacks that could not write: the protocol has no word for it.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { SftpConnection } from "./connection.ts";
import { SftpStatus, STATUS } from "./session.ts";
import type { FileSystemStats } from "./ssh2_types.ts";

/** How long to wait for the answer, in milliseconds. */
const PATIENCE = 5_000;

/** The flag of a file system that is mounted for reading (OpenSSH's PROTOCOL, 3.4). */
const READ_ONLY = 1;

/** What was being written. */
interface Written {
  /** What messages call it. */
  readonly path: string;
  /** Path of its folder on the server. */
  readonly folder: string;
}

/**
 * The failure for a disk that is full or read-only; undefined where `error` is about something else, or where the server
 * cannot tell: that takes OpenSSH's extension.
 */
export async function lackOf(
  connection: SftpConnection,
  { path, folder }: Written,
  error: unknown,
): Promise<Failure | undefined> {
  if (!(error instanceof SftpStatus) || error.code !== STATUS.failure) return undefined;
  let stats: FileSystemStats;
  try {
    stats = await connection.once(
      AbortSignal.timeout(PATIENCE),
      (session) => session.request<FileSystemStats>((sftp, done) => sftp.ext_openssh_statvfs(folder, done)),
    );
  } catch {
    return undefined;
  }
  if ((stats.f_flag & READ_ONLY) !== 0) {
    return new Failure("auth", `The server cannot write "${path}": its disk is read-only`, {
      hint: "Choose another folder, or ask whoever runs the server",
      code: "forbidden",
      cause: error,
    });
  }
  if (stats.f_bavail > 0 && (stats.f_files === 0 || stats.f_favail > 0)) return undefined;
  return new Failure("transient", `The disk of the server is full: "${path}" could not be written`, {
    hint: "Free some space on the server, then try again",
    cause: error,
  });
}
