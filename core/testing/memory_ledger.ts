/**
 * A ledger of imported files in memory.
 *
 * @module
 */
import type { FileLedger, FileState, ImportedFile } from "../contracts/ledger.ts";

/** A ledger that can be looked into. */
export interface MemoryLedger extends FileLedger {
  /** The files in it, by path. */
  readonly imported: ReadonlyMap<string, ImportedFile>;
  /** Notes files, as the commit of an `emit` does. */
  mark(files: readonly ImportedFile[]): void;
}

/** Makes one, empty or with `files`. With `force` every file is new to whoever asks. */
export function memoryLedger(
  files: readonly ImportedFile[] = [],
  { force = false }: { readonly force?: boolean } = {},
): MemoryLedger {
  const imported = new Map(files.map((file) => [file.path, file]));
  return {
    imported,
    mark: (marked) => marked.forEach((file) => imported.set(file.path, file)),
    look: async (asked) =>
      asked.map(({ path, size, modified }): FileState => {
        const known = force ? undefined : imported.get(path);
        if (known === undefined) return { state: "new" };
        if (known.size !== size) return { state: "changed" };
        return { state: known.modified === modified ? "same" : "touched", imported: known };
      }),
    newest: async () => {
      const times = [...imported.values()].flatMap(({ timestamp }) => timestamp ?? []);
      return times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b));
    },
  };
}
