/**
 * The hash of a file's bytes, taken while they are read anyway.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Failure, type FileEntry, type FileStore } from "@waybill/waybill";

/** A store through which one file is read, and its hash taken. */
export interface HashingStore {
  /** The store, with the same files. */
  readonly files: FileStore;
  /** SHA-256 of the file, 64 hex digits: as it was read from its start to its end, else by reading it now. */
  hash(signal: AbortSignal): Promise<string>;
}

/**
 * `files`, which takes the hash of `entry` when it is read as a whole. A file that is not as `entry` tells any more is a
 * failure of kind `data`.
 */
export function hashingStore(files: FileStore, entry: FileEntry): HashingStore {
  let digest: string | undefined;
  const { remove, move, clock } = files;
  return {
    files: {
      list: (folder, options) => files.list(folder, options),
      stat: async (path, options) => {
        const found = await files.stat(path, options);
        if (path === entry.path && found.version !== entry.version) throw changed(path);
        return found;
      },
      open: async (path, options = {}) => {
        const stream = await files.open(path, options);
        const whole = path === entry.path && (options.offset ?? 0) === 0 && digest === undefined;
        return whole ? hashed(stream, entry.size, (hash) => digest = hash) : stream;
      },
      write: (path, content, options) => files.write(path, content, options),
      ...(remove && { remove: (path, options) => remove.call(files, path, options) }),
      ...(move && { move: (from, to, options) => move.call(files, from, to, options) }),
      ...(clock && { clock: () => clock.call(files) }),
    },
    hash: async (signal) => digest ?? await hashOf(files, entry, signal),
  };
}

/** SHA-256 of a file, 64 hex digits. */
export async function hashOf(files: FileStore, { path, version }: FileEntry, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of await files.open(path, { version, signal })) hash.update(bytes);
  return hash.digest("hex");
}

function hashed(
  stream: ReadableStream<Uint8Array>,
  size: number,
  done: (hash: string) => void,
): ReadableStream<Uint8Array> {
  const hash = createHash("sha256");
  let read = 0;
  const transform = new TransformStream<Uint8Array, Uint8Array>(
    {
      transform(bytes, controller) {
        hash.update(bytes);
        read += bytes.length;
        // The last bytes are handed out once the store has found the file unchanged.
        if (read === size) done(hash.digest("hex"));
        controller.enqueue(bytes);
      },
    },
    undefined,
    { highWaterMark: 0 },
  );
  return stream.pipeThrough(transform);
}

function changed(path: string): Failure {
  return new Failure("data", `File "${path}" changed while it was to be read`, {
    hint: "Run it again once the file is complete; a longer settle time waits for it",
  });
}
