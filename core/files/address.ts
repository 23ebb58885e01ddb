/**
 * Which network addresses Waybill may dial on somebody's behalf.
 *
 * A host name in an auth is input from outside: it may name the metadata service of the cloud Waybill runs in, or a
 * neighbour in its private network. So a name is resolved once, every address is checked, and a checked address is
 * what is dialled; a second look-up could give another answer (DNS rebinding).
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { Failure } from "../contracts/failure.ts";

/**
 * What an address is, for the question who may dial it: `metadata` and `link-local` nobody, `loopback` and `private`
 * an operator.
 */
export type AddressKind = "public" | "private" | "loopback" | "link-local" | "metadata";

/** Which addresses may be dialled. */
export interface AddressPolicy {
  /** Whether loopback and private ranges are allowed. */
  readonly allowPrivate: boolean;
}

/** Cloud metadata services outside the link-local range: AWS over IPv6, Alibaba Cloud, Oracle Cloud. */
const METADATA = new Set(["fd00:ec2:0:0:0:0:0:254", "100.100.100.200", "192.0.0.192", "169.254.169.254"]);

/** Classifies an IPv4 or IPv6 address in text form; IPv4 embedded in IPv6 counts as that IPv4 address. */
export function classifyAddress(address: string): AddressKind {
  const bare = address.replace(/%.*$/, "");
  if (isIP(bare) === 4) return classifyIPv4(bare.split(".").map(Number), bare);
  const groups = isIP(bare) === 6 ? ipv6Groups(bare) : undefined;
  if (groups === undefined) {
    throw new Failure("config", `"${address}" is not an IP address`, { hint: "Give a host name or an IP address" });
  }
  const embedded = embeddedIPv4(groups);
  if (embedded !== undefined) return classifyIPv4(embedded, embedded.join("."));
  return classifyIPv6(groups);
}

/**
 * Resolves `host` and gives the addresses that may be dialled, in the resolver's order; never an empty list.
 *
 * Throws a `Failure` of kind `config` when the name does not exist or when no address of it is allowed, `transient`
 * when the resolver does not answer.
 */
export async function resolveAddresses(host: string, policy: AddressPolicy): Promise<string[]> {
  const name = host.replace(/^\[(.*)\]$/, "$1");
  const found = isIP(name.replace(/%.*$/, "")) === 0 ? await lookUp(name) : [name];
  const allowed = found.filter((address) => mayDial(classifyAddress(address), policy));
  if (allowed.length > 0) return allowed;
  const kind = classifyAddress(found[0] ?? name);
  throw new Failure("config", `Host "${host}" has a ${kind} address, which may not be dialled`, {
    hint: kind === "private" || kind === "loopback"
      ? "Give a public host, or ask the operator to allow this one"
      : "Give another host",
  });
}

function mayDial(kind: AddressKind, policy: AddressPolicy): boolean {
  return kind === "public" || (policy.allowPrivate && (kind === "private" || kind === "loopback"));
}

async function lookUp(host: string): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true });
    if (found.length > 0) return found.map(({ address }) => address);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EAI_AGAIN") {
      throw new Failure("transient", `Host "${host}" could not be looked up`, {
        hint: "Try again later, or check the name server",
        cause,
      });
    }
    throw unknownHost(host, cause);
  }
  throw unknownHost(host);
}

function unknownHost(host: string, cause?: unknown): Failure {
  return new Failure("config", `Host "${host}" does not exist`, { hint: "Check the host name", cause });
}

/** IPv4 ranges by RFC 6890 and its registry. */
function classifyIPv4(octets: readonly number[], text: string): AddressKind {
  if (METADATA.has(text)) return "metadata";
  const [a = 0, b = 0] = octets;
  if (a === 169 && b === 254) return "link-local";
  // "This network": connecting to 0.0.0.0 reaches this machine.
  if (a === 127 || a === 0) return "loopback";
  if (a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)) return "private";
  // Shared address space of carriers (RFC 6598), benchmarking (RFC 2544), multicast and reserved.
  if ((a === 100 && b >= 64 && b <= 127) || (a === 198 && (b === 18 || b === 19)) || a >= 224) return "private";
  return "public";
}

/** IPv6 ranges by RFC 4291 and RFC 4193. */
function classifyIPv6(groups: readonly number[]): AddressKind {
  if (METADATA.has(groups.map((group) => group.toString(16)).join(":"))) return "metadata";
  const first = groups[0] ?? 0;
  if ((first & 0xffc0) === 0xfe80) return "link-local";
  if (groups.slice(0, 7).every((group) => group === 0) && (groups[7] ?? 0) <= 1) return "loopback";
  // Unique local, deprecated site local, multicast.
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfec0 || (first & 0xff00) === 0xff00) return "private";
  return "public";
}

/** The IPv4 address inside a mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96) or 6to4 address. */
function embeddedIPv4(groups: readonly number[]): number[] | undefined {
  const [a, b, c, d, e, f, g = 0, h = 0] = groups;
  const octets = (high: number, low: number) => [high >> 8, high & 0xff, low >> 8, low & 0xff];
  const empty = a === 0 && b === 0 && c === 0 && d === 0;
  if (empty && e === 0 && (f === 0xffff || (f === 0 && g !== 0))) return octets(g, h);
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return octets(g, h);
  return a === 0x2002 ? octets(b ?? 0, c ?? 0) : undefined;
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
