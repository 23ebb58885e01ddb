/**
 * The master keys: where they come from, and which is which.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { makeOnce } from "./make_once.ts";

/** A key that wraps the data keys of secrets. */
export interface MasterKey {
  /** Eight bytes, in hex, that tell one master key from another without telling the key. */
  readonly id: string;
  readonly key: CryptoKey;
}

const KEY_BYTES = 32;

/**
 * Reads the keys in `WAYBILL_MASTER_KEY`: 32 bytes each, in base64 or hex; several with commas between them, of which
 * the first seals and the others only open.
 */
export async function parseMasterKeys(text: string, source: string): Promise<MasterKey[]> {
  const keys: MasterKey[] = [];
  for (const part of text.split(",")) {
    const bytes = decode(part.trim());
    if (bytes === undefined) {
      throw new Failure("config", `${source} holds no master key`, {
        hint: `It must be ${KEY_BYTES} random bytes in base64 or hex, as "openssl rand -base64 32" makes them`,
      });
    }
    keys.push(await masterKey(bytes));
  }
  return keys;
}

/** Reads the key file; undefined where there is none. */
export async function readMasterKeyFile(path: string): Promise<MasterKey[] | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Failure("config", `The master key "${path}" cannot be read`, {
      hint: "Make it readable for the user that runs Waybill",
      cause: error,
    });
  }
  return await parseMasterKeys(text, `File "${path}"`);
}

/** Makes a key and its file (0600), on the disk before this resolves; takes what is there when another was faster. */
export async function makeMasterKeyFile(path: string): Promise<MasterKey[]> {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  await makeOnce(path, bytes.toBase64());
  return await readMasterKeyFile(path) ?? [];
}

/** What is wrong with the permissions of the key file, as a sentence; undefined when all is well or there is none. */
export async function masterKeyWarning(path: string): Promise<string | undefined> {
  const mode = await Deno.stat(path).then((info) => info.mode, () => null);
  if (mode === null || (mode & 0o077) === 0) return undefined;
  return `The master key "${path}" may be read by others (mode ${(mode & 0o777).toString(8)})`;
}

function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = /^[0-9a-f]{64}$/i.test(text) ? Uint8Array.fromHex(text) : Uint8Array.fromBase64(text);
    return bytes.length === KEY_BYTES ? bytes : undefined;
  } catch {
    return undefined;
  }
}

async function masterKey(bytes: Uint8Array<ArrayBuffer>): Promise<MasterKey> {
  const label = new TextEncoder().encode("waybill master key id\n");
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array([...label, ...bytes]));
  return {
    id: new Uint8Array(digest, 0, 8).toHex(),
    key: await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
  };
}
