/**
 * Which route a request's path names.
 *
 * @module
 */
import type { Route } from "./route.ts";

/** Where a request goes, as its address says it. */
export interface Target {
  /** The path's parts, percent-decoded. What is no percent-encoding stays as it stands, and so does one of U+0000. */
  readonly parts: readonly string[];
  /** The query with its `?`; empty where there is none. */
  readonly search: string;
}

/** What a path names: the routes of it, one a method, and the parts that stand for parameters. */
export interface Place {
  /** Methods in upper case. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly params: Readonly<Record<string, string>>;
}

/** One declared path. */
interface Pattern {
  readonly path: string;
  /** For each part its text, or null where a parameter stands. */
  readonly fixed: readonly (string | null)[];
  /** Names of the parameters, in order. */
  readonly names: readonly string[];
  readonly routes: Map<string, Route>;
}

/** The parts of an absolute address, as requests have them. */
export function targetOf(url: string): Target {
  // Scheme and host hold no "/" beyond the two between them.
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return { parts: [""], search: "" };
  const hash = url.indexOf("#", start), end = hash < 0 ? url.length : hash;
  const query = url.indexOf("?", start), hasQuery = query >= 0 && query < end;
  const path = url.slice(start + 1, hasQuery ? query : end), parts = path.split("/");
  return { parts: path.includes("%") ? parts.map(decode) : parts, search: hasQuery ? url.slice(query, end) : "" };
}

function decode(part: string): string {
  // Nothing is called so, and a database may not even look for it.
  if (part.includes("%00")) return part.split("%00").map(decode).join("%00");
  try {
    return decodeURIComponent(part);
  } catch {
    return part.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return escapes;
      }
    });
  }
}

/** Every declared path. Fixed ones win over those with parameters, in whatever order the routes come. */
export class RouteTable {
  /** By number of parts, in the order in which they are tried. */
  readonly #patterns = new Map<number, Pattern[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const fixed = route.path.slice(1).split("/").map((part) => part.startsWith("{") ? null : part);
      let patterns = this.#patterns.get(fixed.length);
      if (patterns === undefined) this.#patterns.set(fixed.length, patterns = []);
      let pattern = patterns.find(({ path }) => path === route.path);
      if (pattern === undefined) {
        const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
        patterns.push(pattern = { path: route.path, fixed, names, routes: new Map() });
      }
      pattern.routes.set(route.method.toUpperCase(), route);
    }
    // "{" sorts after every letter, so `/api/job/type` comes before `/api/job/{id}`.
    for (const patterns of this.#patterns.values()) patterns.sort((a, b) => a.path < b.path ? -1 : 1);
  }

  /** What a path names; undefined where it names nothing. A parameter is not empty. */
  find(parts: readonly string[]): Place | undefined {
    for (const { fixed, names, routes } of this.#patterns.get(parts.length) ?? []) {
      if (!fits(fixed, parts)) continue;
      const params: Record<string, string> = {};
      let next = 0;
      for (let at = 0; at < parts.length; at++) if (fixed[at] === null) params[names[next++]!] = parts[at]!;
      return { routes, params };
    }
    return undefined;
  }
}

/** Whether parts of a path are those of a pattern; null stands for any that is not empty. */
function fits(fixed: readonly (string | null)[], parts: readonly string[]): boolean {
  for (let at = 0; at < fixed.length; at++) {
    const text = fixed[at];
    if (text === null ? parts[at] === "" : text !== parts[at]) return false;
  }
  return true;
}
