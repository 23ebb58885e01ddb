/**
 * Clears away what writers left that were killed.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { FileStore } from "../contracts/file_store.ts";
import { childPath, parsePath, readTemporaryName } from "./paths.ts";

/** A store that can. */
type Tidied = FileStore & Required<Pick<FileStore, "remove" | "move">>;

/** Most names of a page. */
const PAGE = 10_000;

/**
 * What `FileStore.tidy` says. Lists the folder once. What somebody else has cleared away by then is passed over, and so is
 * a folder that is not there.
 */
export async function tidyFolder(
  store: Tidied,
  folder: string,
  owner: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const signalled = signal === undefined ? {} : { signal };
  const found: string[] = [];
  const names = new Set<string>();
  await ifThere(async () => {
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await store.list(folder, { limit: PAGE, ...signalled, ...(cursor === undefined ? {} : { cursor }) });
      for (const { name } of page.entries) {
        if (readTemporaryName(name, owner) === undefined) names.add(name);
        else found.push(name);
      }
      cursor = page.next;
    }
  });
  const parsed = parsePath(folder);
  for (const temporary of found) {
    const { use, name } = readTemporaryName(temporary, owner) ?? {};
    const path = childPath(parsed, temporary);
    if (use === "part" || (name !== undefined && names.has(name))) await ifThere(() => store.remove(path, signalled));
    else if (name !== undefined) await ifThere(() => store.move(path, childPath(parsed, name), signalled));
  }
}

async function ifThere(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found") throw error;
  }
}
