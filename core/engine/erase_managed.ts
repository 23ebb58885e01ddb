/**
 * Erases what managed accounts hold: files that may hold the erased go, and names that tell of them.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import { openDecoded } from "../codecs/decode/chain.ts";
import { folderSpool } from "../codecs/spool.ts";
import { delimiterOf, type PeopleInText } from "../profiles/people_in_text.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";
import { newId } from "./ids.ts";
import { fileOfContent } from "./managed/content_reader.ts";
import { removeStrays } from "./managed/sweep_managed.ts";
import { addBytes, bytesOf, contentsOf, deleteNode, type Node, nodeAt, updateNode } from "./managed/nodes.ts";

/** Names and lines of the log looked at in one transaction. */
const STEP = 500;

/** Text that is looked through at once, and how much of its end is looked through again with what follows. */
const PIECE = 1 << 20;
const OVERLAP = 4_096;

/**
 * First bytes, in hex, of what is packed in a way that is not undone here: xz, bzip2, 7-Zip, RAR, LZ4, lzip, compress,
 * Parquet, and the files of Office before 2007.
 */
const PACKED =
  /^(fd377a585a00|425a683[1-9](314159265359|177245385090)|377abcaf271c|526172211a07|04224d18|4c5a495001|1f9d|1fa0|50415231|d0cf11e0a1b11ae1)/;

/** How far it is: the last node that was looked at, then the last line of the log. */
type Position =
  | { readonly node: readonly [tree: string, parent: string, name: string]; readonly removed: number }
  | { readonly log: number };

/**
 * Files of managed accounts that hold one of the erased go, whether they were imported or not, and so do those that
 * nobody can look into: encrypted and damaged ones. A file that comes later is new data.
 */
export const managedFileStore: ErasableStore = {
  name: "managed",
  tables: ["managed_nodes", "managed_contents", "managed_log"],
  folders: ["managed"],
  stage: "arriving",
  erase: async (context) => {
    if (context.position === true) return;
    let position = (context.position ?? { node: ["", "", ""], removed: 0 }) as unknown as Position | true;
    while (position !== true) {
      context.signal.throwIfAborted();
      if (!("log" in position)) position = await eraseNode(context, position);
      else {
        if (position.log === 0) await removeStrays(context.core.database, context.core.managed);
        position = await eraseLog(context, position.log);
      }
    }
  },
};

/** Looks at the next node; what may hold somebody is found before the transaction that removes it. */
async function eraseNode(
  { core, account, people, signal, task, commit }: EraseContext,
  { node: [tree, parent, name], removed }: Extract<Position, { readonly node: unknown }>,
): Promise<Position> {
  const node = await core.database.kysely.selectFrom("managed_nodes").selectAll().where("account_id", "=", account)
    .where((where) =>
      where.or([
        where("tree_id", ">", tree),
        where.and([where("tree_id", "=", tree), where("parent_id", ">", parent)]),
        where.and([where("tree_id", "=", tree), where("parent_id", "=", parent), where("name", ">", name)]),
      ])
    )
    .orderBy("tree_id").orderBy("parent_id").orderBy("name").limit(1).executeTakeFirst();
  if (node === undefined) {
    if (removed > 0) {
      task.note(
        `Files of managed accounts that held the erased, or that could not be looked into, were removed: ${removed}`,
      );
    }
    return await step(commit, { log: 0 });
  }
  const next = { node: [node.tree_id, node.parent_id, node.name], removed } as const;
  task.progress({ done: 0, total: bytesOf(node), unit: "bytes", note: "a file of a managed account" });
  const named = people.areIn(node.name);
  if (node.kind === "folder") {
    if (!named) return next;
    return await step(commit, next, (transaction) => updateNode(transaction, node, { name: `erased-${newId()}` }));
  }
  // What was looked through is not looked through again.
  if (!named && !await mayHold({ core, people, signal }, node)) return await step(commit, next);
  return await remove({ core, account, commit }, node, named, next);
}

/** Removes a file that was looked into; what has come in its place meanwhile is new data, unless the name is to go. */
async function remove(
  { core, account, commit }: Pick<EraseContext, "core" | "account" | "commit">,
  node: Node,
  named: boolean,
  { node: position, removed }: Extract<Position, { readonly node: unknown }>,
): Promise<Position> {
  const looked = [node.content, node.partial].filter((content) => content !== null);
  let gone: readonly string[] = [];
  let next: Position = { node: position, removed };
  await commit(async (transaction) => {
    const tree = { account, id: node.tree_id };
    const now = await nodeAt(transaction, tree, { parent: node.parent_id, name: node.name });
    if (now?.kind === "file" && (named || looked.some((id) => id === now.content || id === now.partial))) {
      await deleteNode(transaction, now);
      await addBytes(transaction, tree, -bytesOf(now));
      gone = contentsOf(now);
      next = { node: position, removed: removed + 1 };
    }
    return { position: next as unknown as JsonValue };
  });
  // What a crash leaves here goes at the end.
  for (const id of gone) await core.managed.remove(id);
  return next;
}

/** Whether what has come of a file may hold one of the people. */
async function mayHold(
  { core, people, signal }: Pick<EraseContext, "core" | "people" | "signal">,
  node: Node,
): Promise<boolean> {
  const { account_id: account, name } = node;
  for (const id of [node.content, node.partial].filter((content) => content !== null)) {
    try {
      const file = await fileOfContent(core.database.kysely, core.managed, account, { id, name });
      await using decoded = await openDecoded(file, { spool: folderSpool(core.home.workDir), verify: false, signal });
      for await (const member of decoded.members) {
        if (people.areIn(member.name) || await areInStream(people, await member.open())) return true;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Failure && error.kind === "transient") throw error;
      if (error instanceof Failure && error.code === "not_found") continue;
      return true;
    }
  }
  return false;
}

async function areInStream(people: PeopleInText, stream: ReadableStream<Uint8Array>): Promise<boolean> {
  let held = new Uint8Array();
  let delimiter: string | undefined | null = null;
  const look = (bytes: Uint8Array) => people.areInBytes(bytes, { delimiter: delimiter ?? undefined });
  for await (const chunk of stream) {
    const bytes = new Uint8Array(held.length + chunk.length);
    bytes.set(held);
    bytes.set(chunk, held.length);
    held = bytes;
    if (held.length < PIECE) continue;
    if (delimiter === null && isPacked(held) || !isText(held)) return true;
    if (delimiter === null) delimiter = delimiterOf(firstLine(held));
    if (look(held)) return true;
    held = held.slice(-OVERLAP);
  }
  if (delimiter === null && isPacked(held) || !isText(held)) return true;
  if (delimiter === null) delimiter = delimiterOf(firstLine(held));
  return look(held);
}

/** Whether people are in it, nobody here can tell. */
function isPacked(start: Uint8Array): boolean {
  return PACKED.test(start.subarray(0, 16).toHex());
}

/** Bytes that text has one of in so many, at most, but for white space. */
const CONTROLS = 64;

/** Whether it is text, in UTF-8, UTF-16 or what has a character a byte: names are found in nothing else. */
function isText(bytes: Uint8Array): boolean {
  let controls = 0, zeros = 0;
  for (const byte of bytes) {
    if (byte === 0) zeros++;
    else if (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b) controls++;
  }
  // In UTF-16 every other byte of what is written in Latin letters is zero, and of other scripts few are.
  return controls * CONTROLS <= bytes.length && (zeros * CONTROLS <= bytes.length || zeros * 4 >= bytes.length);
}

function firstLine(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0x0a);
  return bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, OVERLAP));
}

/** Takes names out of the next lines of the log. */
async function eraseLog({ account, people, commit }: EraseContext, last: number): Promise<Position | true> {
  let position: Position | true = true;
  await commit(async (transaction) => {
    const lines = await transaction.selectFrom("managed_log").select(["id", "path", "target"])
      .where("account_id", "=", account).where("id", ">", last).orderBy("id").limit(STEP).execute();
    for (const { id, path, target } of lines) {
      const said = {
        path: path === null ? null : people.scrub(path),
        target: target === null ? null : people.scrub(target),
      };
      if (said.path === path && said.target === target) continue;
      await transaction.updateTable("managed_log").set(said).where("account_id", "=", account).where("id", "=", id)
        .execute();
    }
    const end = lines.length < STEP ? undefined : lines.at(-1);
    position = end === undefined ? true : { log: end.id };
    return { position: position as unknown as JsonValue };
  });
  return position;
}

async function step(
  commit: EraseContext["commit"],
  position: Position,
  work: (transaction: Parameters<Parameters<EraseContext["commit"]>[0]>[0]) => Promise<void> = async () => {},
): Promise<Position> {
  await commit(async (transaction) => {
    await work(transaction);
    return { position: position as unknown as JsonValue };
  });
  return position;
}
