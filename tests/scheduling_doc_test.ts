/** The commands of docs/scheduling.md work as they stand, and its webhook's body is what is sent. */
import assert from "node:assert/strict";
import { testCli } from "../cli/cli_testing.ts";

const page = await Deno.readTextFile(new URL("../docs/scheduling.md", import.meta.url));

/** The commands of the page's blocks, as words. */
function commands(): string[][] {
  const blocks = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = ""]) => block.replaceAll("\\\n", " "));
  return blocks.flatMap((block) => block.trimEnd().split("\n")).map((line) => {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = ""]) => quoted ?? bare);
    assert.deepEqual(words.slice(0, 3), ["deno", "task", "waybill"], line);
    return words.slice(3);
  });
}

Deno.test("the commands of the page on schedules work as they stand", async () => {
  await using cli = await testCli();
  const given = commands();
  assert.ok(given.length >= 8);
  for (const words of given) {
    const { code, stderr } = await cli.run(words.map((word) => word === "/srv/partner" ? cli.folder : word));
    assert.equal(code, 0, `${words.join(" ")}\n${stderr}`);
  }
  const job = await cli.json("job", "show", "nightly");
  assert.ok(Array.isArray(job.next_runs) && job.next_runs.length === 5);
});

Deno.test("the page on schedules names every event", async () => {
  const source = await Deno.readTextFile(new URL("../core/database/tables/schedules.ts", import.meta.url));
  const [, events = ""] = /type NoticeEvent = (.*);/.exec(source) ?? [];
  const names = events.split(" | ").map((name) => name.replaceAll('"', ""));
  const told = [...page.matchAll(/^\| `([a-z]+_[a-z]+)` /gm)].map(([, name]) => name);
  assert.deepEqual(told.sort(), names.sort());
});
