import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testCli } from "./cli_testing.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The exit code of a command, one of whose outputs nobody reads. */
async function codeOf(args: readonly string[], unread: "stdout" | "stderr"): Promise<number> {
  const command = new Deno.Command("deno", {
    args: ["task", "--quiet", "waybill", ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: unread === "stdout" ? "piped" : "null",
    stderr: unread === "stderr" ? "piped" : "null",
  });
  const child = command.spawn();
  await child[unread].cancel();
  return (await child.status).code;
}

Deno.test("who reads no errors, or no results, is told by the exit code nonetheless", async () => {
  await using cli = await testCli();
  const home = ["--home", `${cli.folder}/home`];
  await Deno.writeTextFile(`${cli.folder}/a.csv`, "id\n1\n");
  await cli.run(["auth", "create", "local-folder", "--label", "In", "--folder", cli.folder]);
  const job = ["--label", "Away", "--auth", "In", "--file", "a.csv", "--stream", "s"];
  const { code, stderr } = await cli.run(["job", "create", "csv-import", ...job]);
  assert.equal(code, 0, stderr);
  await Deno.remove(`${cli.folder}/a.csv`);
  assert.equal(await codeOf(["run", "list", "--nothing", ...home], "stderr"), 2);
  assert.equal(await codeOf(["run", "Away", ...home], "stderr"), 3);
  assert.equal(await codeOf(["run", "Away", ...home], "stdout"), 3);
  assert.equal(await codeOf(["run", "Away", "--json", ...home], "stdout"), 3);
  assert.equal(await codeOf(["run", "list", ...home], "stdout"), 0);
});
