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
import type { AddressPolicy } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import { type AddressKind, kindOfIp } from "./address/kind.ts";
import { isAllowedHost } from "./address/allowed.ts";
import { isOwn } from "./address/own.ts";
import { parseIp } from "./address/parse.ts";

export type { AddressKind } from "./address/kind.ts";

/** What is to be dialled, beside the host. */
export interface DialledPort {
  /** The TCP port; where it is not told, no server is Waybill's own. */
  readonly port?: number;
}

/**
 * Classifies an IPv4 or IPv6 address in text form, however it is spelled; IPv4 embedded in IPv6 counts as that IPv4
 * address.
 */
export function classifyAddress(address: string): AddressKind {
  const ip = parseIp(address);
  if (ip !== undefined) return kindOfIp(ip);
  throw new Failure("config", `"${address}" is not an IP address`, { hint: "Give a host name or an IP address" });
}

/**
 * Resolves `host` and gives the addresses that may be dialled, in the resolver's order; never an empty list.
 *
 * Throws a `Failure` of kind `config` when the name does not exist or when no address of it is allowed, `transient`
 * when the resolver does not answer.
 */
export async function resolveAddresses(
  host: string,
  policy: AddressPolicy,
  { port }: DialledPort = {},
): Promise<string[]> {
  const ip = parseIp(host);
  const found = ip === undefined ? await lookUp(host) : [ip.text];
  const allowed = found.filter((address) => mayDial({ host, port }, address, policy));
  if (allowed.length > 0) return allowed;
  throw refused(host, classifyAddress(found[0] ?? host));
}

/**
 * Throws what {@linkcode resolveAddresses} would for a host that spells an address, or is the name of this machine
 * (`localhost`), and may not be dialled. Looks nothing up: other names pass, and are judged when they are dialled.
 */
export function refuseSpelledAddress(host: string, policy: AddressPolicy, { port }: DialledPort = {}): void {
  const spelled = /(^|\.)localhost\.?$/i.test(host) ? LOOPBACK : parseIp(host)?.text;
  const addresses = [spelled ?? []].flat();
  const [address] = addresses;
  if (address === undefined || addresses.some((address) => mayDial({ host, port }, address, policy))) return;
  throw refused(host, classifyAddress(address));
}

/** What the names of this machine stand for. */
const LOOPBACK = ["127.0.0.1", "::1"];

function mayDial(
  { host, port }: { readonly host: string; readonly port: number | undefined },
  address: string,
  { allowPrivate, allowHosts = [], own = [] }: AddressPolicy,
): boolean {
  const kind = classifyAddress(address);
  if (kind === "public") return true;
  if (kind !== "private" && kind !== "loopback") return false;
  return allowPrivate || allowHosts.some((allowed) => isAllowedHost(allowed, host, address)) ||
    own.some((server) => server.port === port && isOwn(server.host, address));
}

function refused(host: string, kind: AddressKind): Failure {
  return new Failure("config", `Host "${host}" has a ${kind} address, which may not be dialled`, {
    hint: kind === "private" || kind === "loopback"
      ? "Give a public host, have an administrator save the auth, or have the operator allow the host in " +
        "WAYBILL_ALLOW_HOSTS"
      : "Give another host",
  });
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
