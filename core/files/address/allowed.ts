/**
 * Hosts that an operator lets everybody dial.
 *
 * @module
 */
import { type Ip, parseIp } from "./parse.ts";

/** Whether `allowed` (a name, `*.name`, an address, or a range of addresses) stands for `host` or its `address`. */
export function isAllowedHost(allowed: string, host: string, address: string): boolean {
  const [base = "", length] = allowed.split("/");
  const ip = parseIp(base);
  if (ip === undefined) return length === undefined && isName(allowed, host);
  const dialled = parseIp(address);
  return dialled !== undefined && dialled.version === ip.version && startsAlike(ip, dialled, length);
}

/** Whether a text can be an entry of the list. */
export function isAllowedForm(text: string): boolean {
  const [base = "", length, more] = text.split("/");
  const ip = parseIp(base);
  if (ip === undefined) return /^(\*\.)?[\p{L}\d_-]+(\.[\p{L}\d_-]+)*\.?$/u.test(text);
  return more === undefined && (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bitsOf(ip)));
}

function isName(allowed: string, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  const wanted = allowed.toLowerCase().replace(/\.$/, "");
  return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : name === wanted;
}

function startsAlike(base: Ip, ip: Ip, length: string | undefined): boolean {
  const width = base.version === 4 ? 8 : 16;
  let left = length === undefined ? bitsOf(base) : Number(length);
  return base.parts.every((part, index) => {
    const bits = Math.min(Math.max(left, 0), width);
    left -= width;
    const mask = (2 ** width - 1) ^ (2 ** (width - bits) - 1);
    return (part & mask) === ((ip.parts[index] ?? 0) & mask);
  });
}

function bitsOf({ version }: Ip): number {
  return version === 4 ? 32 : 128;
}
