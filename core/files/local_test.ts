import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { Failure } from "../contracts/failure.ts";
import { fileStoreSuite } from "../testing/file_store_suite.ts";
import { makePipe } from "../testing/named_pipe_testing.ts";
import { localStore } from "./local.ts";

async function put(root: string, path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(join(root, path)), { recursive: true });
  await Deno.writeFile(join(root, path), bytes);
}

fileStoreSuite("local", async () => {
  const root = await Deno.makeTempDir({ prefix: "waybill-files-" });
  return {
    store: localStore({ root }),
    put: (path, bytes) => put(root, path, bytes),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
});

/** A folder with `root` and, beside it, a secret that no path may reach. */
async function confined(body: (root: string, store: ReturnType<typeof localStore>) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-files-" });
  const root = join(folder, "root");
  await put(root, "in/a.csv", new TextEncoder().encode("mine"));
  await put(folder, "rooted/secret", new TextEncoder().encode("secret"));
  try {
    await body(root, localStore({ root }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refused(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.kind, error.code], ["config", undefined]);
    return true;
  });
}

const content = () => new Blob(["x"]).stream();

Deno.test("local store refuses paths that lead out of its root", () =>
  confined(async (root, store) => {
    // "rooted" has the root's own path as its beginning.
    for (const path of ["../rooted/secret", "in/../../rooted/secret", "/etc/passwd", `${root}ed/secret`]) {
      await refused(store.stat(path));
      await refused(store.open(path));
      await refused(store.write(path, content()));
      await refused(store.remove(path));
      await refused(store.move("in/a.csv", path));
      await refused(store.move(path, "in/b.csv"));
    }
    await refused(store.list(".."));
    assert.equal((await store.stat("in/../in/a.csv")).size, 4);
    assert.equal((await store.stat(`${root}/in/a.csv`)).path, `${root}/in/a.csv`);
  }));

Deno.test("local store refuses symbolic links that lead out of its root, and lists them as other", () =>
  confined(async (root, store) => {
    await Deno.symlink("../rooted", join(root, "out"));
    await Deno.symlink("../rooted/secret", join(root, "file"));
    await Deno.symlink("../rooted/new", join(root, "new"));
    await Deno.symlink("in", join(root, "inside"));
    await Deno.symlink("nowhere", join(root, "dangling"));
    for (const path of ["out/secret", "file"]) {
      await refused(store.stat(path));
      await refused(store.open(path));
    }
    await refused(store.list("out"));
    await refused(store.write("out/new.csv", content()));
    await refused(store.write("out/sub/new.csv", content()));
    await refused(store.remove("out/secret"));
    await store.write("new", content());
    const kinds = (await store.list("")).entries.map(({ name, kind }) => [name, kind]);
    assert.deepEqual(kinds, [
      ["dangling", "other"],
      ["file", "other"],
      ["in", "folder"],
      ["inside", "folder"],
      ["new", "file"],
      ["out", "other"],
    ]);
    assert.equal((await store.stat("inside/a.csv")).size, 4);
    // The write replaced the link; it did not follow it.
    assert.deepEqual([...Deno.readDirSync(join(root, "../rooted"))].map(({ name }) => name), ["secret"]);
  }));

Deno.test("local store leaves a pipe where it is", () =>
  confined(async (root, store) => {
    await makePipe(join(root, "pipe"));
    await assert.rejects(store.write("pipe", content()), /"pipe" is neither a file nor a folder/);
    await assert.rejects(store.move("in/a.csv", "pipe"), /"pipe" is neither a file nor a folder/);
    assert.equal((await Deno.stat(join(root, "pipe"))).isFifo, true);
  }));

Deno.test("local store removes a link and not what it leads to", () =>
  confined(async (root, store) => {
    await Deno.symlink("../rooted/secret", join(root, "file"));
    await store.remove("file");
    assert.equal(await Deno.readTextFile(join(root, "../rooted/secret")), "secret");
  }));

Deno.test("local store notices another file of the same size and time in the place of the one it reads", () =>
  confined(async (root, store) => {
    await put(root, "new", new TextEncoder().encode("torn"));
    for (const file of ["in/a.csv", "new"]) await Deno.utime(join(root, file), 1_000, 1_000);
    const reader = (await store.open("in/a.csv")).getReader();
    await Deno.rename(join(root, "new"), join(root, "in/a.csv"));
    await assert.rejects(
      reader.read(),
      (error: unknown) => error instanceof Failure && /\(another file is in its place\)$/.test(error.message),
    );
  }));

Deno.test("local store notices a file that gets shorter while it is read", () =>
  confined(async (root, store) => {
    await put(root, "large", new Uint8Array(1024 * 1024));
    const reader = (await store.open("large")).getReader();
    assert.equal((await reader.read()).done, false);
    await Deno.truncate(join(root, "large"), 10);
    await assert.rejects(async () => {
      for (let done = false; !done;) ({ done } = await reader.read());
    }, (error: unknown) => error instanceof Failure && error.kind === "data");
  }));
