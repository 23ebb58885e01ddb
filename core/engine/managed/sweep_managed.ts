/**
 * Removes from managed accounts what is past its time, and what crashes left.
 *
 * @module
 */
import { sql } from "kysely";
import type { Database, Executor } from "../../database/database.ts";
import type { Core } from "../core.ts";
import { livingProcesses } from "../processes.ts";
import { addBytes, bytesOf, contentsOf, deleteNode, type Node, updateNode } from "./nodes.ts";

const DAY = 86_400_000;

/** How long files stay after their upload, in milliseconds (SPEC §2), and the log with them: 90 days. */
export const RETENTION: number = 90 * DAY;

/** Files removed in one transaction. */
const STEP = 500;

/** What was removed. */
export interface SweptManaged {
  /** Files whose retention ended. */
  readonly files: number;
  /** Contents that no file names. */
  readonly contents: number;
}

/** Sweeps every account. */
export async function sweepManaged(
  { database, managed, home }: Pick<Core, "database" | "managed" | "home">,
  clock: () => Promise<number> = () => database.now(),
): Promise<SweptManaged> {
  const before = await clock() - RETENTION;
  let files = 0;
  for (;;) {
    const { nodes, gone } = await database.write((transaction) => expire(transaction, before));
    for (const id of gone) await managed.remove(id);
    files += nodes;
    if (nodes < STEP) break;
  }
  await database.kysely.deleteFrom("managed_log").where("at", "<=", before).execute();
  const living = await livingProcesses(database, home.processesDir);
  await database.kysely.deleteFrom("managed_sessions")
    .$if(living.length > 0, (query) => query.where("process_id", "not in", living.map(({ id }) => id))).execute();
  await forgetEmptyTrees(database);
  return { files, contents: await removeStrays(database, managed) };
}

/** Removes files, and what uploads that broke off have brought, that are past their time. */
async function expire(
  transaction: Executor,
  before: number,
): Promise<{ readonly nodes: number; readonly gone: readonly string[] }> {
  const old = await transaction.selectFrom("managed_nodes").selectAll().where("kind", "=", "file")
    .where((where) =>
      where.or([
        where.and([where("content", "is not", null), where("modified", "<=", before)]),
        where.and([where("partial", "is not", null), where("partial_modified", "<=", before)]),
      ])
    ).limit(STEP).execute();
  const gone: string[] = [];
  for (const node of old) gone.push(...await expireNode(transaction, node, before));
  return { nodes: old.length, gone };
}

async function expireNode(transaction: Executor, node: Node, before: number): Promise<readonly string[]> {
  const tree = { account: node.account_id, id: node.tree_id };
  const fresh = node.partial !== null && node.partial_modified > before;
  if (!fresh && (node.content === null || node.modified <= before)) {
    await deleteNode(transaction, node);
    await addBytes(transaction, tree, -bytesOf(node));
    return contentsOf(node);
  }
  // One of the two is kept: the file, or what goes on to come in its place.
  const change = fresh ? { content: null, size: 0 } : { partial: null, partial_size: 0, partial_modified: 0 };
  await updateNode(transaction, node, change);
  await addBytes(transaction, tree, fresh ? -node.size : -node.partial_size);
  return contentsOf({ content: fresh ? node.content : null, partial: fresh ? null : node.partial });
}

/** The files of accounts that are closed leave nothing of them once they are gone. */
async function forgetEmptyTrees(database: Database): Promise<void> {
  await database.write(async (transaction) => {
    const empty = await transaction.selectFrom("managed_trees").select(["account_id", "id"]).where("bytes", "=", 0)
      .where((where) =>
        where.not(where.exists(
          where.selectFrom("managed_users").select("username")
            .whereRef("managed_users.account_id", "=", "managed_trees.account_id")
            .whereRef("managed_users.tree_id", "=", "managed_trees.id"),
        ))
      )
      .where((where) =>
        where.not(where.exists(
          where.selectFrom("managed_nodes").select("id")
            .whereRef("managed_nodes.account_id", "=", "managed_trees.account_id")
            .whereRef("managed_nodes.tree_id", "=", "managed_trees.id").where("managed_nodes.kind", "=", "file"),
        ))
      ).execute();
    for (const { account_id, id } of empty) {
      await transaction.deleteFrom("managed_nodes").where("account_id", "=", account_id).where("tree_id", "=", id)
        .execute();
      await transaction.deleteFrom("managed_trees").where("account_id", "=", account_id).where("id", "=", id).execute();
    }
  });
}

/** Removes contents that no row names and nobody writes: a crash came between them and their row. */
export async function removeStrays({ kysely }: Database, managed: Core["managed"]): Promise<number> {
  let removed = 0;
  for await (const content of managed.stored()) {
    // The lock first: whoever holds it names the content in a row before letting go of it.
    if (await managed.isBeingWritten(content) || await isNamed(kysely, content.id)) continue;
    await managed.remove(content.id);
    removed++;
  }
  return removed;
}

async function isNamed(executor: Executor, id: string): Promise<boolean> {
  const rows = executor.selectFrom("managed_nodes").select("id").limit(1);
  // Its index has no small contents.
  const file = await rows.where("content", "=", id).where("content", "<", sql.lit("s")).executeTakeFirst();
  return file !== undefined || await rows.where("partial", "=", id).executeTakeFirst() !== undefined;
}
