import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../core/contracts/failure.ts";
import { readForm, textOf } from "./multipart.ts";

interface Read {
  readonly name: string;
  readonly filename: string | undefined;
  readonly text: string;
}

/** A source that gives bytes in pieces, and tells whether it was closed. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]) {
  let closed = false;
  async function* pieces() {
    try {
      for (let at = 0, piece = 0; at < bytes.length; piece++) {
        const size = sizes[piece % sizes.length]!;
        yield bytes.slice(at, at + size);
        at += size;
      }
    } finally {
      closed = true;
    }
  }
  return { source: pieces(), isClosed: () => closed };
}

async function readAll(body: string | Uint8Array, boundary = "b", sizes: readonly number[] = [1_000]): Promise<Read[]> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const found: Read[] = [];
  for await (const { name, filename, content } of readForm(inPieces(bytes, sizes).source, boundary)) {
    const text = await new Response(ReadableStream.from(content)).bytes();
    found.push({ name, filename, text: Buffer.from(text).toString("latin1") });
  }
  return found;
}

Deno.test("what a FormData holds is read as it was, however the bytes come in", async () => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // What looks like a boundary, in part or whole.
    fc.array(fc.constantFrom("\r", "\n", "-", "--", "\r\n--", "----formdata", "x"), { maxLength: 30 })
      .map((parts) => new TextEncoder().encode(parts.join(""))),
  );
  const name = fc.stringMatching(/^[a-z "%\\;=]{1,12}$/).filter((name) => !/%22|\\/.test(name));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ name, value }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
      async (fields, sizes) => {
        const form = new FormData();
        for (const { name, value } of fields) form.append(name, new Blob([value.slice()]), "a file.txt");
        const sent = new Response(form);
        const [, boundary = ""] = /boundary=(.*)$/.exec(sent.headers.get("content-type") ?? "") ?? [];
        const read = await readAll(await sent.bytes(), boundary, sizes);
        const expected = fields.map(({ name, value }) => ({
          name,
          filename: "a file.txt",
          text: Buffer.from(value).toString("latin1"),
        }));
        assert.deepEqual(read, expected);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("preamble, blanks behind boundaries, epilogue, plain and escaped names are read", async () => {
  const body = "over\r\n--b  \r\nX-Other: 1\r\nCONTENT-DISPOSITION: form-data; name=plain\r\n\r\none\r\n" +
    '--b\r\nContent-Disposition: form-data; name="a \\"quoted\\" one"; filename=""\r\n\r\n\r\n--b--\r\nleft over';
  for (const sizes of [[1], [7], [1_000]]) {
    assert.deepEqual(await readAll(body, "b", sizes), [
      { name: "plain", filename: undefined, text: "one" },
      { name: 'a "quoted" one', filename: "", text: "" },
    ]);
  }
  assert.deepEqual(await readAll("--b--\r\n"), []);
});

Deno.test("what is no form says why", async () => {
  const part = '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n';
  const wrong: readonly (readonly [body: string, message: RegExp])[] = [
    ["", /ended before it was whole/],
    ["nothing of the kind", /ended before it was whole/],
    [part, /ended before it was whole/],
    ["--b\r\nContent-Disposition: form-data; na", /ended before it was whole/],
    [`${part}--b`, /ended before it was whole/],
    ["--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--\r\n", /a part has no name/],
    ["--bx\r\n\r\n1\r\n--b--\r\n", /something stands behind a boundary/],
    [`--b\r\nX: ${"x".repeat(20_000)}\r\n\r\n1\r\n--b--\r\n`, /headers of a part are too long/],
    [`--b\r\n${"X: 1\r\n".repeat(9_000)}\r\n1\r\n--b--\r\n`, /headers of a part are too long/],
    [`${part.repeat(101)}--b--\r\n`, /more than 100 parts/],
  ];
  for (const [body, message] of wrong) {
    for (const sizes of [[1], [100_000]]) {
      await assert.rejects(
        readAll(body, "b", sizes),
        (error) => error instanceof Failure && message.test(error.message),
      );
    }
  }
});

Deno.test("a parameter is UTF-8, without U+0000, which no database stores", async () => {
  for (const [value, message] of [["\xff", /"x" is not UTF-8/], ["a\0b", /"x" holds U\+0000/]] as const) {
    const body = `--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n${value}\r\n--b--\r\n`;
    const { source } = inPieces(Buffer.from(body, "latin1"), [10]);
    for await (const part of readForm(source, "b")) {
      await assert.rejects(textOf(part, 100), (error) => error instanceof Failure && message.test(error.message));
      break;
    }
  }
});

Deno.test("parts that nobody reads are passed over, and the source is closed when nobody wants more", async () => {
  const body = ["one", "two", "three"].map((name) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${"x".repeat(1_000)}\r\n`
  ).join("");
  const { source, isClosed } = inPieces(new TextEncoder().encode(`${body}--b--\r\n`), [10]);
  const names: string[] = [];
  for await (const part of readForm(source, "b")) {
    names.push(part.name);
    if (part.name === "one") await assert.rejects(textOf(part, 999), /"one" is longer than 999 bytes/);
    if (names.length === 2) break;
  }
  assert.deepEqual([names, isClosed()], [["one", "two"], true]);
});
