import assert from "node:assert/strict";
import { type Choice, Failure, type FileStore, type ListOptions } from "@waybill/waybill";
import { memorySpool } from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { collectLog, type LogLine } from "@waybill/waybill/testing";
import { choices } from "./choices.ts";
import { csvImport, type CsvImportOptions } from "./mod.ts";

type Key = keyof typeof choices;

interface Listed {
  readonly choices: Choice[];
  readonly log: readonly LogLine[];
}

async function list(key: Key, files: FileStore, config: Partial<CsvImportOptions> = {}): Promise<Listed> {
  const { log, lines } = collectLog();
  const context = {
    config,
    connection: { files },
    query: "",
    after: undefined,
    spool: memorySpool(),
    signal: new AbortController().signal,
    log,
  };
  return { choices: await Array.fromAsync(choices[key].load(context)), log: lines };
}

async function values(key: Key, files: FileStore, config: Partial<CsvImportOptions> = {}): Promise<string[]> {
  return (await list(key, files, config)).choices.map(({ value }) => value);
}

/** A store that gives two entries a page, whatever is asked for. */
function inSmallPages(store: FileStore, denied?: string): FileStore {
  return {
    stat: (path, options) => store.stat(path, options),
    open: (path, options) => store.open(path, options),
    write: (path, content, options) => store.write(path, content, options),
    list: (folder: string, options?: ListOptions) => {
      if (folder === denied) throw new Failure("auth", `Access to "${folder}" is denied`, { code: "forbidden" });
      return store.list(folder, { ...options, limit: 2 });
    },
  };
}

const tree = memoryStore({
  "b.csv": "id\n1\n",
  "a.csv": "id\n1\n",
  ".part.csv": "",
  ".ssh/key": "",
  "in/c.csv": "",
  "in/2026/03/01/d.csv": "",
  "out/e.csv": "",
});

Deno.test("folders are listed three levels deep, each before its own", async () => {
  const expected = ["", "in", "in/2026", "in/2026/03", "out"];
  assert.deepEqual(await values("folder", tree), expected);
  assert.deepEqual(await values("folder", inSmallPages(tree)), expected);
});

Deno.test("a folder that may not be listed is a choice all the same, and the log tells", async () => {
  const { choices, log } = await list("folder", inSmallPages(tree, "in"));
  assert.deepEqual(choices.map(({ value }) => value), ["", "in", "out"]);
  assert.deepEqual(log.map(({ message }) => message), ['Folder "in" is left out: Access to "in" is denied']);
  await assert.rejects(list("folder", inSmallPages(tree, "")), { kind: "auth" });
});

Deno.test("files are listed by name over all pages, with size and date", async () => {
  const files = memoryStore(
    Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`f${at}.csv`, "x".repeat(1_500)])),
  );
  assert.deepEqual(await values("file", inSmallPages(files)), Array.from({ length: 9 }, (_, at) => `f${at}.csv`));
  const { choices } = await list("file", files);
  assert.match(choices[0]?.title ?? "", /^1\.5 KiB, \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
});

Deno.test("files of the chosen folder are named as the file option takes them", async () => {
  assert.deepEqual(await values("file", tree), ["a.csv", "b.csv"]);
  assert.deepEqual(await values("file", tree, { folder: "in" }), ["c.csv"]);
  await assert.rejects(values("file", tree, { folder: "gone" }), { kind: "config", code: "not_found" });
});

const people = memoryStore({
  "p.csv": "id;name;joined;seen;born\n" +
    "1;Ann;2026-03-01;03/04/2026;31/12/1980\n" +
    "2;Bob;2026-03-02;05/06/2026;30/11/1981\n" +
    "3;Cy;;;\n",
});

Deno.test("fields and identifying fields are the columns of the header, as they will be named", async () => {
  const config = { file: "p.csv", delimiter: ";" };
  assert.deepEqual(await values("fields", people, config), ["id", "name", "joined", "seen", "born"]);
  assert.deepEqual(await values("identify_by", people, config), ["id", "name", "joined", "seen", "born"]);
  const odd = memoryStore({ "a.csv": "id,id,\n1,2,3\n" });
  assert.deepEqual(await values("fields", odd, { file: "a.csv" }), ["id", "id_2", "column_3"]);
  await assert.rejects(values("fields", people, { file: "p.csv" }), { hint: 'Set the delimiter: `delimiter: ";"`' });
});

Deno.test("timestamp columns come first and tell how they parse", async () => {
  const config: Partial<CsvImportOptions> = { file: "p.csv", delimiter: ";" };
  assert.deepEqual((await list("timestamps", people, config)).choices, [
    { value: "joined", title: 'parses as auto: "2026-03-01" is 2026-03-01T00:00:00Z' },
    { value: "seen", title: 'parses as mdy or dmy: "03/04/2026" can be read both ways' },
    { value: "born", title: 'parses as dmy: "31/12/1980" is 1980-12-31T00:00:00Z' },
    { value: "id" },
    { value: "name" },
  ]);
  const chosen = await list("timestamps", people, {
    ...config,
    timestamp_format: "mdy",
    timestamp_zone: "America/New_York",
  });
  assert.deepEqual(chosen.choices[0], { value: "seen", title: 'parses as mdy: "03/04/2026" is 2026-03-04T05:00:00Z' });
});

Deno.test("every encoding and time zone offered is accepted by the configuration", async () => {
  for (const key of ["encoding", "timestamp_zone"] as const) {
    const offered = await values(key, tree);
    assert.ok(offered.length > 10);
    assert.equal(new Set(offered).size, offered.length);
    const schema = csvImport.config.shape[key];
    assert.deepEqual(offered.filter((value) => !schema.safeParse(value).success), []);
  }
  assert.equal((await values("timestamp_zone", tree))[0], "UTC");
});

Deno.test("fields of a file that takes too long to decrypt are to be named, not chosen", async () => {
  const context = {
    config: { file: "a.csv.pgp" },
    connection: {
      files: memoryStore({ "a.csv.pgp": "-----BEGIN PGP MESSAGE-----\n" }),
      decrypt: (_: AsyncIterable<Uint8Array>, { signal }: { readonly signal?: AbortSignal }): Promise<never> =>
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    },
    query: "",
    after: undefined,
    spool: memorySpool(),
    signal: new AbortController().signal,
    log: collectLog().log,
    patience: 10,
  };
  for (const key of ["fields", "timestamps", "members"] as const) {
    await assert.rejects(Array.fromAsync(choices[key].load(context)), {
      kind: "config",
      message: 'File "a.csv.pgp" was not decrypted within 0.01 seconds, and cannot be looked into',
      hint: "Give the names of its fields instead of choosing them from a list; a run takes the time that it needs",
    });
  }
});
