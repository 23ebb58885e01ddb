/**
 * The conformance suite of the `FileStore` contract: every driver passes it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import type { FileStore } from "../contracts/file_store.ts";
import { concat, cut, equal, fails, names, noise, read, readText, stream, text } from "./file_store_bytes.ts";

/** A store under test, and a way past it to the place where its files lie. */
export interface FilePeer extends AsyncDisposable {
  /** The store under test. */
  readonly store: FileStore;
  /** Puts a file where the store finds it, making its folders. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Puts many empty files into the root folder, for stores to which one by one is slow. */
  putEmpty?(names: readonly string[]): Promise<void>;
}

/** What the place where a store's files lie is short of. */
export interface FileStoreSuiteOptions {
  /** Most bytes of a name; 244 unless told. */
  readonly longestName?: number;
  /** Whether a folder can be missing: where it is nothing but the names of its files, none is. True unless told. */
  readonly folders?: boolean;
}

/** Registers the suite; each test gets a store of its own, empty, from `make`. */
export function fileStoreSuite(name: string, make: () => Promise<FilePeer>, options: FileStoreSuiteOptions = {}): void {
  fileStoreSuiteWith((sentence, body) => Deno.test(sentence, () => body(undefined)), name, () => make(), options);
}

/** Registers the suite with tests that are given something: which database they run on. */
export function fileStoreSuiteWith<Given>(
  register: (sentence: string, body: (given: Given) => Promise<void>) => void,
  name: string,
  make: (given: Given) => Promise<FilePeer>,
  { longestName = 244, folders = true }: FileStoreSuiteOptions = {},
): void {
  const test = (sentence: string, body: (peer: FilePeer) => Promise<void>) => {
    register(`${name} store: ${sentence}`, async (given) => {
      await using peer = await make(given);
      await body(peer);
    });
  };

  test("lists a folder in bytewise order of name", async ({ store, put }) => {
    // U+FF5E sorts before U+1F600 in UTF-8, after it in UTF-16.
    const names = ["B", "a", "a b", "a.csv", "z", "é.csv", "日本.csv", "\uff5e", "😀.csv", "q\"uote'.csv", "%20;&"];
    for (const file of names) await put(`in/${file}`, text("x"));
    await put("in/sub/deep.csv", text("x"));
    const { entries, next } = await store.list("in");
    const expected = [...names, "sub"].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(entries.map((entry) => entry.name), expected);
    assert.equal(next, undefined);
    for (const entry of entries) {
      assert.equal(entry.path, `in/${entry.name}`);
      assert.equal(entry.kind, entry.name === "sub" ? "folder" : "file");
      assert.equal(entry.size, entry.kind === "file" ? 1 : 0);
      assert.deepEqual(await store.stat(entry.path), entry);
    }
  });

  test("lists the root folder as the empty path, and nothing in an empty one", async ({ store, put }) => {
    assert.deepEqual(await store.list(""), { entries: [] });
    await put("a.csv", text("x"));
    assert.deepEqual((await store.list("")).entries.map(({ path }) => path), ["a.csv"]);
    assert.equal((await store.stat("")).kind, "folder");
  });

  test("pages through 2,500 entries without losing or repeating one", async ({ store, put, putEmpty }) => {
    const names = Array.from({ length: 2_500 }, (_, index) => `${(index * 7919) % 2_500}.csv`);
    if (putEmpty !== undefined) await putEmpty(names);
    else for (const file of names) await put(file, text(""));
    const seen: string[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list("", cursor === undefined ? {} : { cursor });
      sizes.push(page.entries.length);
      seen.push(...page.entries.map((entry) => entry.name));
      cursor = page.next;
    } while (cursor !== undefined);
    assert.deepEqual(sizes, [1_000, 1_000, 500]);
    assert.deepEqual(seen, [...names].sort());
    assert.equal((await store.list("", { limit: 10_000 })).entries.length, 2_500);
    assert.equal((await store.list("", { limit: 3, cursor: "0.csv" })).entries[0]?.name, "1.csv");
    assert.equal((await store.list("", { limit: 2_500 })).next, undefined);
  });

  test("goes on with a page after the entry of its cursor was removed", async ({ store, put }) => {
    for (const file of ["a", "b", "c", "d"]) await put(file, text(""));
    const first = await store.list("", { limit: 2 });
    assert.ok(first.next);
    await store.remove?.("b");
    const second = await store.list("", { limit: 2, cursor: first.next });
    assert.deepEqual(second.entries.map((entry) => entry.name), ["c", "d"]);
  });

  test("describes a file with size, time and a version", async ({ store, put }) => {
    await put("in/a.csv", text("hello"));
    const entry = await store.stat("in/a.csv");
    assert.deepEqual({ ...entry, modified: 0, version: "" }, {
      path: "in/a.csv",
      name: "a.csv",
      kind: "file",
      size: 5,
      modified: 0,
      version: "",
    });
    assert.ok(Math.abs(entry.modified - Date.now()) < 60_000);
    assert.notEqual(entry.version, "");
    assert.equal((await store.stat("in")).kind, "folder");
    assert.equal((await store.stat("./in//a.csv")).path, "in/a.csv");
  });

  test("keeps a version while the content stays and changes it with the content", async ({ store, put }) => {
    await put("a.csv", text("one"));
    const { version } = await store.stat("a.csv");
    assert.equal((await store.stat("a.csv")).version, version);
    await put("a.csv", text("three"));
    assert.notEqual((await store.stat("a.csv")).version, version);
  });

  test("reads from the start, an offset, the end and past the end", async ({ store, put }) => {
    await put("a.csv", text("0123456789"));
    await put("empty", text(""));
    assert.equal(await readText(store, "a.csv"), "0123456789");
    assert.equal(await readText(store, "a.csv", 7), "789");
    assert.equal(await readText(store, "a.csv", 10), "");
    assert.equal(await readText(store, "a.csv", 11), "");
    assert.equal(await readText(store, "empty"), "");
  });

  test("reads a large file byte for byte", async ({ store, put }) => {
    const bytes = noise(20 * 1024 * 1024 + 13);
    await put("large.bin", bytes);
    assert.ok(equal(await read(store, "large.bin"), bytes));
    const offset = 5 * 1024 * 1024 + 1;
    assert.ok(equal(await read(store, "large.bin", offset), bytes.subarray(offset)));
  });

  test("gives chunks whose buffers can be transferred", async ({ store, put }) => {
    const bytes = noise(600 * 1024);
    await put("a.bin", bytes);
    const parts: Uint8Array[] = [];
    for await (const chunk of await store.open("a.bin")) {
      const { buffer } = chunk;
      assert.ok(buffer instanceof ArrayBuffer);
      parts.push(structuredClone(chunk, { transfer: [buffer] }));
    }
    assert.ok(equal(concat(parts), bytes));
  });

  test("refuses a file whose version is not the one asked for", async ({ store, put }) => {
    await put("a.csv", text("one"));
    const { version } = await store.stat("a.csv");
    assert.equal(await readText(store, "a.csv", 0, version), "one");
    await put("a.csv", text("three"));
    await fails("data", undefined, () => readText(store, "a.csv", 0, version));
  });

  const more = noise(1024 * 1024 + 1);
  const changes: readonly [name: string, change: (peer: FilePeer, path: string) => Promise<unknown>][] = [
    ["is written anew", ({ put }, path) => put(path, more)],
    ["is replaced", ({ store }, path) => store.write(path, stream([more]))],
    ["is removed", async ({ store, put }, path) => {
      // A store that cannot remove need not notice it.
      await (store.remove?.(path) ?? put(path, more));
    }],
  ];
  for (const [name, change] of changes) {
    test(`fails a reading when its file ${name} meanwhile, before it gives the last bytes`, async (peer) => {
      for (const size of [0, 10, 1024 * 1024]) {
        await peer.put("a.bin", more.subarray(0, size));
        const reader = (await peer.store.open("a.bin")).getReader();
        let given = size > 10 ? (await reader.read()).value?.length ?? 0 : 0;
        await change(peer, "a.bin");
        await fails("data", undefined, async () => {
          for (let result = await reader.read(); !result.done; result = await reader.read()) {
            given += result.value.length;
          }
        }, '"a.bin" changed while it was read (');
        assert.ok(size === 0 || given < size, `${given} of ${size} bytes were given`);
      }
    });
  }

  test("fails a reading of a large file that changed soon, not only at its end", async ({ store, put }) => {
    const bytes = noise(20 * 1024 * 1024);
    await put("large.bin", bytes);
    const reader = (await store.open("large.bin")).getReader();
    let given = (await reader.read()).value?.length ?? 0;
    await put("large.bin", concat([bytes, bytes]));
    await fails("data", undefined, async () => {
      for (let result = await reader.read(); !result.done; result = await reader.read()) given += result.value.length;
    }, '"large.bin" changed while it was read (it had 20971520 bytes and has 41943040)');
    assert.ok(given <= 16 * 1024 * 1024, `${given} bytes were given`);
  });

  test("says not_found for what is not there", async ({ store, put }) => {
    await put("in/a.csv", text("x"));
    for (const path of ["b.csv", "in/b.csv", "no/a.csv", "in/a.csv/b"]) {
      await fails("config", "not_found", () => store.stat(path), path);
      await fails("config", "not_found", () => store.open(path), path);
    }
    await fails("config", "not_found", () => store.list("no"), "no");
  });

  test("says what is wrong when a folder is opened or a file is listed", async ({ store, put }) => {
    await put("in/a.csv", text("x"));
    await fails("config", undefined, () => readText(store, "in"), '"in" is a folder');
    await fails("config", undefined, () => store.list("in/a.csv"), "is not a folder");
    await fails("config", undefined, () => store.write("in", stream([text("x")])), '"in" is a folder');
    await fails("config", undefined, () => store.write("in/", stream([text("x")])), "does not name a file");
    await fails("config", undefined, () => store.stat("a\0b"), "NUL");
  });

  test("ends a listing and a reading when its signal is aborted", async ({ store, put }) => {
    await put("large.bin", noise(8 * 1024 * 1024));
    const aborted = AbortSignal.abort();
    await fails("cancelled", undefined, () => store.list("", { signal: aborted }));
    await fails("cancelled", undefined, () => store.stat("large.bin", { signal: aborted }));
    await fails("cancelled", undefined, () => store.open("large.bin", { signal: aborted }));
    await fails("cancelled", undefined, () => store.write("b", stream([text("x")]), { signal: aborted }));
    const controller = new AbortController();
    const reader = (await store.open("large.bin", { signal: controller.signal })).getReader();
    assert.equal((await reader.read()).done, false);
    controller.abort(new Failure("transient", "The server stops"));
    await fails("transient", undefined, async () => {
      for (let done = false; !done;) ({ done } = await reader.read());
    }, "The server stops");
    assert.equal((await store.stat("large.bin")).size, 8 * 1024 * 1024);
  });

  test("lets a reader stop early", async ({ store, put }) => {
    await put("large.bin", noise(8 * 1024 * 1024));
    const reader = (await store.open("large.bin")).getReader();
    assert.equal((await reader.read()).done, false);
    await reader.cancel();
    assert.equal((await store.stat("large.bin")).kind, "file");
  });

  test("writes a file, makes its folders, and says what it wrote", async ({ store }) => {
    const bytes = noise(3 * 1024 * 1024 + 7);
    const entry = await store.write("out/2026/é 😀.bin", stream(cut(bytes, 100_003)));
    assert.equal(entry.path, "out/2026/é 😀.bin");
    assert.equal(entry.size, bytes.length);
    assert.deepEqual(await store.stat(entry.path), entry);
    assert.ok(equal(await read(store, entry.path), bytes));
    assert.deepEqual(await names(store, "out/2026"), ["é 😀.bin"]);
    assert.equal((await store.write("empty.csv", stream([]))).size, 0);
    assert.equal((await store.write(`${"n".repeat(longestName - 4)}.csv`, stream([text("x")]))).size, 1);
  });

  test("shows a reader the old file until the new one is complete", async ({ store, put }) => {
    await put("a.csv", text("old"));
    const { writable, readable } = new TransformStream<Uint8Array, Uint8Array>();
    const writing = store.write("a.csv", readable);
    const writer = writable.getWriter();
    for (const part of cut(noise(1024 * 1024), 65_536)) await writer.write(part);
    assert.equal(await readText(store, "a.csv"), "old");
    await writer.close();
    assert.equal((await writing).size, 1024 * 1024);
    assert.equal((await read(store, "a.csv")).length, 1024 * 1024);
    assert.deepEqual(await names(store, ""), ["a.csv"]);
  });

  test("leaves nothing behind when the content fails", async ({ store, put }) => {
    await put("a.csv", text("old"));
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(noise(100_000));
        controller.error(new Failure("data", "The source broke"));
      },
    });
    await fails("data", undefined, () => store.write("a.csv", failing), "The source broke");
    assert.deepEqual(await names(store, ""), ["a.csv"]);
    assert.equal(await readText(store, "a.csv"), "old");
  });

  test("throws what its content throws, whatever that is", async ({ store, put }) => {
    await put("a.csv", text("old"));
    class Held extends Error {}
    const held = new Held("Somebody has to look at it first");
    let pulls = 0;
    const content = new ReadableStream<Uint8Array>({
      pull(controller) {
        // Some stores send what they have got by then.
        if (pulls++ < 9) controller.enqueue(noise(1024 * 1024));
        else controller.error(held);
      },
    });
    await assert.rejects(store.write("a.csv", content, { owner: "job1" }), (error) => error === held);
    assert.deepEqual(await names(store, ""), ["a.csv"]);
    assert.equal(await readText(store, "a.csv"), "old");
  });

  test("says that a folder is missing where it is not to make it", async ({ store, put }) => {
    await put("in/a.csv", text("x"));
    const write = (path: string) => store.write(path, stream([text("y")]), { makeFolders: false });
    assert.equal((await write("in/b.csv")).size, 1);
    assert.equal((await write("c.csv")).size, 1);
    if (!folders) return;
    for (const folder of ["no", "no/where", "in/no"]) {
      await fails("config", "not_found", () => write(`${folder}/b.csv`), `Folder "${folder}" that is to be written to`);
    }
    assert.deepEqual(await names(store, ""), ["c.csv", "in"]);
  });

  test("clears away what killed writers left, of one owner, where that is seen", async ({ store, put }) => {
    if (store.tidy === undefined) return;
    const others = [".a.csv.waybill-0123abcd.part", ".a.csv.waybill-job2-0123abcd.part", ".waybill-job1-0123abcd.part"];
    const kept = [...others, "a.csv", "b.csv", "x.part"].sort();
    for (const file of kept) await put(`out/${file}`, text(file));
    for (const random of ["0123abcd", "1123abcd"]) await put(`out/.a.csv.waybill-job1-${random}.part`, text("half"));
    await put("out/.b.csv.waybill-job1-0123abcd.old", text("replaced by now"));
    await put("out/.é c.csv.waybill-job1-0123abcd.old", text("never replaced"));
    await store.tidy("out", "job1");
    assert.deepEqual(await names(store, "out"), [...kept, "é c.csv"]);
    assert.equal(await readText(store, "out/é c.csv"), "never replaced");
    assert.equal(await readText(store, "out/b.csv"), "b.csv");
    await store.tidy("out", "job1");
    await store.tidy("nowhere", "job1");
    assert.deepEqual(await names(store, "out"), [...kept, "é c.csv"]);
  });

  test("leaves nothing behind when a write is aborted, and stops its source", async ({ store }) => {
    const controller = new AbortController();
    let cancelled: () => void = () => {};
    const stopped = new Promise<void>((resolve) => cancelled = resolve);
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(source) {
        // After some content the source falls silent: only the signal can end the write.
        if (pulls++ < 20) source.enqueue(noise(50_000));
        else controller.abort();
      },
      cancel: () => cancelled(),
    });
    await fails("cancelled", undefined, () => store.write("a.csv", endless, { signal: controller.signal }));
    await stopped;
    assert.deepEqual(await names(store, ""), []);
  });

  test("removes files, where it can", async ({ store, put }) => {
    if (store.remove === undefined) return;
    await put("in/a.csv", text("x"));
    await put("in/b.csv", text("x"));
    await store.remove("in/a.csv");
    assert.deepEqual(await names(store, "in"), ["b.csv"]);
    await fails("config", "not_found", () => Promise.resolve(store.remove?.("in/a.csv")));
    await fails("config", undefined, () => Promise.resolve(store.remove?.("in")), "is a folder");
    await store.remove("in/b.csv");
    assert.deepEqual(await store.list("in"), { entries: [] }, "the folder stays");
  });

  test("moves files, where it can, over others and into new folders", async ({ store, put }) => {
    if (store.move === undefined) return;
    await put("a.csv", text("a"));
    await put("b.csv", text("b"));
    await store.move("a.csv", "b.csv");
    assert.equal(await readText(store, "b.csv"), "a");
    await store.move("b.csv", "done/2026/b.csv");
    assert.equal(await readText(store, "done/2026/b.csv"), "a");
    assert.deepEqual(await names(store, ""), ["done"]);
    await store.move("done/2026/b.csv", "done/2027/b.csv");
    assert.deepEqual([await names(store, "done/2026"), await names(store, "done")], [[], ["2026", "2027"]]);
    await fails("config", "not_found", () => Promise.resolve(store.move?.("a.csv", "c.csv")), "a.csv");
  });
}
