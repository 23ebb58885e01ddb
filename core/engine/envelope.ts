/**
 * The sealed form of a secret: AES-256-GCM with a data key of its own, which the master key wraps.
 *
 * | bytes | what |
 * |---|---|
 * | 1 | version of this form: 1 |
 * | 8 | id of the master key |
 * | 12 + 48 | nonce and wrapped data key with its tag |
 * | 12 + n + 16 | nonce and sealed JSON with its tag |
 *
 * Both layers are bound to the place of the secret (`table/row id/field`), so that a row's secret opens nowhere else.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { MasterKey } from "./master_key.ts";

const VERSION = 1;
const NONCE = 12;
const DATA_KEY = 32;
const TAG = 16;
const KEY_ID_AT = 1;
const WRAPPED_AT = KEY_ID_AT + 8;
const SEALED_AT = WRAPPED_AT + NONCE + DATA_KEY + TAG;

/** Seals `value` for `place`. */
export async function seal(value: JsonValue, place: string, master: MasterKey): Promise<Uint8Array> {
  const raw = crypto.getRandomValues(new Uint8Array(DATA_KEY));
  const dataKey = await importKey(raw);
  const text = new TextEncoder().encode(JSON.stringify(value));
  const wrapped = await encrypt(master.key, raw, place);
  const sealed = await encrypt(dataKey, text, place);
  const envelope = new Uint8Array(SEALED_AT + sealed.length);
  envelope[0] = VERSION;
  envelope.set(Uint8Array.fromHex(master.id), KEY_ID_AT);
  envelope.set(wrapped, WRAPPED_AT);
  envelope.set(sealed, SEALED_AT);
  return envelope;
}

/** Id of the master key that an envelope was sealed with. */
export function masterKeyIdOf(envelope: Uint8Array): string {
  return envelope.slice(KEY_ID_AT, WRAPPED_AT).toHex();
}

/** Opens what was sealed for `place`. Failure `config` when none of the keys fits, or it was changed or moved. */
export async function open(
  envelope: Uint8Array,
  place: string,
  masters: readonly MasterKey[],
): Promise<JsonValue> {
  if (envelope[0] !== VERSION) {
    throw new Failure("config", `The secret "${place}" has a form that this Waybill does not know`, {
      hint: "Install the version that sealed it, or set the secret again",
    });
  }
  const master = masters.find(({ id }) => id === masterKeyIdOf(envelope));
  if (!master) {
    throw new Failure("config", `The secret "${place}" was sealed with another master key`, {
      hint: "Add that key to WAYBILL_MASTER_KEY after the present one, or set the secret again",
    });
  }
  try {
    const dataKey = await importKey(await decrypt(master.key, envelope.slice(WRAPPED_AT, SEALED_AT), place));
    return parseJson(new TextDecoder().decode(await decrypt(dataKey, envelope.slice(SEALED_AT), place)));
  } catch (error) {
    throw new Failure("config", `The secret "${place}" was changed outside Waybill`, {
      hint: "Set the secret again",
      cause: error,
    });
  }
}

function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Nonce, then cipher text and tag. */
async function encrypt(key: CryptoKey, bytes: Uint8Array<ArrayBuffer>, place: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const additionalData = new TextEncoder().encode(place);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, bytes);
  return new Uint8Array([...iv, ...new Uint8Array(sealed)]);
}

async function decrypt(
  key: CryptoKey,
  sealed: Uint8Array<ArrayBuffer>,
  place: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const additionalData = new TextEncoder().encode(place);
  const algorithm = { name: "AES-GCM", iv: sealed.slice(0, NONCE), additionalData };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed.slice(NONCE)));
}
