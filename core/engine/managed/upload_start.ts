/**
 * Begins an upload: with nothing, with what one that broke off has brought, or with the file that is there.
 *
 * @module
 */
import type { ManagedContents } from "./contents.ts";
import { bytesOf, type Node, type Place } from "./nodes.ts";
import { Upload } from "./upload.ts";

/** Begins one. */
export async function beginUpload(
  contents: ManagedContents,
  place: Place,
  node: Node | undefined,
  truncate: boolean,
): Promise<Upload> {
  const replaces = bytesOf(node);
  if (!truncate && typeof node?.partial === "string") {
    const { partial_size: size } = node;
    const content = await contents.reopen(node.partial);
    // What came after a gap, and was not counted, must not come back.
    await content.handle.truncate(size);
    return new Upload({ place, replaces, content, size, resumed: true });
  }
  if (!truncate && typeof node?.content === "string") {
    return new Upload({ place, replaces, content: await contents.copy(node.content), size: node.size });
  }
  return new Upload({ place, replaces, content: await contents.create(), size: 0, changed: true });
}
