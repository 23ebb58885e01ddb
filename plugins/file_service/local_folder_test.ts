import assert from "node:assert/strict";
import type { AuthContext, CheckResult } from "@waybill/waybill";
import { collectLog } from "@waybill/waybill/testing";
import { localFolder } from "./local_folder.ts";

async function check(folder: string): Promise<CheckResult[]> {
  const context: AuthContext<{ folder: string }> = {
    label: "Files",
    config: localFolder.config.parse({ folder }),
    peer: { known: undefined, pin: () => Promise.resolve() },
    signal: new AbortController().signal,
    log: collectLog().log,
  };
  await using connection = await localFolder.connect(context);
  return await Array.fromAsync(localFolder.check(connection, context));
}

Deno.test("a local folder is checked by listing it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.csv`, "id\n1\n");
    assert.deepEqual(await check(folder), [
      { name: "folder", ok: true, detail: `Folder "${folder}" holds 1 entry` },
    ]);
    await Deno.mkdir(`${folder}/sub`);
    assert.equal((await check(folder))[0]?.detail, `Folder "${folder}" holds 2 entries`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a local folder that is not there fails its check and says so", async () => {
  const parent = await Deno.makeTempDir();
  try {
    const folder = `${parent}/missing`;
    assert.deepEqual(await check(folder), [{
      name: "folder",
      ok: false,
      detail: `Folder "${folder}" does not exist`,
      hint: "Check the folder and the file name",
    }]);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("a relative local folder is refused: it would depend on the working directory", () => {
  const parsed = localFolder.config.safeParse({ folder: "examples" });
  assert.match(parsed.error?.issues[0]?.message ?? "", /^must be an absolute path/);
});
