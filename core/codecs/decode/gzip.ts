/**
 * Unpacks gzip (RFC 1952).
 *
 * @module
 */
import { createGunzip } from "node:zlib";
import { Failure } from "../../contracts/failure.ts";
import { decompress, ENGINE_CHUNK } from "./engine.ts";

/**
 * The content of all members of a gzip file, one after another. After the last there may be zeros, with which tapes and
 * block devices fill up; anything else is a failure.
 *
 * Throws a `Failure` of kind `data` where the file is damaged, cut off, or goes on with something else; this shows only
 * once the content of the member in question was given.
 */
export function gunzip(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const tail = (bytes: Uint8Array) => {
    if (bytes.some((byte) => byte !== 0)) throw damaged(name, "something else follows after its end");
  };
  return decompress(createGunzip({ chunkSize: ENGINE_CHUNK }), input, tail, (error) => {
    const isCut = error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR";
    return damaged(name, isCut ? "it ends too early" : "its content does not match its checksum or its form", error);
  });
}

function damaged(name: string, how: string, cause?: unknown): Failure {
  return new Failure("data", `File "${name}" is no whole gzip file: ${how}`, {
    hint: "Have it packed and sent again",
    cause,
  });
}
