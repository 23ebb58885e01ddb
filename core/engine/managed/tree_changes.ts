/**
 * Changes of names in a managed account, each within a transaction: folders made and removed, files removed, either
 * renamed.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import { hastenJobs } from "./arrivals.ts";
import { entryOf } from "./entry.ts";
import type { ManagedLogEntry } from "./log.ts";
import {
  addBytes,
  addFolder,
  bytesOf,
  contentsOf,
  deleteNode,
  folderOf,
  isFile,
  isFolder,
  missing,
  type Node,
  nodeAt,
  nodesIn,
  type Place,
  placeAt,
  ROOT,
  taken,
  type Tree,
  updateNode,
} from "./nodes.ts";
import { pathOf } from "./paths.ts";
import type { SessionEntry } from "./session_files.ts";
import type { TreeUploads } from "./uploads.ts";

/** Where a change happens. */
export interface ChangeContext {
  readonly transaction: Executor;
  readonly now: number;
  readonly tree: Tree;
  /** Those of this process. */
  readonly uploads: TreeUploads;
}

/** What was changed. */
export interface Changed {
  readonly log: Pick<ManagedLogEntry, "action" | "path" | "target" | "bytes">;
  /** Contents that nothing names any more: to be removed once the change stands. */
  readonly gone: readonly string[];
  /** Changes the uploads of this process, once the change stands. */
  readonly uploads?: () => void;
}

/** Makes a folder. */
export async function makeFolder(context: ChangeContext, names: readonly string[]): Promise<Changed> {
  const { place, entry } = await find(context, names);
  if (entry !== undefined) throw taken(names, entry.kind);
  await addFolder(context.transaction, context.tree, place, context.now);
  return { log: { action: "make_folder", path: pathOf(names) }, gone: [] };
}

/** Removes an empty folder. */
export async function removeFolder(context: ChangeContext, names: readonly string[]): Promise<Changed> {
  const { transaction, tree, uploads } = context;
  const { node, entry } = await find(context, names);
  if (entry === undefined) throw missing(names);
  if (node?.kind !== "folder") throw isFile(names);
  const child = await nodesIn(transaction, tree, node.id, "", 1).executeTakeFirst();
  if (child !== undefined || uploads.in(node.id).length > 0) throw notEmpty(names);
  await deleteNode(transaction, node);
  return { log: { action: "remove_folder", path: pathOf(names) }, gone: [] };
}

/** Removes a file, and the upload of it that has not ended. */
export async function removeFile(context: ChangeContext, names: readonly string[]): Promise<Changed> {
  const { place, node, entry } = await find(context, names);
  if (entry === undefined) throw missing(names);
  if (entry.kind === "folder") throw isFolder(names);
  await drop(context, node);
  return {
    log: { action: "remove", path: pathOf(names), bytes: entry.size },
    gone: contentsOf(node),
    uploads: () => context.uploads.abandon(place),
  };
}

/** Renames a file or folder; undefined where both names are one. */
export async function rename(
  context: ChangeContext,
  from: readonly string[],
  to: readonly string[],
  replace: boolean,
): Promise<Changed | undefined> {
  const { transaction, uploads } = context;
  const here = await find(context, from);
  const there = await find(context, to);
  if (here.entry === undefined) throw missing(from);
  if (here.place.parent === there.place.parent && here.place.name === there.place.name) return undefined;
  if (there.entry !== undefined && (!replace || there.entry.kind === "folder" || here.entry.kind === "folder")) {
    throw taken(to, there.entry.kind);
  }
  if (here.node?.kind === "folder") await refuseInside(context, here.node, there.place, to);
  await drop(context, there.node);
  if (here.node !== undefined) {
    await updateNode(transaction, here.node, { parent_id: there.place.parent, name: there.place.name });
    // Clients that upload under another name first give it its own when it is whole.
    await hastenJobs(transaction, context.tree, context.now);
  }
  return {
    log: { action: "rename", path: pathOf(from), target: pathOf(to) },
    gone: contentsOf(there.node),
    uploads: () => uploads.move(here.place, there.place),
  };
}

interface Found {
  readonly place: Place;
  readonly node: Node | undefined;
  readonly entry: SessionEntry | undefined;
}

async function find({ transaction, tree, uploads }: ChangeContext, names: readonly string[]): Promise<Found> {
  const place = await placeAt(transaction, tree, names);
  const node = await nodeAt(transaction, tree, place);
  return { place, node, entry: entryOf(place.name, node, uploads.at(place)) };
}

async function drop({ transaction, tree }: ChangeContext, node: Node | undefined): Promise<void> {
  if (node === undefined) return;
  await deleteNode(transaction, node);
  await addBytes(transaction, tree, -bytesOf(node));
}

async function refuseInside(
  { transaction, tree }: ChangeContext,
  folder: Node,
  { parent }: Place,
  names: readonly string[],
): Promise<void> {
  for (let id = parent; id !== ROOT;) {
    if (id === folder.id) {
      throw new Failure("config", `A folder cannot be moved into itself, to "${pathOf(names)}"`, { code: "conflict" });
    }
    id = (await folderOf(transaction, tree, id))?.parent_id ?? ROOT;
  }
}

function notEmpty(names: readonly string[]): Failure {
  return new Failure("config", `Folder "${pathOf(names)}" is not empty`, {
    code: "conflict",
    hint: "Remove what is in it first",
  });
}
