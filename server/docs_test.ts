import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openTestServer } from "./server_testing.ts";

Deno.test("the docs page tells of every route", async () => {
  await using server = await openTestServer();
  const { text, headers } = await server.call("GET /docs", { token: null });
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
  for (const { name, path } of server.app.routes) {
    assert.ok(text.includes(`id="${name}"`), name);
    assert.ok(text.includes(`<code>${path}</code>`), path);
  }
});

Deno.test("the docs page loads nothing: no script, no resource, no address but its own", async () => {
  await using server = await openTestServer();
  const { text } = await server.call("GET /docs", { token: null });
  assert.doesNotMatch(text, /<(script|link|img|iframe|object|embed)\b|\bsrc=|@import|url\(/i);
  const addresses = [...text.matchAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<]*/gi)].map(([address]) => address);
  assert.deepEqual([...new Set(addresses)], ["http://waybill.test"]);
  for (const [, target] of text.matchAll(/href="([^"]*)"/g)) assert.match(target ?? "", /^(#|\/openapi\.json$)/);
});

Deno.test("the docs page's links lead to what is on it", async () => {
  await using server = await openTestServer();
  const { text } = await server.call("GET /docs", { token: null });
  const ids = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, id] of text.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.includes(id), id);
});

Deno.test("the docs page's policy allows its own style, and only that", async () => {
  await using server = await openTestServer();
  const { text, headers } = await server.call("GET /docs", { token: null });
  const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  assert.equal(
    headers.get("content-security-policy"),
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  assert.doesNotMatch(text, / style="/);
});

Deno.test("the docs page escapes the address that a caller made up", async () => {
  await using server = await openTestServer();
  const response = await server.app.fetch(new Request("http://a'b$(id)/docs"));
  assert.doesNotMatch(await response.text(), /a'b/);
});
