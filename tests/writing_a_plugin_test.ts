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

const FILES = ["acme.ts", "acme_test.ts", "newsletter.ts", "newsletter_test.ts"];

/** The page's files in a folder, with this checkout where it says one is. */
async function writeFiles(folder: string): Promise<void> {
  for (const file of FILES) await Deno.writeTextFile(join(folder, file), fileOf(file));
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

for (
  const [file, most, told] of [["acme.ts", 42, "in about 40 lines"], [
    "newsletter.ts",
    52,
    "in about 50 lines",
  ]] as const
) {
  Deno.test(`the page's ${file} is as short as the page says`, () => {
    const lines = fileOf(file).split("\n").filter((line) => !/^ *(\/\/|import |title:|summary:|$)/.test(line));
    assert.ok(lines.length <= most, `${lines.length} lines`);
    assert.match(PAGE, new RegExp(told));
  });
}

Deno.test("the page's plugins type-check, and pass the contracts that the page gives them, in a folder of their own", async () => {
  await using folder = await temporaryFolder();
  await writeFiles(folder.path);
  const tests = FILES.filter((file) => file.endsWith("_test.ts"));
  assert.match(await deno(folder.path, "test", "--no-lock", ...tests), /ok \| [1-9]\d* passed \| 0 failed/);
});

Deno.test("the page's commands import the shop's orders, and put their buyers into the newsletter", async () => {
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
  const people: unknown[] = [];
  await using news = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.headers.get("authorization") !== "Bearer secret-of-the-shop") {
      return new Response(null, { status: 401 });
    }
    people.push(...await request.json());
    return new Response(null, { status: 204 });
  });
  const commands = blocks("sh").join("").trim().split("\n");
  assert.equal(commands.length, 6);
  const outputs: string[] = [];
  for (const command of commands) {
    assert.match(command, /^deno task waybill /);
    const args = command.split(" ").slice(3).map((word) =>
      word.replace("https://acme.example.com", `http://127.0.0.1:${shop.addr.port}`)
        .replace("https://news.example.com", `http://127.0.0.1:${news.addr.port}`)
        .replace(/^(\.\/acme\.ts|\.\/newsletter\.ts|key\.txt)$/, (file) => join(folder.path, file))
    );
    const { code, stdout, stderr } = await runCli(join(folder.path, "home"), args);
    assert.equal(code, 0, `${command}\n${stderr}`);
    outputs.push(stdout);
  }
  const [, checked = "", ran = "", fields = "", , sent = ""] = outputs;
  assert.match(checked, /^ok +orders +The first page holds 2/);
  assert.match(ran, /accepted +5\n/);
  assert.match(ran, /profiles made +5\n/);
  assert.match(fields, /order_id +100 % +5 /);
  assert.match(sent, /profiles exported +5 /);
  assert.deepEqual(people, orders.map(({ email }, index) => ({ id: index + 1, fields: { email } })));
});
