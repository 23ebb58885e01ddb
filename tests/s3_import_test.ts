/** A dated sequence of files in a bucket is imported by the command line, each once, then moved or deleted. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as openpgp from "openpgp";
import { openS3Store, type S3Store } from "@waybill/waybill/files";
import { testCli } from "../cli/cli_testing.ts";
import { startS3 } from "../core/files/s3/s3_testing.ts";

const csv = (day: number) => `id,day\nc1,${day}\nc${day + 1},${day}\n`;

async function put(store: S3Store, path: string, content: string | Uint8Array): Promise<void> {
  await store.write(path, new Blob([content.slice()]).stream());
}

async function names(store: S3Store, folder: string): Promise<readonly string[]> {
  return (await store.list(folder)).entries.map(({ name }) => name);
}

for (const after of ["move", "delete"] as const) {
  Deno.test(`a dated sequence in a bucket is imported once; what is imported is then ${after}d`, async () => {
    await using server = await startS3();
    const { endpoint, bucket, accessKeyId, secretAccessKey } = server.options;
    const store = openS3Store(server.options);
    await using cli = await testCli();
    const file = async (name: string, content: string) => {
      await Deno.writeTextFile(join(cli.folder, name), content);
      return join(cli.folder, name);
    };
    const made = await openpgp.generateKey({ type: "curve25519", userIDs: { email: "ours@test.invalid" } });
    const message = await openpgp.encrypt({
      message: await openpgp.createMessage({ binary: gzipSync(csv(3)) }),
      encryptionKeys: await openpgp.readKey({ armoredKey: made.publicKey }),
      format: "binary",
    });
    await put(store, "outgoing/in/a_20260102.csv", csv(2));
    await put(store, "outgoing/in/a_20260101.csv.gz", gzipSync(csv(1)));
    await put(store, "outgoing/in/a_20260103.csv.gz.pgp", message);
    await put(store, "outgoing/in/b_20260101.csv", csv(9));

    const auth = ["--endpoint", endpoint, "--bucket", bucket, "--folder", "outgoing"]
      .concat("--access-key-id", accessKeyId, "--secret-access-key-file", await file("secret", secretAccessKey))
      .concat("--pgp-private-key-file", await file("pgp", made.privateKey));
    await cli.json("auth", "create", "s3", "--label", "bucket", ...auth);
    assert.equal((await cli.run(["auth", "check", "bucket"])).code, 0);
    const job = ["--label", "nightly", "--auth", "bucket", "--folder", "in", "--file", "a_20260101.csv.gz"]
      .concat("--prefix", "a_", "--stream", "people", "--identify-by", "id", "--settle-seconds", "0")
      .concat("--after-import", after, ...after === "move" ? ["--move-to", "done"] : []);
    await cli.json("job", "create", "csv-import", ...job);

    const first = await cli.json("run", "nightly");
    assert.deepEqual([first.status, first.read, first.profiles_created], ["succeeded", 6, 4], JSON.stringify(first));
    const { attributes } = await cli.json("profile", "get", "id", "c1") as { attributes: Record<string, unknown> };
    assert.equal(attributes.day, "3", "the files came in the order of their names' timestamps");
    assert.deepEqual(await names(store, "outgoing/in"), ["b_20260101.csv"]);
    const all = ["a_20260101.csv.gz", "a_20260102.csv", "a_20260103.csv.gz.pgp"];
    if (after === "move") assert.deepEqual(await names(store, "outgoing/done"), all);

    // A bucket has no folders of its own; the last file that goes leaves a mark: there is nothing new, and no fault.
    await store.remove("outgoing/in/b_20260101.csv");
    const second = await cli.run(["run", "nightly", "--json"]);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(JSON.parse(second.stdout).read, 0);
    await put(store, "outgoing/in/a_20260104.csv", csv(4));
    assert.equal((await cli.json("run", "nightly")).read, 2);
    assert.deepEqual(await names(store, "outgoing/in"), []);
    assert.equal((await cli.json("run", "nightly")).read, 0);
    assert.equal((await cli.json("stream", "show", "people")).events, 8);
    await store.close();
  });
}
