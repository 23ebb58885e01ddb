/**
 * Decodes files in memory, for tests.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Failure } from "../../contracts/failure.ts";
import { memoryStore } from "../../files/memory.ts";
import { memorySpool } from "../spool_memory.ts";
import { openDecoded } from "./chain.ts";
import type { DecodeOptions } from "./decoded_file.ts";

/** What a file holds: the content of each member, by name. */
export type Content = Readonly<Record<string, string>>;

/** Opens a file and reads all its members, as Latin-1. */
export async function decoded(
  name: string,
  bytes: Uint8Array,
  options: Partial<DecodeOptions> = {},
): Promise<Content> {
  const files = memoryStore({ [name]: bytes });
  const entry = await files.stat(name);
  await using file = await openDecoded({ files, entry }, { spool: memorySpool(), ...options });
  const content: Record<string, string> = {};
  for await (const member of file.members) content[member.name] = await latin1(await member.open());
  return content;
}

/** The failure that a file ends with, as `kind: message`; its content where there is none. Anything else is thrown. */
export async function outcome(
  name: string,
  bytes: Uint8Array,
  options: Partial<DecodeOptions> = {},
): Promise<string | Content> {
  try {
    return await decoded(name, bytes, options);
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}`;
    throw error;
  }
}

/** All bytes of a stream as text, a character a byte. */
export async function latin1(stream: ReadableStream<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString("latin1");
}
