/**
 * docs/writing-a-plugin.md does what it says: its code is put together, checked, tested and run by its own commands.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./support/home.ts";
import { runCli } from "./support/waybill_process.ts";

const PAGE = await Deno.readTextFile(new URL("../docs/writing-a-plugin.md", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The fenced blocks of one language. */
function blocks(language: string): string[] {
  return [...PAGE.matchAll(/^```(\S+).*\n([^]*?)^```$/gm)].filter(([, name]) => name === language)
    .map(([, , text = ""]) => text);
}

/** The blocks that begin with a comment that names `file`, one after the other. */
function fileOf(file: string): string {
  const parts = blocks("ts").filter((text) => text.startsWith(`// ${file}\n`));
  assert.notEqual(parts.length, 0, file);
  return parts.join("\n");
}

/** The page's files in a folder, with this checkout where it says one is. */
async function writeFiles(folder: string): Promise<void> {
  for (const file of ["acme.ts", "acme_test.ts"]) await Deno.writeTextFile(join(folder, file), fileOf(file));
  const [config = "{}"] = blocks("json");
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ ...JSON.parse(config), links: [ROOT] }));
  await Deno.writeTextFile(join(folder, "key.txt"), "secret-of-the-shop\n");
}

async function deno(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("deno", { args, cwd, env: { NO_COLOR: "1" } }).output();
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, printed);
  return printed;
}

Deno.test("the page's plugin is as short as the page says", () => {
  const lines = fileOf("acme.ts").split("\n").filter((line) => !/^ *(\/\/|import |title:|summary:|$)/.test(line));
  assert.ok(lines.length <= 42, `${lines.length} lines`);
  assert.match(PAGE, /in about 40 lines/);
});

Deno.test("the page's plugin type-checks, and passes the contract that the page gives it, in a folder of its own", async () => {
  await using folder = await temporaryFolder();
  await writeFiles(folder.path);
  assert.match(await deno(folder.path, "test", "--no-lock", "acme_test.ts"), /ok \| [1-9]\d* passed \| 0 failed/);
});

Deno.test("the page's commands import the shop's orders", async () => {
  await using folder = await temporaryFolder();
  await writeFiles(folder.path);
  const orders = Array.from({ length: 5 }, (_, index) => ({ order_id: `A-${index}`, email: `${index}@example.com` }));
  await using shop = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (request.headers.get("authorization") !== "Bearer secret-of-the-shop") {
      return new Response(null, { status: 401 });
    }
    const page = Number(new URL(request.url).searchParams.get("page"));
    return Response.json({ orders: orders.slice(2 * (page - 1), 2 * page) });
  });
  const commands = blocks("sh").join("").trim().split("\n");
  assert.equal(commands.length, 4);
  const outputs: string[] = [];
  for (const command of commands) {
    assert.match(command, /^deno task waybill /);
    const args = command.split(" ").slice(3).map((word) =>
      word.replace("https://acme.example.com", `http://127.0.0.1:${shop.addr.port}`)
        .replace(/^(\.\/acme\.ts|key\.txt)$/, (file) => join(folder.path, file))
    );
    const { code, stdout, stderr } = await runCli(join(folder.path, "home"), args);
    assert.equal(code, 0, `${command}\n${stderr}`);
    outputs.push(stdout);
  }
  const [, checked = "", ran = "", fields = ""] = outputs;
  assert.match(checked, /^ok +orders +The first page holds 2/);
  assert.match(ran, /accepted +5\n/);
  assert.match(ran, /profiles made +5\n/);
  assert.match(fields, /order_id +100 % +5 /);
});
