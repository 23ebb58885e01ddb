/**
 * Which part of a file a request is answered with: RFC 9110, conditional requests (13) and ranges (14).
 *
 * @module
 */

/** What a request says of the part that it wants, header by header. */
export interface WantedPart {
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** A file as far as ranges are concerned. */
export interface RangedFile {
  /** Bytes. */
  readonly size: number;
  /** Its entity tag, a strong one, in quotes. */
  readonly etag: string;
}

/** What the request is answered with; `first` and `length` are the bytes of a body. */
export type Part =
  | { readonly status: 200 | 206; readonly first: number; readonly length: number }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 };

/**
 * The part that is wanted: one range is heeded; several, other units and what cannot be read give the whole file. There
 * is no `Last-Modified`, so conditions by date are not met, and ask for nothing that could be answered otherwise.
 */
export function partOf({ size, etag }: RangedFile, { range, ifRange, ifMatch, ifNoneMatch }: WantedPart): Part {
  if (ifMatch !== undefined && !names(ifMatch, etag)) return { status: 412 };
  // Weak comparison, as 13.1.2 has it.
  if (ifNoneMatch !== undefined && names(ifNoneMatch.replaceAll("W/", ""), etag)) return { status: 304 };
  const whole = { status: 200, first: 0, length: size } as const;
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return whole;
  const [, from = "", to = ""] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(range) ?? [];
  if (from === "" && to === "") return whole;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? { status: 416 } : { status: 206, first: size - length, length };
  }
  const [first, last] = [Number(from), to === "" ? Infinity : Number(to)];
  if (last < first) return whole;
  if (first >= size) return { status: 416 };
  return { status: 206, first, length: Math.min(last, size - 1) - first + 1 };
}

/** Whether a list of entity tags, or `*`, names this one. */
function names(list: string, etag: string): boolean {
  return list.split(",").some((tag) => tag.trim() === etag || tag.trim() === "*");
}
