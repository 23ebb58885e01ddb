/**
 * Tells by its first bytes, then by its name, what a file is wrapped in.
 *
 * @module
 */
import { isBinaryPgp } from "./pgp_start.ts";

/** What bytes may be wrapped in. */
export type Layer = "pgp" | "zip" | "gzip" | "zstd";

/** How many bytes from the start {@linkcode detectLayer} looks at. */
export const DETECT_BYTES = 512;

const SUFFIXES: Readonly<Record<Layer, RegExp>> = {
  pgp: /\.(?:pgp|gpg|asc)$/i,
  zip: /\.zip$/i,
  gzip: /\.gz(?:ip)?$/i,
  zstd: /\.zstd?$/i,
};

const LAYERS: readonly Layer[] = ["pgp", "zip", "gzip", "zstd"];

/**
 * The outermost layer of a file that starts with `head`; `undefined` for none.
 *
 * First bytes stand above the name. Where they tell nothing the name does: a zip archive may start with anything, and one
 * whose first bytes are damaged is not to be taken for text. But text with the name of gzip or Zstandard was unpacked and
 * kept its name.
 */
export function detectLayer(head: Uint8Array, name: string): Layer | undefined {
  const known = layerOfBytes(head);
  if (known !== undefined || head.length === 0) return known;
  const named = LAYERS.find((layer) => SUFFIXES[layer].test(name));
  return (named === "gzip" || named === "zstd") && isText(head) ? undefined : named;
}

/** The name that the content of a layer has. */
export function innerName(name: string, layer: Layer): string {
  return name.replace(SUFFIXES[layer], "");
}

function layerOfBytes(head: Uint8Array): Layer | undefined {
  const [first = 0, second, third, fourth] = head;
  if (first === 0x1f && second === 0x8b) return "gzip";
  if (first === 0x50 && second === 0x4b) {
    // An entry, the end of an empty archive, the mark of one that is spread over several files (APPNOTE 4.3, 8.5).
    const isZip = (third === 3 && fourth === 4) || (third === 5 && fourth === 6) || (third === 7 && fourth === 8);
    if (isZip) return "zip";
  }
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return "zstd";
  if (first >>> 4 === 5 && second === 0x2a && third === 0x4d && fourth === 0x18) return "zstd";
  const start = new TextDecoder("latin1").decode(head).replace(/^(?:\u00ef\u00bb\u00bf)?\s*/, "");
  return start.startsWith("-----BEGIN PGP ") || isBinaryPgp(head) ? "pgp" : undefined;
}

/**
 * Whether bytes are UTF-8 without control characters, or start with a byte order mark of UTF-16. Fewer than four may be
 * the start of anything.
 */
function isText(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return true;
  if (head.some((byte) => byte < 0x20 && (byte < 0x09 || byte > 0x0d))) return false;
  try {
    // A character that is cut at the end of the head is waited for.
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
