/**
 * Keeps a job's paths within the folder of its auth.
 *
 * @module
 */
import { Failure, type FileStore } from "@waybill/waybill";

/**
 * `store`, whose root is the auth's `folder`, without the paths that leave it: each is looked at as text, and refused
 * with a `Failure` of kind `config`. What links on the server lead to is the server's to decide.
 *
 * A path with a leading `/` is one of the server. It has to lie in `folder`, so `folder` has to be such a path as well;
 * an auth without a folder lets all of the server's paths through.
 */
export function confinedStore(store: FileStore, folder: string): FileStore {
  const root = normalPath(folder);
  const within = (path: string): string => {
    const normal = normalPath(path);
    // What has no `..` is left as it is: names come back as they were given.
    const safe = path.split("/").includes("..") ? formatPath(normal) : path;
    if (normal.above === 0 && (!normal.absolute || folder === "" || isInside(root, normal))) return safe;
    const outside = folder === "" ? "the login directory" : `the auth's folder "${folder}"`;
    throw new Failure("config", `Path "${path}" leads out of ${outside}`, {
      hint: folder === ""
        ? "Give a path in it, or one of the server with a leading /"
        : "Give a path in it, starting there",
    });
  };
  const { remove, move, clock, tidy } = store;
  return {
    list: async (path, options) => await store.list(within(path), options),
    stat: async (path, options) => await store.stat(within(path), options),
    open: async (path, options) => await store.open(within(path), options),
    write: async (path, content, options) => {
      let safe: string;
      try {
        safe = within(path);
      } catch (error) {
        await content.cancel(error);
        throw error;
      }
      return await store.write(safe, content, options);
    },
    ...(remove && { remove: async (path, options) => await remove.call(store, within(path), options) }),
    ...(move && { move: async (from, to, options) => await move.call(store, within(from), within(to), options) }),
    ...(tidy && { tidy: async (folder, owner, options) => await tidy.call(store, within(folder), owner, options) }),
    ...(clock && { clock: async () => await clock.call(store) }),
  };
}

/** A path without `.`, `..` and empty parts. */
interface NormalPath {
  readonly absolute: boolean;
  readonly parts: readonly string[];
  /** How many folders above its start it leads; there is nothing above `/`. */
  readonly above: number;
}

function normalPath(path: string): NormalPath {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  let above = 0;
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined && !absolute) above++;
  }
  return { absolute, parts, above };
}

function formatPath({ absolute, parts }: NormalPath): string {
  return (absolute ? "/" : "") + parts.join("/");
}

function isInside(root: NormalPath, path: NormalPath): boolean {
  return root.absolute && root.parts.every((part, index) => path.parts[index] === part);
}
