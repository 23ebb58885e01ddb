import assert from "node:assert/strict";
import { type AuthContext, type CheckResult, Failure } from "@waybill/waybill";
import { collectLog } from "@waybill/waybill/testing";
import { localFolder } from "./local_folder.ts";

/** The results, and what was thrown after them. */
async function check(folder: string): Promise<[results: CheckResult[], thrown?: unknown]> {
  const context: AuthContext<{ folder: string }> = {
    label: "Files",
    config: localFolder.config.parse({ folder }),
    peer: { known: undefined, pin: () => Promise.resolve() },
    addresses: { allowPrivate: true },
    signal: new AbortController().signal,
    log: collectLog().log,
  };
  await using connection = await localFolder.connect(context);
  const results: CheckResult[] = [];
  try {
    for await (const result of localFolder.check(connection, context)) results.push(result);
  } catch (error) {
    return [results, error];
  }
  return [results];
}

Deno.test("a local folder is checked by listing it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.csv`, "id\n1\n");
    assert.deepEqual(await check(folder), [[
      { name: "folder", ok: true, detail: `Folder "${folder}" holds 1 entry` },
    ]]);
    await Deno.mkdir(`${folder}/sub`);
    assert.equal((await check(folder))[0][0]?.detail, `Folder "${folder}" holds 2 entries`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a local folder that is not there, or is a file, fails its check as a wrong configuration", async () => {
  const parent = await Deno.makeTempDir();
  try {
    const folder = `${parent}/missing`;
    const [results, thrown] = await check(folder);
    assert.deepEqual(results, [{
      name: "folder",
      ok: false,
      detail: `Folder "${folder}" does not exist`,
      hint: "Check the folder and the file name",
    }]);
    assert.ok(thrown instanceof Failure);
    assert.deepEqual([thrown.kind, thrown.code], ["config", "not_found"]);
    await Deno.writeTextFile(folder, "a file");
    const [[listed], notListed] = await check(folder);
    assert.equal(listed?.ok, false);
    assert.ok(notListed instanceof Failure && notListed.kind === "config", String(notListed));
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("a relative local folder is refused: it would depend on the working directory", () => {
  const parsed = localFolder.config.safeParse({ folder: "examples" });
  assert.match(parsed.error?.issues[0]?.message ?? "", /^must be an absolute path/);
});

Deno.test("a folder of this machine is for operators to choose", async () => {
  const config = localFolder.config.parse({ folder: "/srv/in" });
  const forbidden = (error: unknown) =>
    error instanceof Failure && error.kind === "auth" && error.code === "forbidden" &&
    error.message === 'Folder "/srv/in" of this machine can only be chosen by an operator';
  await localFolder.checkConfig?.(config, { allowPrivate: true });
  const addresses = { allowPrivate: false };
  await assert.rejects(async () => await localFolder.checkConfig?.(config, addresses), forbidden);
  const peer = { known: undefined, pin: () => Promise.resolve() };
  const { log } = collectLog();
  const context = { label: "Files", config, peer, addresses, signal: new AbortController().signal, log };
  await assert.rejects(localFolder.connect(context), forbidden);
});
