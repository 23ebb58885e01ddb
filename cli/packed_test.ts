import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { makeZip } from "../core/codecs/zip/zip_testing.ts";
import { testCli } from "./cli_testing.ts";

Deno.test("packed files of a folder are planned, imported and mended; of a damaged one nothing is stored", async () => {
  await using cli = await testCli();
  const folder = await Deno.makeTempDir();
  const packed = gzipSync("id,name\n" + Array.from({ length: 5_000 }, (_, id) => `${id},n${id * 7919}\n`).join(""));
  const archive = makeZip([
    { name: "b.csv", content: "name,id\nEve,5\nFay,6,x\n" },
    { name: "a.csv", content: "id,name\n3,Cy,x\n4,Dee\n" },
  ]);
  try {
    await Deno.writeFile(`${folder}/people.csv.gz`, packed);
    await Deno.writeFile(`${folder}/cut.csv.gz`, packed.subarray(0, -4));
    await Deno.writeFile(`${folder}/people.zip`, archive);
    await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", folder);
    const file = (name: string) => ["csv-import", "--file", name, "--stream", "people", "--identify-by", "id"];

    const cut = await cli.run(["run", ...file("cut.csv.gz")]);
    assert.equal(cut.code, 5);
    assert.match(cut.stderr, /File "cut\.csv\.gz" is no whole gzip file: it ends too early\n/);
    assert.equal((await cli.run(["stream", "show", "people"])).code, 3);

    const plan = await cli.json("job", "plan", ...file("people.zip"));
    assert.deepEqual(plan.facts, { ...plan.facts as object, format: "zip → CSV", members: ["a.csv", "b.csv"] });
    const first = await cli.json("run", ...file("people.csv.gz"));
    assert.deepEqual([first.status, first.accepted, first.bytes], ["succeeded", 5_000, packed.length]);
    const run = await cli.json("run", ...file("people.zip"));
    assert.deepEqual([run.status, run.accepted, run.rejected, run.bytes], ["succeeded", 2, 2, archive.length]);
    const rejects = await cli.run(["run", "rejects", String(run.id), "--as-csv"]);
    assert.equal(rejects.stdout, "id,name\n3,Cy,x\nname,id\nFay,6,x\n");
    assert.equal((await cli.json("stream", "show", "people")).events, 5_002);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${cli.folder}/home/work`)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
