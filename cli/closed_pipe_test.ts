import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
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

Deno.test("what is looked into, or replayed, is so to its end, though nobody reads what is printed before", async () => {
  await using cli = await testCli();
  const home = ["--home", `${cli.folder}/home`];
  await Deno.mkdir(`${cli.folder}/in`);
  await Deno.writeTextFile(`${cli.folder}/in/a.csv`, "id,name\n1,Ada\n");
  await cli.json("auth", "create", "local-folder", "--label", "In", "--folder", `${cli.folder}/in`);
  await cli.json("run", "csv-import", "--auth", "In", "--file", "a.csv", "--stream", "s", "--identify-by", "id");
  const { id } = await cli.json("mapping", "show", "s");
  const text = `${cli.folder}/s.lql`;
  await Deno.writeTextFile(text, "SELECT id, set(name) AS who FROM s INTO user BY id");
  assert.equal(await codeOf(["mapping", "update", String(id), "--file", text, ...home], "stdout"), 0);
  const runs = JSON.parse((await cli.run(["run", "list", "--json"])).stdout);
  assert.deepEqual(runs.map(({ status }: { readonly status: string }) => status), ["succeeded", "succeeded"]);

  await Deno.remove(`${cli.folder}/in`, { recursive: true });
  assert.equal(await codeOf(["auth", "check", "In", ...home], "stdout"), 3);
  assert.equal(await codeOf(["auth", "check", "In", "--json", ...home], "stdout"), 3);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.equal(await codeOf(["doctor", "--port", String(taken.addr.port), ...home], "stdout"), 1);
  using database = new DatabaseSync(`${cli.folder}/home/waybill.db`);
  database.exec("delete from audit_entries where sequence = 1");
  assert.equal(await codeOf(["audit", "verify", ...home], "stdout"), 5);
});
