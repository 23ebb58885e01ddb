/**
 * Begins an upload: with nothing, with what one that broke off has brought, or with the file that is there.
 *
 * @module
 */
import type { ManagedContents } from "./contents.ts";
import { bytesOf, type Node, type Place } from "./nodes.ts";
import { otherGoesOn } from "./session_file.ts";
import { Upload } from "./upload.ts";

/** Begins one. Failure `transient` where another process goes on with what has come. */
export async function beginUpload(
  contents: ManagedContents,
  place: Place,
  node: Node | undefined,
  truncate: boolean,
  look: () => Promise<Node | undefined>,
): Promise<Upload> {
  const replaces = bytesOf(node);
  if (!truncate && typeof node?.partial === "string") {
    const content = await contents.reopen(node.partial);
    // Until it was locked another process may have ended it: what is a file now must not be cut off.
    const now = content === undefined ? undefined : await look();
    if (content === undefined || now?.partial !== node.partial) {
      await content?.[Symbol.asyncDispose]();
      throw otherGoesOn();
    }
    const { partial_size: size } = now;
    // What came after a gap, and was not counted, must not come back.
    await content.handle.truncate(size);
    return new Upload({ place, replaces: bytesOf(now), content, size, resumed: true });
  }
  if (!truncate && typeof node?.content === "string") {
    return new Upload({ place, replaces, content: await contents.copy(node.content), size: node.size });
  }
  return new Upload({ place, replaces, content: await contents.create(), size: 0, changed: true });
}
