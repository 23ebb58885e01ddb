/**
 * What links begin with: where the outside reaches this Waybill.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Core } from "../core.ts";
import { findServing } from "../processes.ts";

const VARIABLE = "WAYBILL_PUBLIC_URL";

/** Where a server listens unless told. */
const DEFAULT = "http://127.0.0.1:8080";

/** What links begin with. */
export interface LinkBase {
  /** Without a slash at its end. */
  readonly url: string;
  /** What to know before a link is passed on. */
  readonly notes: readonly string[];
}

/** `WAYBILL_PUBLIC_URL`, without a slash at its end; undefined where it is not set. Failure `config` for a wrong one. */
export function publicUrl(): string | undefined {
  const text = Deno.env.get(VARIABLE);
  if (!text) return undefined;
  const url = URL.parse(text);
  const { protocol, username, password, search, hash } = url ?? {};
  const isPlain = [username, password, search, hash].every((part) => part === "");
  if (url !== null && (protocol === "https:" || protocol === "http:") && isPlain) return url.href.replace(/\/+$/, "");
  throw new Failure("config", `${VARIABLE} is not an address that links can begin with`, {
    hint: 'Set it to what others reach the server at, such as "https://waybill.example.com"',
  });
}

/** What links begin with: `WAYBILL_PUBLIC_URL`, else `origin`, else where a server of the data directory listens. */
export async function linkBase(
  { database, home }: Pick<Core, "database" | "home">,
  origin?: string,
): Promise<LinkBase> {
  const url = publicUrl() ?? origin;
  if (url !== undefined) return { url, notes: [] };
  const listens = (await findServing(database, home.processesDir))?.address;
  if (listens) return { url: listens, notes: [`It begins with where the server listens, as ${VARIABLE} is not set`] };
  return {
    url: DEFAULT,
    notes: ["No server works on this data directory: the link opens nothing until one does (`waybill serve`)"],
  };
}
