/**
 * Begins an upload: with nothing, with what one that broke off has brought, or with the file that is there.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { ManagedContents } from "./contents.ts";
import { bytesOf, type Node, nodeAt, type Place, type Tree } from "./nodes.ts";
import { otherGoesOn } from "./session_file.ts";
import { isSmall, readSmall } from "./small_contents.ts";
import { Upload } from "./upload.ts";
import { UploadContent } from "./upload_content.ts";

/** Where an upload begins. */
export interface UploadPlace {
  readonly executor: Executor;
  readonly contents: ManagedContents;
  readonly tree: Tree;
  readonly place: Place;
  /** What is there. */
  readonly node: Node | undefined;
}

/** Begins one, with nothing if `truncate`. Failure `transient` where another process goes on with what has come. */
export async function beginUpload(at: UploadPlace, truncate: boolean): Promise<Upload> {
  const { executor, contents, tree, place, node } = at;
  const replaces = bytesOf(node);
  if (!truncate && typeof node?.partial === "string") {
    const file = await contents.reopen(node.partial);
    // Until it was locked another process may have ended it: what is a file now must not be cut off.
    const now = file === undefined ? undefined : await nodeAt(executor, tree, place);
    if (file === undefined || now?.partial !== node.partial) {
      await file?.[Symbol.asyncDispose]();
      throw otherGoesOn();
    }
    const { partial_size: size } = now;
    // What came after a gap, and was not counted, must not come back.
    await file.handle.truncate(size);
    return new Upload({
      place,
      replaces: bytesOf(now),
      content: new UploadContent(contents, file),
      size,
      resumed: true,
    });
  }
  if (!truncate && typeof node?.content === "string") {
    return new Upload({ place, replaces, content: await copyOf(at, node.content), size: node.size });
  }
  return new Upload({ place, replaces, content: new UploadContent(contents), size: 0, changed: true });
}

async function copyOf({ executor, contents, tree }: UploadPlace, of: string): Promise<UploadContent> {
  if (!isSmall(of)) return new UploadContent(contents, await contents.copy(of));
  const bytes = await readSmall(executor, tree.account, of);
  const content = new UploadContent(contents);
  try {
    await content.write(0, bytes);
    return content;
  } catch (error) {
    await content[Symbol.asyncDispose]();
    throw error;
  }
}
