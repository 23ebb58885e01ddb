/**
 * Opens what a file holds, through everything that it is wrapped in.
 *
 * @module
 */
import { Failure, throwIfAborted } from "../../contracts/failure.ts";
import type { FileEntry, FileStore } from "../../contracts/file_store.ts";
import {
  type ByteSource,
  fileSource,
  meteredSource,
  readHead,
  type SeekableSource,
  sliceSource,
  type SpooledBytes,
  spoolSource,
  streamOf,
  withoutFirst,
} from "../byte_source.ts";
import type { SpoolFile } from "../spool.ts";
import { readDirectory, type ZipEntry } from "../zip/directory.ts";
import { contentOf, isStored, unpackEntry } from "../zip/entry.ts";
import type { DecodedFile, DecodedMember, DecodeOptions } from "./decoded_file.ts";
import { DETECT_BYTES, detectLayer, innerName, type Layer } from "./detect.ts";
import { gunzip } from "./gzip.ts";
import { DECODE_LIMITS, DecodeBudget, type DecodeLimits } from "./limits.ts";
import { chooseFiles, filesIn } from "./members.ts";
import { Meter } from "./meter.ts";
import { unzstd } from "./zstd.ts";

/** Zip archives of more bytes are {@linkcode DecodedFile.tooLargeForFields}. */
export const ZIP_FIELDS_BYTES = 100_000_000;

/**
 * Opens a file of a store. PGP, zip, gzip and Zstandard are recognised by first bytes, then by names, and nested in any
 * order, up to {@linkcode DecodeLimits.depth}. Memory is constant.
 *
 * With `verify`, a file that is compressed is first copied to the spool **as it is** (of a zip archive, what is chosen of
 * it), decoded once from there for its checksums' sake, and then decoded again for whoever reads it: the store is read
 * once, the disk takes no more than the file has bytes, and nothing of a damaged file is ever handed out. Keeping the
 * decoded bytes instead would save the second pass and take ten times the disk. A plain file is never copied. Of a PGP
 * message the plaintext is spooled; of a zip archive inside another layer, the archive.
 *
 * Throws a `Failure` before anything is handed out: `data` for a file that is damaged, cut off or unpacks to more than
 * the limits; for an archive that is encrypted, ambiguous, or packed in a way that is not read; `config` for a PGP
 * message where `decrypt` is missing, and for `members` that match nothing; and what store, spool and `decrypt` throw.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gzipSync } from "node:zlib";
 * import { memorySpool, openDecoded } from "@waybill/waybill/codecs";
 * import { memoryStore } from "@waybill/waybill/files";
 *
 * const files = memoryStore({ "a.csv.gz": new Uint8Array(gzipSync("id,name\n1,Ann\n")) });
 * const entry = await files.stat("a.csv.gz");
 * await using file = await openDecoded({ files, entry }, { spool: memorySpool() });
 * for await (const member of file.members) {
 *   assert.deepEqual(member.layers, ["gzip"]);
 *   assert.equal(await new Response(await member.open(8)).text(), "1,Ann\n");
 * }
 * ```
 */
export async function openDecoded(
  file: { readonly files: FileStore; readonly entry: FileEntry },
  options: DecodeOptions,
): Promise<DecodedFile> {
  const chain = new Chain(file.entry, options);
  try {
    const meter = new Meter();
    const source = fileSource(file.files, file.entry, options.signal);
    const peeled = await chain.peel({
      source: meteredSource(source, (offset) => meter.done = offset / source.size, options.signal),
      seekable: source,
      name: file.entry.name,
      hint: file.entry.name,
      layers: [],
      meter,
      isLocal: false,
    });
    const members = options.verify === false ? undefined : await chain.verify(peeled);
    const { archive } = peeled;
    const chosen = new Set(archive?.chosen);
    return {
      members: members === undefined
        ? { [Symbol.asyncIterator]: () => chain.members(peeled) }
        : { [Symbol.asyncIterator]: () => each(members) },
      ...(archive === undefined ? {} : {
        archive: archive.files.map((entry) => ({ name: entry.name, size: entry.size, chosen: chosen.has(entry) })),
      }),
      tooLargeForFields: archive !== undefined && file.entry.size > ZIP_FIELDS_BYTES,
      [Symbol.asyncDispose]: () => chain.dispose(),
    };
  } catch (error) {
    await chain.dispose();
    throw error;
  }
}

/** A source with what was taken off it so far. */
interface Wrapped {
  readonly source: ByteSource;
  /** The same bytes where they can be read here and there. */
  readonly seekable: SeekableSource | undefined;
  readonly name: string;
  /** The name that tells its layer. */
  readonly hint: string;
  readonly layers: readonly Layer[];
  readonly meter: Meter;
  /** Whether it is in the spool, and need not be copied there. */
  readonly isLocal: boolean;
}

/** A source without layers, or an archive. */
interface Peeled extends Wrapped {
  /** Its files, and those of them that are meant, if it is an archive. */
  readonly archive?: { readonly files: readonly ZipEntry[]; readonly chosen: readonly ZipEntry[] };
}

/** The decoding of one file. */
class Chain {
  readonly #limits: DecodeLimits;
  readonly #spooled: AsyncDisposable[] = [];
  readonly #verify: boolean;
  readonly #budget: DecodeBudget;
  #isVerified = false;

  constructor(file: FileEntry, private readonly options: DecodeOptions) {
    this.#limits = { ...DECODE_LIMITS, ...options.limits };
    this.#verify = options.verify !== false;
    this.#budget = new DecodeBudget(file.path, file.size, this.#limits);
  }

  async dispose(): Promise<void> {
    for (const file of this.#spooled.splice(0)) await file[Symbol.asyncDispose]();
  }

  /** Takes layers off until there is none, or an archive. */
  async peel(wrapped: Wrapped): Promise<Peeled> {
    let inner = wrapped;
    for (;;) {
      const { source, hint, layers } = inner;
      const layer = detectLayer(await readHead(source, DETECT_BYTES), hint);
      if (layer === undefined) return inner;
      if (layers.length >= this.#limits.depth) throw tooDeep(source.name, this.#limits.depth);
      if (layer === "zip") return await this.#openArchive(inner);
      inner = {
        ...(layer === "pgp" ? await this.#decrypted(inner) : await this.#unpacked(inner, layer)),
        hint: innerName(hint, layer),
        layers: [...layers, layer],
      };
    }
  }

  /** The files in it. */
  async *members(peeled: Peeled): AsyncGenerator<DecodedMember, void, undefined> {
    if (peeled.archive === undefined) return yield memberOf(peeled);
    const names = new Set<string>();
    for await (const inner of this.#entries(peeled)) {
      for await (const member of this.members(await this.peel(inner))) {
        if (names.has(member.name)) throw namedTwice(member.name, peeled.source.name);
        names.add(member.name);
        yield member;
      }
    }
  }

  /** The files in it, once all of them were decoded and found whole. */
  async verify(peeled: Peeled): Promise<DecodedMember[]> {
    const { signal, verifying } = this.options;
    const members: DecodedMember[] = [];
    for await (const member of this.members(peeled)) {
      members.push(member);
      if (member.layers.every((layer) => layer === "pgp")) continue;
      for await (const _ of await member.open()) {
        throwIfAborted(signal);
        verifying?.(member.share());
      }
    }
    this.#isVerified = true;
    return members;
  }

  /** A source of what comes out of a decoder. */
  #decoded(source: ByteSource, decode: (bytes: ReadableStream<Uint8Array>) => AsyncIterable<Uint8Array>): ByteSource {
    const { name } = source;
    const open = async (offset = 0) => streamOf(withoutFirst(this.#counted(decode(await source.open())), offset));
    return { name, open };
  }

  /** What was verified was counted then. */
  async *#counted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      if (!this.#isVerified) this.#budget.spend(piece.length);
      yield piece;
    }
  }

  async #unpacked(wrapped: Wrapped, layer: "gzip" | "zstd"): Promise<Wrapped> {
    const { seekable, isLocal } = wrapped;
    const packed = this.#verify && !isLocal && seekable !== undefined
      ? await this.#copied(wrapped, seekable, 0, seekable.size)
      : wrapped;
    const { name } = packed.source;
    const decode = (bytes: ReadableStream<Uint8Array>) => layer === "gzip" ? gunzip(bytes, name) : unzstd(bytes, name);
    return { ...packed, source: this.#decoded(packed.source, decode), seekable: undefined };
  }

  async #decrypted(wrapped: Wrapped): Promise<Wrapped> {
    const { name } = wrapped.source;
    const { decrypt, spool, signal } = this.options;
    if (decrypt === undefined) {
      throw new Failure("config", `File "${name}" is encrypted with PGP, and there is no key to decrypt it`, {
        hint: "Use an auth that has a PGP private key: sftp-pgp-private, or a local folder with one",
      });
    }
    const limits = { maxBytes: this.#budget.left, maxRatio: this.#limits.ratio };
    const message = this.#telling(await wrapped.source.open(), wrapped.meter);
    const file = await decrypt(message, { spool, limits, ...(signal === undefined ? {} : { signal }) })
      .catch((error: unknown) => {
        throw ofFile(error, name);
      });
    this.#spooled.push(file);
    this.#budget.spend(file.size);
    return this.#local(wrapped, file, 0);
  }

  /** The pieces, and word of how far they go. */
  async *#telling(pieces: AsyncIterable<Uint8Array>, meter: Meter): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.options.verifying?.(meter.share);
      yield piece;
    }
  }

  /** The archive, found or put where it can be read here and there. */
  async #openArchive(wrapped: Wrapped): Promise<Peeled> {
    const { seekable, source } = wrapped;
    const placed = seekable === undefined ? this.#local(wrapped, await this.#spool(await source.open()), 0) : wrapped;
    if (placed.seekable === undefined) throw new TypeError("An archive in the spool has a size");
    const entries = await readDirectory(placed.seekable, this.#limits);
    const pattern = wrapped.layers.includes("zip") ? undefined : this.options.members;
    const chosen = chooseFiles(entries, pattern, source.name);
    this.#budget.foresee(sum(chosen, ({ size }) => size));
    return { ...placed, layers: [...wrapped.layers, "zip"], archive: { files: filesIn(entries), chosen } };
  }

  /** The chosen files of an archive. */
  async *#entries(peeled: Peeled): AsyncGenerator<Wrapped, void, undefined> {
    const { name: archiveName } = peeled.source;
    const { chosen = [] } = peeled.archive ?? {};
    const isNested = peeled.layers.filter((layer) => layer === "zip").length > 1;
    const total = sum(chosen, ({ compressedSize }) => compressedSize);
    const placed = this.#verify && !peeled.isLocal && peeled.seekable !== undefined
      ? await this.#copied(
        peeled,
        peeled.seekable,
        chosen.reduce((least, { start }) => Math.min(least, start), Infinity),
        chosen.reduce((most, { end }) => Math.max(most, end), 0),
      )
      : peeled;
    if (placed.seekable === undefined) throw new TypeError("An archive that was opened has a size");
    let before = 0;
    for (const entry of chosen) {
      const after = before + entry.compressedSize;
      const meter = total === 0 ? peeled.meter : peeled.meter.part(before / total, after / total);
      before = after;
      const content = await contentOf(placed.seekable, entry, `${archiveName}/${entry.name}`);
      const packed = meteredSource(
        content,
        (offset) => meter.done = offset / content.size,
        this.options.signal,
      );
      const decoded = this.#decoded(packed, (bytes) => unpackEntry(bytes, entry, archiveName));
      yield {
        source: {
          name: packed.name,
          size: entry.size,
          // From its start on its checksum counts.
          open: (offset = 0) => isStored(entry) && offset > 0 ? packed.open(offset) : decoded.open(offset),
        },
        seekable: undefined,
        name: isNested ? `${peeled.name}/${entry.name}` : entry.name,
        hint: entry.name,
        layers: peeled.layers,
        meter,
        isLocal: placed.isLocal,
      };
    }
  }

  /** The bytes from `start` to `end`, in the spool. */
  async #copied(wrapped: Wrapped, source: SeekableSource, start: number, end: number): Promise<Wrapped> {
    const bytes = await sliceSource(source, source.name, start, end).open();
    return this.#local(wrapped, await this.#spool(bytes), start);
  }

  async #spool(bytes: ReadableStream<Uint8Array>): Promise<SpoolFile> {
    const file = await this.options.spool.create();
    this.#spooled.push(file);
    for await (const piece of bytes) {
      throwIfAborted(this.options.signal);
      await file.append(piece);
    }
    return file;
  }

  #local(wrapped: Wrapped, file: SpooledBytes, start: number): Wrapped {
    const { meter, source: { name } } = wrapped;
    const seekable = spoolSource(file, name, start);
    const reached = (offset: number) => meter.done = offset / seekable.size;
    const source = meteredSource(seekable, reached, this.options.signal);
    return { ...wrapped, source, seekable, isLocal: true };
  }
}

function memberOf({ source, name, layers, meter }: Wrapped): DecodedMember {
  return {
    name,
    path: source.name,
    layers,
    ...(source.size === undefined ? {} : { size: source.size }),
    open: (offset) => source.open(offset),
    share: () => meter.share,
  };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/** What is wrong with a message, with the file that it is; whoever decrypts knows no names. */
function ofFile(error: unknown, name: string): unknown {
  if (!(error instanceof Failure) || (error.kind !== "data" && error.kind !== "auth")) return error;
  const { kind, message, hint, code } = error;
  return new Failure(
    kind,
    `File "${name}" cannot be decrypted: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(code === undefined ? {} : { code }),
      cause: error,
    },
  );
}

function tooDeep(name: string, depth: number): Failure {
  return new Failure("data", `File "${name}" is wrapped in more than ${depth} layers`, {
    hint: "Have it packed once and sent again",
  });
}

function namedTwice(name: string, archive: string): Failure {
  return new Failure("data", `Zip archive "${archive}" holds two files named "${name}"`, {
    hint: "Have it packed again, with one of each name",
  });
}
