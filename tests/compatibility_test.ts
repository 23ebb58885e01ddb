/** Every decision of docs/compatibility.md names a test that exists. */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

Deno.test("every decision in docs/compatibility.md names a test, and there is one of that name", async () => {
  const page = await Deno.readTextFile(new URL("docs/compatibility.md", root));
  const decisions = page.split("\n").filter((line) => line.startsWith("|") && !/^\| (-|matter )/.test(line));
  assert.ok(decisions.length > 0);
  for (const decision of decisions) {
    const [, path = "", name = ""] = /\| (\S+\.ts): "([^"]+)"\s*\|$/.exec(decision) ?? [];
    assert.notEqual(path, "", `No test is named in: ${decision}`);
    const text = await Deno.readTextFile(new URL(path, root));
    const tests = text.replaceAll(/\(\s+"/g, '("');
    const registered = [
      `test("${name}"`,
      `testWithHours("${name}"`,
      `onEachDatabase("${name}"`,
      `onEachContents("${name}"`,
      `name: "${name}"`,
    ];
    assert.ok(registered.some((start) => tests.includes(start)), `${path} has no "${name}"`);
  }
});
