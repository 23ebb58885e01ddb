/**
 * What an address is: by the registries of special ranges (RFC 6890).
 *
 * @module
 */
import type { Ip } from "./parse.ts";

/**
 * What an address is, for the question who may dial it: `metadata` and `link-local` nobody, `loopback` and `private`
 * an operator.
 */
export type AddressKind = "public" | "private" | "loopback" | "link-local" | "metadata";

/**
 * Cloud metadata services, in hex for IPv6: all clouds, AWS and Google over IPv6, Alibaba Cloud, Oracle Cloud, Azure.
 */
const METADATA = new Set([
  "169.254.169.254",
  "fd00:ec2:0:0:0:0:0:254",
  "fd20:ce:0:0:0:0:0:254",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
]);

/** Classifies an address; IPv4 embedded in IPv6 counts as that IPv4 address. */
export function kindOfIp({ version, parts }: Ip): AddressKind {
  if (version === 4) return kindOfIPv4(parts);
  const embedded = embeddedIPv4(parts);
  return embedded === undefined ? kindOfIPv6(parts) : kindOfIPv4(embedded);
}

function kindOfIPv4(octets: readonly number[]): AddressKind {
  if (METADATA.has(octets.join("."))) return "metadata";
  const [a = 0, b = 0, c = 0] = octets;
  if (a === 169 && b === 254) return "link-local";
  // "This network": connecting to 0.0.0.0 reaches this machine.
  if (a === 127 || a === 0) return "loopback";
  if (a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)) return "private";
  // Shared address space of carriers (RFC 6598), benchmarking (RFC 2544), multicast and reserved.
  if ((a === 100 && b >= 64 && b <= 127) || (a === 198 && (b === 18 || b === 19)) || a >= 224) return "private";
  // Protocol assignments of the IETF.
  return a === 192 && b === 0 && c === 0 ? "private" : "public";
}

/** IPv6 ranges by RFC 4291 and RFC 4193. */
function kindOfIPv6(groups: readonly number[]): AddressKind {
  if (METADATA.has(groups.map((group) => group.toString(16)).join(":"))) return "metadata";
  const [first = 0, second = 0, third = 0] = groups;
  if ((first & 0xffc0) === 0xfe80) return "link-local";
  if (groups.slice(0, 7).every((group) => group === 0) && (groups[7] ?? 0) <= 1) return "loopback";
  // Unique local, deprecated site local, multicast.
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfec0 || (first & 0xff00) === 0xff00) return "private";
  // A network's own NAT64 (RFC 8215), whose length of prefix only that network knows.
  return first === 0x64 && second === 0xff9b && third === 1 ? "private" : "public";
}

/** The IPv4 address that packets to the IPv6 address end up at. */
function embeddedIPv4(groups: readonly number[]): number[] | undefined {
  const [a, b = 0, c = 0, d, e, f, g = 0, h = 0] = groups;
  const octets = (high: number, low: number) => [high >> 8, high & 0xff, low >> 8, low & 0xff];
  const empty = a === 0 && b === 0 && c === 0 && d === 0;
  // Mapped (::ffff:0:0/96), compatible (::/96) and translated (::ffff:0:0:0/96, RFC 2765).
  if (empty && ((e === 0 && (f === 0xffff || (f === 0 && g !== 0))) || (e === 0xffff && f === 0))) return octets(g, h);
  // NAT64 (RFC 6052).
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return octets(g, h);
  // ISATAP (RFC 5214): under any prefix.
  if ((e === 0 || e === 0x200) && f === 0x5efe) return octets(g, h);
  // Teredo (RFC 4380), inverted; 6to4 (RFC 3056).
  if (a === 0x2001 && b === 0) return octets(g ^ 0xffff, h ^ 0xffff);
  return a === 0x2002 ? octets(b, c) : undefined;
}
