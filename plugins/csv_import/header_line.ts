/**
 * Writes a header line: what rejected rows need before them to be mended and imported on their own.
 *
 * @module
 */

/** The column names as the first line of a CSV file (RFC 4180, section 2), ended by LF. */
export function headerLine(names: readonly string[], delimiter: string): Uint8Array {
  const cells = names.map((name) =>
    name.includes(delimiter) || /["\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name
  );
  return new TextEncoder().encode(`${cells.join(delimiter)}\n`);
}
