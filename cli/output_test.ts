import assert from "node:assert/strict";
import { caught } from "./cli_testing.ts";
import { Output } from "./output.ts";

function output(options: { json?: boolean; quiet?: boolean; color?: boolean; terminal?: boolean } = {}) {
  const { json = false, quiet = false, color, terminal = false } = options;
  const [stdout, stderr] = [caught(terminal), caught(terminal)];
  return { out: new Output(stdout, stderr, { json, quiet, color }), stdout, stderr };
}

Deno.test("a table aligns by columns of the screen, numbers to the right", () => {
  const { out, stdout } = output();
  out.table(["name", "rows", "note"], [["みどり", "1,000", "x"], ["ab", "7", "a\x1bb"], ["c", "12", null]]);
  assert.equal(
    stdout.text(),
    "name     rows  note\nみどり  1,000  x\nab          7  a\\u001bb\nc          12\n",
  );
});

Deno.test("a table looks at each cell once and is written at once, however many rows it has", () => {
  const { out, stdout } = output();
  let looks = 0;
  let writes = 0;
  const counting = new Output(
    { ...stdout, write: (content) => (writes++, stdout.write(content)) },
    out.stderr,
    out.options,
  );
  const cell = {
    get n() {
      looks++;
      return 1;
    },
  };
  counting.table(["a", "b"], Array.from({ length: 500 }, () => ["x", cell]));
  assert.equal(stdout.text().split("\n").length, 502);
  assert.deepEqual([looks, writes], [500, 1]);
});

Deno.test("a terminal's last column is cut to fit", () => {
  const { out, stdout } = output({ terminal: true, color: false });
  out.table(["a", "b"], [["x", "y".repeat(200)]]);
  assert.ok(stdout.text().split("\n").every((line) => line.length <= 80));
  assert.match(stdout.text(), /y…/);
});

Deno.test("JSON is one line, and one item a line for long lists", async () => {
  const { out, stdout } = output({ json: true });
  out.value({ a: [1] });
  await out.values((async function* () {
    yield 1;
    yield { b: "\n" };
  })());
  await out.values((async function* () {})());
  assert.equal(stdout.text(), '{"a":[1]}\n[1,\n{"b":"\\n"}]\n[]\n');
});

Deno.test("notes and hints go to standard error, and nowhere with --quiet or --json", () => {
  for (
    const [options, expected] of [[{}, "n\n\nNext:\n  c\ne\n"], [{ quiet: true }, "e\n"], [
      { json: true },
      "e\n",
    ]] as const
  ) {
    const { out, stdout, stderr } = output(options);
    out.note("n");
    out.next(["c"]);
    out.tell("e");
    assert.equal(stderr.text(), expected);
    assert.equal(stdout.text(), "");
  }
});

Deno.test("what is told stands above the live line, which is drawn again", () => {
  const { out, stderr } = output({ terminal: true, color: false });
  out.status("50 %");
  out.note("hello");
  out.status("");
  assert.equal(stderr.text(), "\r\x1b[K50 %\r\x1b[Khello\n50 %\r\x1b[K");
});

Deno.test("colours appear on terminals only, unless told otherwise", () => {
  assert.equal(output().out.data("red", "x"), "x");
  assert.equal(output({ terminal: true }).out.data("red", "x"), "\x1b[31mx\x1b[39m");
  assert.equal(output({ terminal: true, color: false }).out.data("red", "x"), "x");
  assert.equal(output({ color: true }).out.talk("red", "x"), "\x1b[31mx\x1b[39m");
});
