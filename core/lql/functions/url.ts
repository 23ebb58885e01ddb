/**
 * The parts of web addresses as people write them: without a scheme, with spaces, half encoded.
 *
 * @module
 */

/** The parts of an address. */
export interface UrlParts {
  /** In lower case, without user and port. */
  readonly host: string | undefined;
  /** From the first slash on; `/` where there is a host and nothing else. */
  readonly path: string;
  /** What follows the question mark. */
  readonly query: string | undefined;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** The parts of `text`. Without a scheme, what stands before the first slash is a host if it holds a dot. */
export function splitUrl(text: string): UrlParts {
  const trimmed = text.trim();
  const [beforeHash = ""] = trimmed.split("#", 1);
  const mark = beforeHash.indexOf("?");
  const query = mark < 0 ? undefined : beforeHash.slice(mark + 1);
  const main = mark < 0 ? beforeHash : beforeHash.slice(0, mark);
  const scheme = SCHEME.exec(main)?.[0];
  const rest = scheme === undefined ? main.replace(/^\/\//, "") : main.slice(scheme.length);
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const host = authority.slice(authority.lastIndexOf("@") + 1).replace(/:\d*$/, "").toLowerCase();
  if (host === "" || scheme === undefined && (!host.includes(".") || /\s/.test(host))) {
    return { host: undefined, path: rest, query };
  }
  return { host, path: slash < 0 ? "/" : rest.slice(slash), query };
}

/** Second labels under which two-letter countries register names: `co.uk`, `com.au`. */
const SECOND = new Set(["ac", "co", "com", "edu", "gob", "gov", "go", "ne", "net", "or", "org"]);

/** The last two labels of a host, or three; the host itself where it is a number or has fewer. */
export function domainOf(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const labels = host.replace(/\.$/, "").split(".");
  if (labels.length < 3 || /^[\d.]+$/.test(host) || host.startsWith("[")) return labels.join(".");
  const [second = "", top = ""] = labels.slice(-2);
  return labels.slice(top.length === 2 && SECOND.has(second) ? -3 : -2).join(".");
}

/** The text that a part of a query means; `undefined` where its percent codes are no UTF-8. */
export function decodeQuery(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
