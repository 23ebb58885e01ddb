import assert from "node:assert/strict";
import { Failure, type FileStore } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";
import { confinedStore } from "./confined_store.ts";

/** The paths that come through to the store below, by every method. */
async function passed(folder: string, path: string): Promise<string[]> {
  const seen: string[] = [];
  const below = memoryStore({});
  const watched: FileStore = {
    list: (path) => (seen.push(path), Promise.resolve({ entries: [] })),
    stat: (path) => (seen.push(path), below.stat("")),
    open: (path) => (seen.push(path), Promise.resolve(new Blob([]).stream())),
    write: (path) => (seen.push(path), below.stat("")),
    remove: (path) => (seen.push(path), Promise.resolve()),
    move: (from, to) => (seen.push(from, to), Promise.resolve()),
  };
  const store = confinedStore(watched, folder);
  await store.list(path);
  await store.stat(path);
  await store.open(path);
  await store.write(path, new Blob([]).stream());
  await store.remove?.(path);
  await store.move?.(path, path);
  return [...new Set(seen)];
}

const INSIDE: readonly [folder: string, path: string, below: string][] = [
  ["in", "", ""],
  ["in", "a.csv", "a.csv"],
  ["in", "daily//./a.csv", "daily//./a.csv"],
  ["in", "daily/../a.csv", "a.csv"],
  ["in", "..a/b..csv", "..a/b..csv"],
  ["/srv/in", "/srv/in/a.csv", "/srv/in/a.csv"],
  ["/srv/in/", "/srv/in", "/srv/in"],
  ["/srv/../srv/in", "/srv/in/x/../a.csv", "/srv/in/a.csv"],
  ["/", "/srv/a.csv", "/srv/a.csv"],
  ["", "/srv/a.csv", "/srv/a.csv"],
  ["", "/../etc", "/etc"],
  ["", "a.csv", "a.csv"],
];

for (const [folder, path, below] of INSIDE) {
  Deno.test(`path "${path}" stays within the auth's folder "${folder}"`, async () => {
    assert.deepEqual(await passed(folder, path), [below]);
  });
}

const OUTSIDE: readonly [folder: string, path: string][] = [
  ["in", ".."],
  ["in", "../../etc/passwd"],
  ["in", "daily/../../in2"],
  ["in", "/srv/in/a.csv"],
  ["/srv/in", "../a.csv"],
  ["/srv/in", "/srv/in2/a.csv"],
  ["/srv/in", "/srv/in/../a.csv"],
  ["/srv/in", "/"],
  ["", "../other/a.csv"],
];

for (const [folder, path] of OUTSIDE) {
  Deno.test(`path "${path}" leads out of the auth's folder "${folder}" and is refused, whatever is done`, async () => {
    const store = confinedStore(memoryStore({ "a.csv": "" }), folder);
    const content = new Blob(["x"]).stream();
    const attempts: (() => Promise<unknown> | undefined)[] = [
      () => store.list(path),
      () => store.stat(path),
      () => store.open(path),
      () => store.write(path, content),
      () => store.remove?.(path),
      () => store.move?.("a.csv", path),
      () => store.move?.(path, "a.csv"),
    ];
    for (const attempt of attempts) {
      const error = await attempt()?.then(() => undefined, (error: unknown) => error);
      assert.ok(error instanceof Failure, `expected a Failure, got ${error}`);
      assert.deepEqual([error.kind, error.message.includes(`"${path}" leads out of`)], ["config", true]);
    }
    assert.equal((await content.getReader().read()).done, true);
  });
}
