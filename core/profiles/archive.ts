/**
 * The event archive: files of gzip members, each member a block of JSON lines.
 *
 * A commit appends one member and makes it durable, then records the file's new length in its own transaction. Bytes
 * past the recorded length do not exist: the next append cuts them off. A member's header carries the archive position
 * of its first event, so that the order of events can be read from the files alone; any gzip reader ignores it.
 *
 * @see RFC 1952, section 2.3.1.1, for the extra field (`W`, `B`, 8 bytes little-endian).
 *
 * @module
 */
import { createReadStream } from "node:fs";
import { dirname, join } from "node:path";
import { constants, crc32, createGunzip, deflateRawSync } from "node:zlib";
import { Failure } from "../contracts/failure.ts";
import { giveBack } from "../contracts/give_back.ts";

/** A header with no flag but that of the extra field, of the fastest compression and for Unix; then the extra field. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 3, 12, 0, 0x57, 0x42, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0);
/** Where it holds the position. */
const POSITION = 16;
/** An empty last block (RFC 1951, section 3.2.6); behind it lie checksum and size. */
const END = Uint8Array.of(3, 0);
const TRAILER_BYTES = 8;
const LF = 10;
/** Bytes that are compressed at a time: a third faster than all at once. */
const PIECE = 1 << 20;
/** A piece ends at a whole byte, with nothing held back: pieces one after another are one stream. */
const COMPRESSION = { level: 1, chunkSize: 262_144, finishFlush: constants.Z_SYNC_FLUSH };

/** What of a member is compressed already; may go to another thread. */
export interface PackedPieces {
  /** Its pieces, one after another: memory of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of the lines that they hold. */
  readonly from: number;
  /** Checksum of those. */
  readonly checksum: number;
}

/** JSON lines on their way into a gzip member: a piece at a time, by whoever has the time. */
export class MemberPacking {
  readonly #lines: Uint8Array;
  readonly #parts: Uint8Array[] = [];
  #from = 0;
  #checksum = 0;

  /** Goes on behind the pieces that are `packed`, if any. The lines stay as they are until it has ended. */
  constructor(lines: Uint8Array, packed?: PackedPieces) {
    this.#lines = lines;
    if (packed === undefined) return;
    this.#parts.push(packed.bytes);
    this.#from = packed.from;
    this.#checksum = packed.checksum;
  }

  /** Whether all lines are compressed. */
  get done(): boolean {
    return this.#from >= this.#lines.length;
  }

  /** Compresses the next piece, which takes a few milliseconds. */
  step(): void {
    const piece = this.#lines.subarray(this.#from, this.#from + PIECE);
    this.#parts.push(deflateRawSync(piece, COMPRESSION));
    this.#checksum = crc32(piece, this.#checksum);
    this.#from += piece.length;
  }

  /** What is compressed so far, for another to go on with; this packing ends. */
  take(): PackedPieces {
    return { bytes: this.#joined(0, 0), from: this.#from, checksum: this.#checksum };
  }

  /** Compresses the rest and gives the member; {@linkcode placeMember} gives it its position. */
  finish(): Uint8Array {
    while (!this.done) this.step();
    const member = this.#joined(HEADER.length, END.length + TRAILER_BYTES);
    member.set(HEADER);
    const end = member.length - TRAILER_BYTES;
    member.set(END, end - END.length);
    const trailer = new DataView(member.buffer, end);
    trailer.setUint32(0, this.#checksum, true);
    trailer.setUint32(4, this.#lines.length, true);
    return member;
  }

  /** The parts, with room before and behind them. */
  #joined(before: number, behind: number): Uint8Array<ArrayBuffer> {
    const joined = new Uint8Array(this.#parts.reduce((size, part) => size + part.length, before + behind));
    let put = before;
    for (const part of this.#parts) {
      joined.set(part, put);
      put += part.length;
    }
    giveBack(...this.#parts);
    this.#parts.length = 0;
    return joined;
  }
}

/** Compresses JSON lines into a gzip member; {@linkcode placeMember} gives it its position. */
export function gzipMember(lines: Uint8Array): Uint8Array {
  return new MemberPacking(lines).finish();
}

/** Writes the archive position of its first event into a member's header. */
export function placeMember(member: Uint8Array, position: number): void {
  new DataView(member.buffer, member.byteOffset).setBigUint64(POSITION, BigInt(position), true);
}

/** The files of the archive, below one folder. */
export class Archive {
  /** `folder` is made when it is first written to. */
  constructor(readonly folder: string) {}

  /**
   * Appends a member to a file whose durable length is `length`, cutting off what lies past it. The member is there at
   * once; resolves with the new length once its bytes are durable, while the thread is free for others. A full disk is
   * a Failure `transient`, and the file is as it was.
   */
  async append(path: string, length: number, member: Uint8Array): Promise<number> {
    try {
      using file = this.#open(path, length);
      try {
        writeWhole(file, member);
        await file.syncData();
      } catch (error) {
        file.truncateSync(length);
        throw error;
      }
      if (length === 0) syncFolders(this.folder, dirname(path));
      return length + member.length;
    } catch (error) {
      throw diskFailure(error, path);
    }
  }

  /** Opens a file at the end of its durable length; makes it where that is 0. */
  #open(path: string, length: number): Deno.FsFile {
    const full = join(this.folder, path), isNew = length === 0;
    if (isNew) Deno.mkdirSync(dirname(full), { recursive: true, mode: 0o700 });
    const file = Deno.openSync(full, { write: true, create: isNew, mode: 0o600 });
    try {
      const present = file.statSync().size;
      if (present < length) throw lost(path, `it has ${present} of ${length} bytes`);
      if (present > length) file.truncateSync(length);
      file.seekSync(length, Deno.SeekMode.Start);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Removes a file; one that is not there is gone already. */
  remove(path: string): void {
    try {
      Deno.removeSync(join(this.folder, path));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Throws the Failure of a damaged archive when a file is gone, or shorter than its durable length. */
  verify(lengths: ReadonlyMap<string, number>): void {
    for (const [path, length] of lengths) {
      try {
        const { size } = Deno.statSync(join(this.folder, path));
        if (size < length) throw lost(path, `it has ${size} of ${length} bytes`);
      } catch (error) {
        throw error instanceof Deno.errors.NotFound ? lost(path, "it is gone", error) : error;
      }
    }
  }

  /**
   * Cuts off what a writer that is gone appended and never recorded: of the files in `folder` whose names `isOwn` takes
   * for its own, those in `lengths` keep their durable length, the others are removed.
   */
  reclaim(folder: string, isOwn: (name: string) => boolean, lengths: ReadonlyMap<string, number>): void {
    let names: string[];
    try {
      names = [...Deno.readDirSync(join(this.folder, folder))].map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    for (const name of names.filter(isOwn)) this.cut(`${folder}/${name}`, lengths);
  }

  /** Cuts off what lies past a file's durable length in `lengths`; removes a file that is not in it. */
  cut(path: string, lengths: ReadonlyMap<string, number>): void {
    const length = lengths.get(path), full = join(this.folder, path);
    if (length === undefined) this.remove(path);
    else if (Deno.statSync(full).size > length) Deno.truncateSync(full, length);
  }

  /** Reads the lines of a file up to its durable length, decompressed, in blocks that end with a whole line. */
  async *read(path: string, length: number): AsyncGenerator<Uint8Array, void, undefined> {
    if (length === 0) return;
    const full = join(this.folder, path);
    // A file that was cut between two members would read as a shorter one.
    const present = await sizeOf(full, path);
    if (present < length) throw lost(path, `it has ${present} of ${length} bytes`);
    const source = createReadStream(full, { end: length - 1 });
    const lines = source.pipe(createGunzip());
    source.on("error", (error) => lines.destroy(error));
    let rest = new Uint8Array(0);
    try {
      for await (const chunk of lines as AsyncIterable<Uint8Array>) {
        const end = chunk.lastIndexOf(LF) + 1;
        const block = new Uint8Array(rest.length + end);
        block.set(rest);
        block.set(chunk.subarray(0, end), rest.length);
        if (end === 0) {
          const longer = new Uint8Array(rest.length + chunk.length);
          longer.set(rest);
          longer.set(chunk, rest.length);
          rest = longer;
          continue;
        }
        rest = chunk.slice(end);
        yield block;
      }
    } catch (error) {
      throw lost(path, error instanceof Error ? error.message : String(error), error);
    } finally {
      source.destroy();
    }
  }
}

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

/** A new file is durable when its folder's entry is, and that folder's own, up to the archive's folder. */
function syncFolders(root: string, folder: string): void {
  using handle = Deno.openSync(join(root, folder), { read: true });
  handle.syncSync();
  if (folder !== ".") syncFolders(root, dirname(folder));
}

async function sizeOf(full: string, path: string): Promise<number> {
  try {
    return (await Deno.stat(full)).size;
  } catch (error) {
    throw error instanceof Deno.errors.NotFound ? lost(path, "it is gone", error) : error;
  }
}

/** The Failure of an archive file that is not as it was written. */
export function lost(path: string, what: string, cause?: unknown): Failure {
  return new Failure("config", `Archive file "${path}" is damaged: ${what}`, {
    hint: "Restore the data directory from a backup",
    cause,
  });
}

/** What became of an error that a file of the archive met: a Failure where the disk or its rights are to blame. */
export function diskFailure(error: unknown, path: string): unknown {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/no space|quota|ENOSPC|EDQUOT|os error (28|122)/i.test(message)) {
    return new Failure("transient", `The disk is full: archive file "${path}" could not be written`, {
      hint: "Free some space, then retry the run: it goes on from its last commit",
      cause: error,
    });
  }
  if (error instanceof Deno.errors.NotFound) return lost(path, "it is gone", error);
  if (error instanceof Deno.errors.PermissionDenied) {
    return new Failure("config", `Archive file "${path}" may not be written`, {
      hint: "Give the user that runs Waybill write access to the data directory",
      cause: error,
    });
  }
  return error;
}
