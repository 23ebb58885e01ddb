/**
 * Chooses which entries of an archive are read.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { ZipEntry } from "../zip/directory.ts";
import { isFolder, refuseUnreadable } from "../zip/entry.ts";
import { matchesGlob } from "../zip/glob.ts";

/** How many names a message lists. */
const MOST_LISTED = 10;

/** Files in an archive in the order of their names. Left out is what macOS adds, and names that start with a dot. */
export function filesIn(entries: readonly ZipEntry[]): ZipEntry[] {
  return entries.filter((entry) => !isFolder(entry) && !isHidden(entry.name)).sort((one, other) =>
    one.name < other.name ? -1 : 1
  );
}

/**
 * The files that match `pattern`, all unless it is given. Throws a `Failure` where there is none (`config` with a
 * pattern, else `data`), and of kind `data` where one cannot be read, or the archive is an office document.
 */
export function chooseFiles(entries: readonly ZipEntry[], pattern: string | undefined, archive: string): ZipEntry[] {
  refuseDocument(entries, archive);
  const files = filesIn(entries);
  const chosen = pattern === undefined ? files : files.filter(({ name }) => matchesGlob(name, pattern));
  if (chosen.length === 0 && pattern !== undefined && files.length > 0) {
    const listed = files.slice(0, MOST_LISTED).map(({ name }) => name).join(", ");
    const more = files.length > MOST_LISTED ? ` and ${files.length - MOST_LISTED} more` : "";
    throw new Failure("config", `No file in "${archive}" matches "${pattern}"`, {
      hint: `Correct the pattern; there are: ${listed}${more}`,
    });
  }
  if (chosen.length === 0) {
    throw new Failure("data", `Zip archive "${archive}" holds no files`, {
      hint: "Check that it was packed completely",
    });
  }
  for (const entry of chosen) refuseUnreadable(archive, entry);
  return chosen;
}

function isHidden(name: string): boolean {
  return name.startsWith("__MACOSX/") || /(?:^|[/\\])\.[^/\\]*$/.test(name);
}

/** Office documents are zip archives of XML (ECMA-376, part 2). */
function refuseDocument(entries: readonly ZipEntry[], archive: string): void {
  if (!entries.some(({ name }) => name === "[Content_Types].xml")) return;
  const isWorkbook = entries.some(({ name }) => name.startsWith("xl/"));
  throw new Failure("data", `File "${archive}" is an ${isWorkbook ? "Excel workbook" : "Office document"}`, {
    hint: isWorkbook ? "Save the sheet as CSV" : "Choose a text file",
  });
}
