/**
 * A finished file takes its place: its row, the account's bytes, and the jobs that wait for it, in one transaction.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import { AccountFailure } from "./account_failure.ts";
import { hastenJobs } from "./arrivals.ts";
import {
  addBytes,
  addFile,
  bytesOf,
  closed,
  contentsOf,
  folderOf,
  isFolder,
  nodeAt,
  type Place,
  ROOT,
  type Tree,
  updateNode,
} from "./nodes.ts";
import { quotaFailure } from "./quota.ts";
import { addSmall } from "./small_contents.ts";

/** What came. */
export interface FinishedFile {
  readonly place: Place;
  /** Its path, for messages. */
  readonly names: readonly string[];
  /** Its content: durable on the disk, or what `small` holds. */
  readonly content: string;
  /** All of a small content, which is written down with the rest. */
  readonly small?: Uint8Array;
  /** Whether it went on with what an upload that broke off has brought: that must still be there. */
  readonly resumed?: boolean;
  readonly size: number;
  /** Most bytes of the account's files; undefined without a limit. */
  readonly quota: number | undefined;
  readonly now: number;
}

/** What came of it. */
export interface Committed {
  /** Contents that nothing names any more. */
  readonly gone: readonly string[];
  /** Bytes that the account's files have now. */
  readonly bytes: number;
}

/** Puts a whole file at its place. */
export async function commitFile(executor: Executor, tree: Tree, file: FinishedFile): Promise<Committed> {
  const { place, content, small, size, now, quota, resumed = false } = file;
  await requireFolder(executor, tree, place.parent);
  const node = await nodeAt(executor, tree, place);
  if (node?.kind === "folder") throw isFolder(file.names);
  if (resumed && node?.partial !== content) throw replaced();
  const bytes = await addBytes(executor, tree, size - bytesOf(node));
  // Where the quota was lowered, a file may still make way for one that is no larger.
  if (quota !== undefined && bytes > quota && size > (node?.size ?? 0)) throw quotaFailure(quota);
  if (small !== undefined) await addSmall(executor, tree.account, content, small);
  const change = { content, size, modified: now, partial: null, partial_size: 0, partial_modified: 0 };
  if (node === undefined) await addFile(executor, tree, place, change);
  else await updateNode(executor, node, change);
  await hastenJobs(executor, tree, now);
  return { gone: contentsOf(node).filter((old) => old !== content), bytes };
}

/** Keeps what an upload that broke off has brought. */
export async function keepPartial(
  executor: Executor,
  tree: Tree,
  file: Omit<FinishedFile, "quota" | "small">,
): Promise<Committed> {
  const { place, content, size, now, resumed = false } = file;
  await requireFolder(executor, tree, place.parent);
  const node = await nodeAt(executor, tree, place);
  if (node?.kind === "folder") throw isFolder(file.names);
  if (resumed && node?.partial !== content) throw replaced();
  const bytes = await addBytes(executor, tree, size - (node?.partial_size ?? 0));
  const change = { partial: content, partial_size: size, partial_modified: now };
  if (node === undefined) await addFile(executor, tree, place, { content: null, size: 0, modified: now, ...change });
  else await updateNode(executor, node, change);
  const gone = node?.partial === null || node === undefined || node.partial === content ? [] : [node.partial];
  return { gone, bytes };
}

async function requireFolder(executor: Executor, tree: Tree, id: string): Promise<void> {
  if (id !== ROOT && await folderOf(executor, tree, id) === undefined) throw closed();
}

/** What the upload went on with was removed with its content, or made way for another upload. */
function replaced(): AccountFailure {
  return new AccountFailure("The upload was removed, or replaced by another, meanwhile", {
    hint: "Upload the file again",
  });
}
