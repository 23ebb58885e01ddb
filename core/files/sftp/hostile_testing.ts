/**
 * An SFTP server that misbehaves as it is told to, for tests: made of ssh2's own parts, since no real one does.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync } from "node:crypto";
import { loadSsh2 } from "./ssh2.ts";
import type { FileEntryWithStats, SFTPWrapper } from "./ssh2_types.ts";

/** What the server does otherwise than others. */
export interface Misdeeds {
  /**
   * The names of the `count`th answer to one listing, counted from 0; undefined at the end of it. Those of the files in
   * one answer unless told.
   */
  readonly names?: (count: number) => readonly string[] | undefined;
  /** The size that is told of a file; its own unless told. */
  readonly size?: (bytes: number) => number;
  /** What a read is answered with; undefined: never. The bytes that were asked for unless told. */
  readonly read?: (bytes: Buffer, offset: number) => Buffer | "end the connection" | undefined;
}

/** A running server of one folder, `/`, which takes every login. */
export interface HostileServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** By path. */
  readonly files: Map<string, Buffer>;
  /** What was opened, in order. */
  readonly opened: string[];
  /** Connections so far. */
  readonly connections: number;
}

/** When each file was changed, in seconds since the Unix epoch: long ago. */
const MTIME = 1_700_000_000;

/** One for all: making it takes its time. */
let hostKey: string | undefined;

/** Starts one. */
export async function startHostileServer(misdeeds: Misdeeds): Promise<HostileServer> {
  const { Server } = await loadSsh2();
  const files = new Map<string, Buffer>();
  const opened: string[] = [];
  let connections = 0;
  hostKey ??= generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
    .export({ type: "pkcs1", format: "pem" }).toString();
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    connections++;
    client.on("error", () => {});
    client.on("authentication", (context) => context.accept());
    client.on(
      "session",
      (accept) =>
        accept().on("sftp", (acceptSftp) => answer(acceptSftp(), files, opened, misdeeds, () => client.end())),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return {
    host: "127.0.0.1",
    port: address.port,
    files,
    opened,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function answer(
  sftp: SFTPWrapper,
  files: ReadonlyMap<string, Buffer>,
  opened: string[],
  { names, size = (bytes) => bytes, read = (bytes) => bytes }: Misdeeds,
  end: () => void,
): void {
  const [ok, eof, noSuchFile] = [0, 1, 2];
  const attributes = (bytes: Buffer) => ({
    mode: 0o100644,
    uid: 0,
    gid: 0,
    size: size(bytes.length),
    atime: MTIME,
    mtime: MTIME,
  });
  const folder = { mode: 0o040755, uid: 0, gid: 0, size: 0, atime: MTIME, mtime: MTIME };
  const listed = (count: number) => {
    if (names !== undefined) return names(count);
    return count === 0 ? [...files.keys()].map((path) => path.slice(1)) : undefined;
  };
  const entry = (filename: string | Buffer): FileEntryWithStats => // ssh2 sends a Buffer as it is, though its types do not tell.
  ({
    filename: filename as string,
    longname: "",
    attrs: attributes(files.get(`/${filename}`) ?? Buffer.alloc(0)),
  });
  const told = (id: number, path: string) => {
    const file = files.get(path);
    if (path === "/") sftp.attrs(id, folder);
    else if (file === undefined) sftp.status(id, noSuchFile);
    else sftp.attrs(id, attributes(file));
  };
  const counts = new Map<string, number>();
  sftp.on("REALPATH", (id) => sftp.name(id, [{ filename: "/", longname: "/", attrs: folder }]));
  sftp.on("STAT", told);
  sftp.on("LSTAT", told);
  sftp.on("FSTAT", (id, handle) => told(id, handle.toString()));
  sftp.on("OPENDIR", (id) => {
    const handle = `listing ${counts.size}`;
    counts.set(handle, 0);
    sftp.handle(id, Buffer.from(handle));
  });
  sftp.on("READDIR", (id, handle) => {
    const count = counts.get(handle.toString()) ?? 0;
    counts.set(handle.toString(), count + 1);
    const names = listed(count);
    if (names === undefined) sftp.status(id, eof);
    else sftp.name(id, names.map(entry));
  });
  sftp.on("OPEN", (id, path) => {
    opened.push(path);
    if (files.has(path)) sftp.handle(id, Buffer.from(path));
    else sftp.status(id, noSuchFile);
  });
  sftp.on("READ", (id, handle, offset, length) => {
    const file = files.get(handle.toString()) ?? Buffer.alloc(0);
    const bytes = read(file.subarray(offset, offset + length), offset);
    if (bytes === "end the connection") end();
    else if (bytes?.length === 0) sftp.status(id, eof);
    else if (bytes !== undefined) sftp.data(id, bytes);
  });
  sftp.on("CLOSE", (id) => sftp.status(id, ok));
  sftp.on("end", () => sftp.end());
}
