/**
 * Writes a header line: what rejected rows need before them to be mended and imported on their own.
 *
 * @module
 */

/** How the file is read that the line is to stand in. */
export interface HeaderLineOptions {
  /** The configured encoding, and the one that the file was found to be in, by their standard names. */
  readonly encodings: readonly string[];
  /** Whether the delimiter is known from the file's first line alone. */
  readonly saysDelimiter: boolean;
}

/**
 * The column names as the first line of a CSV file (RFC 4180, section 2), ended by LF. What makes the same settings read
 * it, and UTF-8 rows after it, stands before it: a byte order mark where they name another encoding, and a line such as
 * `sep=;` where only that one told the delimiter.
 */
export function headerLine(
  names: readonly string[],
  delimiter: string,
  { encodings, saysDelimiter }: HeaderLineOptions = { encodings: [], saysDelimiter: false },
): Uint8Array {
  const cells = names.map((name) =>
    name.includes(delimiter) || /["\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name
  );
  const mark = encodings.every((encoding) => encoding === "utf-8" || encoding === "auto") ? "" : "\uFEFF";
  const separator = saysDelimiter ? `sep=${delimiter}\n` : "";
  return new TextEncoder().encode(`${mark}${separator}${cells.join(delimiter)}\n`);
}
