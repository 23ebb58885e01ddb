/**
 * The files and folders of managed accounts, as they stand in the database.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { sql } from "kysely";
import type { Executor } from "../../database/database.ts";
import { statement } from "../../database/statement.ts";
import type { ManagedNodesTable } from "../../database/tables.ts";
import { newId } from "../ids.ts";
import { AccountFailure } from "./account_failure.ts";
import { pathOf } from "./paths.ts";
import { isSmall, removeSmall } from "./small_contents.ts";

/** The files of one managed account. */
export interface Tree {
  readonly account: number;
  readonly id: string;
}

/** A row of `managed_nodes`. */
export type Node = ManagedNodesTable;

/** Where something is, or may come to be. */
export interface Place {
  /** Id of the folder; empty for the root. */
  readonly parent: string;
  readonly name: string;
}

/** What folders and files begin with. */
export const ROOT = "";

/** Rows of a tree. */
function rows(executor: Executor, { account, id }: Tree) {
  return executor.selectFrom("managed_nodes").selectAll().where("account_id", "=", account).where("tree_id", "=", id);
}

/** Who uploads thousands of small files waits for each of these statements thousands of times. */
const nodesAt = statement<{ account: number; tree: string; parent: string; name: string }, Node>(
  ["account", "tree", "parent", "name"],
  (executor, { account, tree, parent, name }) =>
    rows(executor, { account, id: tree }).where("parent_id", "=", parent).where("name", "=", name),
);

/** Its index has folders only. */
const foldersOf = statement<{ account: number; tree: string; id: string }, Node>(
  ["account", "tree", "id"],
  (executor, { account, tree, id }) =>
    rows(executor, { account, id: tree }).where("id", "=", id).where("kind", "=", sql.lit("folder")),
);

const insertNode = statement<Node, unknown>(
  [
    ...["account_id", "tree_id", "parent_id", "name", "id", "kind", "content", "size", "modified"] as const,
    ...["partial", "partial_size", "partial_modified"] as const,
  ],
  (executor, node) => executor.insertInto("managed_nodes").values(node),
);

const growTree = statement<{ account: number; tree: string; bytes: number }, { readonly bytes: number }>(
  ["account", "tree", "bytes"],
  (executor, { account, tree, bytes }) =>
    executor.updateTable("managed_trees").set(({ eb }) => ({ bytes: eb("bytes", "+", bytes) }))
      .where("account_id", "=", account).where("id", "=", tree).returning("bytes"),
);

const bytesOfTree = statement<{ account: number; tree: string }, { readonly bytes: number }>(
  ["account", "tree"],
  (executor, { account, tree }) =>
    executor.selectFrom("managed_trees").select("bytes").where("account_id", "=", account).where("id", "=", tree),
);

/** What is at a place. */
export async function nodeAt(executor: Executor, tree: Tree, { parent, name }: Place): Promise<Node | undefined> {
  const { account, id } = tree;
  return (await nodesAt(executor, { account, tree: id, parent, name })).at(0);
}

/** The folder with this id. */
export async function folderOf(executor: Executor, tree: Tree, id: string): Promise<Node | undefined> {
  return (await foldersOf(executor, { account: tree.account, tree: tree.id, id })).at(0);
}

/** What lies in a folder, in bytewise order of name, after a name; exported for the test of its plan. */
export function nodesIn(executor: Executor, tree: Tree, parent: string, after: string, limit: number) {
  return rows(executor, tree).where("parent_id", "=", parent).where("name", ">", after).orderBy("name").limit(limit);
}

/** The folder that these names lead to. Failure `config` (`not_found`) where one is not there, or is a file. */
export async function folderAt(executor: Executor, tree: Tree, names: readonly string[]): Promise<string> {
  let parent = ROOT;
  for (const [index, name] of names.entries()) {
    const node = await nodeAt(executor, tree, { parent, name });
    if (node?.kind !== "folder") throw missing(names.slice(0, index + 1));
    parent = node.id;
  }
  return parent;
}

/** The place that these names lead to. Failures: `config` for the root, and (`not_found`) where its folder is not there. */
export async function placeAt(executor: Executor, tree: Tree, names: readonly string[]): Promise<Place> {
  const name = names.at(-1);
  if (name === undefined) throw new Failure("config", 'The path "/" is the root folder', { code: "forbidden" });
  return { parent: await folderAt(executor, tree, names.slice(0, -1)), name };
}

/** The folder that these names lead to, made where it is not there. Failure `config` (`conflict`) where a file is. */
export async function makeFolders(
  executor: Executor,
  tree: Tree,
  names: readonly string[],
  now: number,
): Promise<string> {
  let parent = ROOT;
  for (const [index, name] of names.entries()) {
    const node = await nodeAt(executor, tree, { parent, name });
    if (node?.kind === "file") throw taken(names.slice(0, index + 1), "file");
    parent = node?.id ?? await addFolder(executor, tree, { parent, name }, now);
  }
  return parent;
}

/** Adds a folder and gives its id. */
export async function addFolder(
  executor: Executor,
  { account, id: tree_id }: Tree,
  { parent, name }: Place,
  now: number,
): Promise<string> {
  const id = newId();
  await insertNode(executor, {
    ...{ account_id: account, tree_id, parent_id: parent, name, id, kind: "folder", content: null, size: 0 },
    ...{ modified: now, partial: null, partial_size: 0, partial_modified: 0 },
  });
  return id;
}

/** Removes one, with what it holds where that is small; a file on the disk stays there. */
export async function deleteNode(executor: Executor, node: Node): Promise<void> {
  if (node.content !== null && isSmall(node.content)) await removeSmall(executor, node.account_id, node.content);
  await executor.deleteFrom("managed_nodes").where("account_id", "=", node.account_id)
    .where("tree_id", "=", node.tree_id).where("parent_id", "=", node.parent_id).where("name", "=", node.name)
    .execute();
}

/** Removes all of a tree, as {@linkcode deleteNode} does one. */
export async function deleteNodes(executor: Executor, { account, id }: Tree): Promise<void> {
  await executor.deleteFrom("managed_contents").where("account_id", "=", account)
    .where(
      "id",
      "in",
      (from) =>
        from.selectFrom("managed_nodes").select("content").where("account_id", "=", account).where("tree_id", "=", id)
          .where("content", "is not", null).$narrowType<{ content: string }>(),
    )
    .execute();
  await executor.deleteFrom("managed_nodes").where("account_id", "=", account).where("tree_id", "=", id).execute();
}

/** Changes one; a small content that another takes the place of is removed. */
export async function updateNode(executor: Executor, node: Node, change: Partial<Node>): Promise<void> {
  const { content } = node;
  if (content !== null && isSmall(content) && change.content !== undefined && change.content !== content) {
    await removeSmall(executor, node.account_id, content);
  }
  await executor.updateTable("managed_nodes").set(change).where("account_id", "=", node.account_id)
    .where("tree_id", "=", node.tree_id).where("parent_id", "=", node.parent_id).where("name", "=", node.name)
    .execute();
}

/** Adds a file. */
export async function addFile(
  executor: Executor,
  { account, id: tree_id }: Tree,
  { parent, name }: Place,
  file: Pick<Node, "content" | "size" | "modified" | "partial" | "partial_size" | "partial_modified">,
): Promise<void> {
  await insertNode(executor, {
    ...{ account_id: account, tree_id, parent_id: parent, name, id: newId(), kind: "file" },
    ...file,
  });
}

/** Notes that the files of a tree have become larger by so many bytes, and gives what they have now. */
export async function addBytes(executor: Executor, { account, id }: Tree, bytes: number): Promise<number> {
  const [row] = await growTree(executor, { account, tree: id, bytes });
  if (row === undefined) throw closed();
  return row.bytes;
}

/** Bytes of a tree's files. */
export async function bytesIn(executor: Executor, { account, id }: Tree): Promise<number> {
  return (await bytesOfTree(executor, { account, tree: id })).at(0)?.bytes ?? 0;
}

/** The bytes of a node's contents. */
export function bytesOf(node: Pick<Node, "size" | "partial_size"> | undefined): number {
  return node === undefined ? 0 : node.size + node.partial_size;
}

/** The contents of a node that are files on the disk. */
export function contentsOf(node: Pick<Node, "content" | "partial"> | undefined): string[] {
  return [node?.content, node?.partial].filter((content) => typeof content === "string")
    .filter((content) => !isSmall(content));
}

/** Nothing is there. */
export function missing(names: readonly string[]): Failure {
  return new Failure("config", `File or folder "${pathOf(names)}" does not exist`, { code: "not_found" });
}

/** Something else is there. */
export function taken(names: readonly string[], kind: Node["kind"]): Failure {
  return new Failure("config", `A ${kind} "${pathOf(names)}" is there already`, { code: "conflict" });
}

/** The account was removed or changed while somebody used it. */
export function closed(): Failure {
  return new AccountFailure("The account was closed", { hint: "Ask whoever runs the server" });
}

/** A folder is there, where a file was meant. */
export function isFolder(names: readonly string[]): Failure {
  return new Failure("config", `"${names.join("/")}" is a folder`, { hint: "Give the path of a file" });
}

/** A file is there, where a folder was meant. */
export function isFile(names: readonly string[]): Failure {
  return new Failure("config", `"${names.join("/")}" is a file`, { hint: "Give the path of a folder" });
}
