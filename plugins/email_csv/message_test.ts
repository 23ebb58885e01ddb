import assert from "node:assert/strict";
import { message, type MessageFacts } from "./message.ts";

const FACTS: MessageFacts = {
  url: "https://waybill.example.com/files/a/b/locals.csv?expires=1795379741&signature=v1.x",
  expiresAt: Date.UTC(2026, 10, 22, 20, 35, 41),
  timeZone: "Europe/Berlin",
  name: "locals.csv.gz",
  size: 1_234_567,
  audience: "Locals",
  rows: 12_345,
  columns: ["email", "first_name"],
  job: "weekly",
};

Deno.test("the mail has the link, what is in the file, and when the link ends, in the job's time zone", () => {
  const { subject, text, html } = message(FACTS);
  assert.equal(
    text,
    `The CSV file of the audience "Locals" is ready.

Download it here:

${FACTS.url}

The link works until 2026-11-22 21:35:41 +01:00 (Europe/Berlin).
Whoever has the link can fetch the file, without a password: pass it on with care.

file      locals.csv.gz (1.2 MB)
audience  Locals
rows      12,345
columns   2: email, first_name
job       weekly
`,
  );
  assert.equal(subject, "Your CSV file is ready");
  assert.ok(html?.includes(`<a href="${FACTS.url.replace("&", "&amp;")}">Download locals.csv.gz</a>`));
  assert.ok(html?.includes("2026-11-22 21:35:41 +01:00 (Europe/Berlin)"));
  for (const cell of ["Locals", "12,345", "2: email, first_name", "weekly"]) {
    assert.ok(html?.includes(`<td>${cell}</td>`), cell);
  }
});

Deno.test("names are text in the HTML, one line each in the text, and none of them is in the subject", () => {
  const hostile = '<script>alert("1")</script>\r\n&amp;';
  const { subject, text, html } = message({ ...FACTS, audience: hostile, columns: [hostile], job: hostile });
  assert.equal(subject, message(FACTS).subject);
  assert.doesNotMatch(html ?? "", /<script/);
  assert.match(html ?? "", /&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt; &amp;amp;/);
  assert.match(text, /^audience {2}<script>alert\("1"\)<\/script> &amp;$/m);
  assert.doesNotMatch(text, /\r/);
});

Deno.test("of many columns the first are named, and a run without a job names none", () => {
  const columns = Array.from({ length: 120 }, (_, index) => `c${index}`);
  const { text } = message({ ...FACTS, columns, job: undefined, size: 999, rows: 1 });
  assert.match(text, /^columns {3}120: c0, c1, .*, c39, and 80 more$/m);
  assert.match(text, /\(999 bytes\)/);
  assert.doesNotMatch(text, /^job/m);
  assert.match(message({ ...FACTS, size: 0 }).text, /\(0 bytes\)/);
});
