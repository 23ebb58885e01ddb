/**
 * Reads IP addresses in every spelling that resolvers take.
 *
 * @module
 */
import { isIP } from "node:net";

/** An address. */
export interface Ip {
  /** Its four bytes (IPv4) or eight groups of 16 bits (IPv6). */
  readonly parts: readonly number[];
  readonly version: 4 | 6;
  /** As it is dialled: IPv4 in four decimal parts, IPv6 as it was given, without brackets. */
  readonly text: string;
}

/**
 * The address that `host` spells; undefined where it is a name.
 *
 * IPv4 as `inet_aton` reads it: one to four parts, decimal, octal (`0177`) or hexadecimal (`0x7f`), the last one filling
 * the bytes that are left. IPv6 with or without brackets and zone. A dot at the end, blanks around it, and the digits
 * and dots of other scripts, which browsers and resolvers turn into ASCII, do not hide an address.
 */
export function parseIp(host: string): Ip | undefined {
  const text = host.normalize("NFKC").replaceAll("\u3002", ".").trim().replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  if (isIP(text.replace(/%.*$/, "")) === 6) {
    return { version: 6, parts: ipv6Groups(text.replace(/%.*$/, "")), text };
  }
  const parts = ipv4Bytes(text);
  return parts && { version: 4, parts, text: parts.join(".") };
}

function ipv4Bytes(text: string): number[] | undefined {
  const numbers = text.split(".").map(numberOf);
  const last = numbers.pop();
  if (last === undefined || numbers.length > 3) return undefined;
  const left = 4 - numbers.length;
  if (last >= 256 ** left) return undefined;
  const bytes: number[] = [];
  for (const number of numbers) {
    if (number === undefined || number > 255) return undefined;
    bytes.push(number);
  }
  for (let place = left - 1; place >= 0; place--) bytes.push(Math.floor(last / 256 ** place) % 256);
  return bytes;
}

function numberOf(text: string): number | undefined {
  if (/^0x[0-9a-f]*$/i.test(text)) return text.length === 2 ? 0 : parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

/** The eight groups of a valid IPv6 address. */
function ipv6Groups(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    return `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
  });
  const [head = "", tail] = hex.split("::");
  const parse = (part: string) => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const front = parse(head);
  const back = tail === undefined ? [] : parse(tail);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}
